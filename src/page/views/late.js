/**
 * Views that few come for. Their files are fetched when the first of them is shown.
 */

import { t } from '../texts/en.js';

/** @typedef {import('./all.js').View} View */
/** @typedef {Pick<View, 'name' | 'key' | 'menu' | 'path'>} Head */

/** After so long a file is asked for again that did not come. */
const AGAIN_MS = 2000;

/**
 * Stands for a view until its file is here, and becomes it then.
 *
 * @param {Head} head as the view has it
 * @param {() => Promise<{views: View[]}>} load the file with all views of this kind
 * @returns {View}
 */
export function late(head, load) {
  let isAsked = false;
  /** @type {View} */
  const view = {
    ...head,
    title: () => t.titles.admin,
    watch: () => ({}),
    show: ({ change }) => {
      if (isAsked) return null;
      isAsked = true;
      load().then(
        ({ views }) => {
          Object.assign(
            view,
            views.find(({ name }) => name === head.name),
          );
          change({});
        },
        () =>
          setTimeout(() => {
            isAsked = false;
            change({});
          }, AGAIN_MS),
      );
      return null;
    },
  };
  return view;
}
