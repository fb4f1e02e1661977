/** One message where it is: what it says, how it came there, what can be done with it. */

import { get } from '../api.js';
import { ofMessage, oneOf } from '../data/browse.js';
import { anew } from '../data/values.js';
import { button, link } from '../parts/bits.js';
import { octetsOf } from '../parts/body.js';
import { showCommand } from '../parts/copy.js';
import { note } from '../parts/dialog.js';
import { h } from '../parts/draw.js';
import { count } from '../parts/format.js';
import { marksOf, messageView } from '../parts/message.js';
import { hash } from '../parts/place.js';
import { publishForm } from '../parts/publish.js';
import { t } from '../texts/en.js';
import { drop, move, requeue } from './queue/deeds.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {import('./all.js').Context} Context */
/** @typedef {import('../parts/message.js').Message} Message */

/** It does not change; whether it is there is looked at so often, in seconds. */
const STILL_S = 2;

/** Of AMQP, usually. */
const PORT = 5672;
/** The API shows so many octets of a body. */
const SAVED_MAX = 8 * 1024 * 1024;

/** The one that was shown last: it can be read on when it was taken. @type {Message | undefined} */
let kept;

/** @type {View} */
export const message = {
  name: 'message',
  path: ['queues', null, null, 'messages', null],
  title: ({ parts }) => t.messagePage.title(parts[2]),
  watch: ({ parts, query }) => {
    const [, vhost, name, , from] = parts;
    const path = oneOf({ vhost, name }, from, query);
    return {
      messages: { path, every: STILL_S },
      overview: { path: '/overview?columns=listeners', every: 3600, isOptional: true },
    };
  },
  show: (context) => {
    const { parts, query } = context.at;
    const [, vhost, name, , from] = parts;
    const { messages } = context.got.messages;
    /** @type {Message | undefined} */
    const there = messages.find((/** @type {Message} */ one) => one.from === from);
    const next = messages.find((/** @type {Message} */ one) => one !== there)?.from;
    if (there) kept = there;
    const shown = there ?? (kept?.from === from ? kept : undefined);
    const back = hash(['queues', vhost, name], { find: query.find, state: query.state });
    return [
      h(
        'header',
        { class: 'headline' },
        h(
          'p',
          { class: 'trail' },
          link(hash(['queues']), t.titles.queues),
          ' › ',
          link(back, name),
        ),
        h(
          'h1',
          {},
          shown ? t.messagePage.number(count(shown.position)) : t.messagePage.gone,
          h('span', { class: 'marks' }, shown && marksOf(shown)),
        ),
        h(
          'div',
          { class: 'bar' },
          h(
            'p',
            { class: there ? 'quiet' : 'trouble', role: 'status' },
            there ? t.waiting.untouched : t.messagePage.goneAbout,
          ),
          shown && actions(shown, there !== undefined, back, next, context),
        ),
      ),
      shown && messageView(shown),
    ];
  },
};

/**
 * @param {Message} shown
 * @param {boolean} isThere
 * @param {string} back
 * @param {string | undefined} next
 * @param {Context} context
 */
function actions(shown, isThere, back, next, { at, got, go }) {
  const words = t.messagePage;
  const [, vhost, name] = at.parts;
  const { exchange, routing_key, payload, payload_encoding, position, payload_bytes } = shown;
  const properties = anew(shown.properties);
  const draft = { exchange, routing_key, properties, payload, payload_encoding };
  const queue = /** @type {import('../data/queues.js').Queue} */ (
    /** @type {unknown} */ ({ vhost, name })
  );
  const isReady = at.query.state !== 'unacked';
  const which = { positions: [position] };
  const done = () => go(back);
  const isCut = payload_bytes > lengthOf(shown);
  const about = isCut ? words.cut : undefined;
  return h(
    'div',
    { class: 'actions' },
    button(words.save, () => save(queue, shown, at.query), { disabled: !isThere }),
    button(words.copy, () => showCommand({ vhost, ...draft }, portOf(got.overview)), {
      disabled: isCut,
      title: about,
    }),
    button(words.again, () => publishForm({ vhost, draft }), { disabled: isCut, title: about }),
    isReady && [
      button(t.deeds.requeue, () => requeue(queue, which, done), { disabled: !isThere }),
      button(t.deeds.move, () => void move(queue, which, done), { disabled: !isThere }),
      button(t.deeds.drop, () => drop(queue, which, done), {
        disabled: !isThere,
        class: 'danger',
      }),
    ],
    button(words.next, () => next && go(ofMessage(queue, next, at.query)), { disabled: !next }),
  );
}

/**
 * Where AMQP is spoken; some users are not told.
 *
 * @param {{listeners?: {protocol: string, port: number}[]} | undefined} overview
 */
function portOf(overview) {
  const found = overview?.listeners?.find(({ protocol }) => protocol === 'amqp');
  return found?.port ?? PORT;
}

/**
 * Saves the whole body as a file.
 *
 * @param {{vhost: string, name: string}} queue
 * @param {Message} message
 * @param {Record<string, string>} query
 */
async function save(queue, { from, position }, query) {
  try {
    const { messages } = await get(oneOf(queue, from, query, SAVED_MAX));
    const whole = messages.find((/** @type {Message} */ one) => one.from === from);
    if (!whole) return note(t.messagePage.goneAbout);
    if (lengthOf(whole) < whole.payload_bytes) return note(t.messagePage.tooLong);
    const url = URL.createObjectURL(new Blob([octetsOf(whole)]));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = `${queue.name}-${position}`.replace(/[^\w.-]/g, '_');
    anchor.click();
    URL.revokeObjectURL(url);
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
  }
}

/** @param {Message} message octets of the body that came */
function lengthOf(message) {
  return octetsOf(message).length;
}
