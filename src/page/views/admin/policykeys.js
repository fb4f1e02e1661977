/** The keys of a policy as fields: what each means, its unit, and what may be added. */

import { keyOf, offered, read, written } from '../../data/policykeys.js';
import { act, entry, field, select } from '../../parts/grid.js';
import { h } from '../../parts/draw.js';
import { t } from '../../texts/en.js';

/** @typedef {import('../../data/policykeys.js').Key} Key */

/**
 * @param {{target: string, definition: Record<string, string>}} draft
 * @param {boolean} isOperator
 * @param {(definition: Record<string, string>) => void} edit
 */
export function keyFields({ target, definition }, isOperator, edit) {
  const words = t.policies;
  const more = offered({ target, isOperator, definition });
  const groups = [...new Set(more.map(({ group }) => group))];
  const add = (/** @type {Event} */ event) => {
    const choice = /** @type {HTMLSelectElement} */ (event.target);
    const name = choice.value;
    choice.value = '';
    if (name === '') return;
    edit({ ...definition, [name]: keyOf(name)?.words?.[0] ?? '' });
    // Drawn by then.
    setTimeout(() => document.getElementById(`key-${name}`)?.focus());
  };
  return h(
    'fieldset',
    { key: 'keys' },
    h('legend', {}, words.definition),
    Object.entries(definition).map(([name, text]) =>
      oneKey(
        name,
        text,
        isOperator,
        (value) => edit({ ...definition, [name]: value }),
        () => {
          const { [name]: _gone, ...rest } = definition;
          edit(rest);
          document.getElementById('policy-add')?.focus();
        },
      ),
    ),
    field(
      'policy-add',
      words.addKey,
      h(
        'select',
        { id: 'policy-add', onchange: add, 'aria-describedby': 'policy-add-hint' },
        h('option', { value: '', key: '' }, words.choose),
        groups.map((group) =>
          h(
            'optgroup',
            { label: words.groups[group], key: `group ${group}` },
            more
              .filter((one) => one.group === group)
              .map(({ name }) =>
                h('option', { value: name, key: name }, `${name} · ${words.keys[name][0]}`),
              ),
          ),
        ),
      ),
      words.addHint,
    ),
  );
}

/**
 * @param {string} name
 * @param {string} text
 * @param {boolean} isOperator
 * @param {(text: string) => void} set
 * @param {() => void} remove
 */
function oneKey(name, text, isOperator, set, remove) {
  const words = t.policies;
  const key = keyOf(name);
  const id = `key-${name}`;
  const { value, wrong } = read(name, text);
  const [title, about] = words.keys[name] ?? [name, ''];
  const said =
    typeof value === 'number' && key?.form !== 'number' ? ` = ${written(name, value)}` : '';
  const unit = key && words.forms[key.form];
  const isForeign = isOperator && key !== undefined && !key.isShared;
  return h(
    'div',
    { class: 'key', key: name },
    field(
      id,
      name,
      h(
        'div',
        { class: 'bar' },
        key?.words
          ? select(
              id,
              text,
              key.words.map((word) => [word, word]),
              set,
              described(id),
            )
          : entry(id, text, set, {
              ...described(id),
              inputmode:
                key && ['number', 'time', 'bytes'].includes(key.form) ? 'numeric' : undefined,
              'aria-invalid': wrong ? 'true' : undefined,
            }),
        unit && h('span', { class: 'quiet' }, unit, said),
        act(words.removeKey, name, remove),
      ),
      [title, about].filter(Boolean).join('. '),
      isForeign ? words.notShared : wrong,
    ),
  );
}

/** @param {string} id */
function described(id) {
  return { 'aria-describedby': `${id}-hint` };
}
