/** The two plots of what holds messages: how many there are, and how they move. */

import { count, rate } from './format.js';
import { lengths, plot, speeds } from './plot.js';
import { t } from '../texts/en.js';

/**
 * @param {Record<string, any>} totals has `messages_ready_details` and the like
 * @param {Record<string, any>} stats `message_stats` of the same answer
 * @param {number} seconds shown
 */
export function flow(totals, stats, seconds) {
  const words = t.flow;
  const span = seconds * 1000;
  return [
    plot({
      label: words.backlog,
      unit: (value) => count(value),
      span,
      lines: [
        { name: words.ready, tone: 'one', points: lengths(totals.messages_ready_details) },
        {
          name: words.unacked,
          tone: 'two',
          points: lengths(totals.messages_unacknowledged_details),
        },
      ],
    }),
    plot({
      label: words.rates,
      unit: (value) => rate(value),
      span,
      lines: [
        { name: words.published, tone: 'one', points: speeds(stats.publish_details) },
        { name: words.delivered, tone: 'two', points: speeds(stats.deliver_get_details) },
        { name: words.acked, tone: 'three', points: speeds(stats.ack_details) },
      ],
    }),
  ];
}
