/** Where the broker listens, with which certificates, and what its health checks say. */

import { Refused, get, path } from '../../api.js';
import { has } from '../../data/rights.js';
import { badge } from '../../parts/bits.js';
import { h } from '../../parts/draw.js';
import { count } from '../../parts/format.js';
import { grid } from '../../parts/grid.js';
import { lookup } from '../../parts/lookup.js';
import { t } from '../../texts/en.js';
import { mono, notYours, page } from './frame.js';

/** @typedef {import('../all.js').View} View */
/** @typedef {import('../all.js').Context} Context */

/** Checks of the broker as a whole. */
const CHECKS = [
  'alarms',
  'virtual-hosts',
  'below-node-connection-limit',
  'ready-to-serve-clients',
  'is-in-service',
  'node-is-quorum-critical',
  'certificate-expiration/1/months',
];

/** @type {View} */
export const listeners = {
  name: 'listeners',
  menu: 'admin',
  path: ['listeners'],
  title: () => t.admin.sections.listeners,
  watch: (_at, got, user) => ({
    overview: { path: '/overview', every: 2 },
    ...(has(user, 'administrator') &&
      got.overview && {
        attempts: { path: path`/auth/attempts/${got.overview.node}`, every: 2, isOptional: true },
      }),
  }),
  show: (context) => {
    const { got, user } = context;
    const words = t.listeners;
    const head = {
      section: /** @type {'listeners'} */ ('listeners'),
      title: t.admin.sections.listeners,
      about: words.about,
    };
    return page(context, head, () => [
      has(user, 'monitoring') ? table(got.overview.listeners ?? []) : notYours(words.notYours),
      certificates(got.overview.listeners ?? []),
      checks(),
      got.attempts && attempts(got.attempts),
    ]);
  },
};

/** @param {any[]} all */
function table(all) {
  const words = t.listeners;
  return grid({
    title: words.listening,
    heads: [words.protocol, words.address, `#${words.port}`, words.secret],
    rows: all.map(({ protocol, ip_address: address, port, tls }) => ({
      key: `${protocol} ${address} ${port}`,
      cells: [
        words.protocols[protocol] ?? protocol,
        address === '::' || address === '0.0.0.0' ? words.everywhere : mono(address),
        String(port),
        tls ? badge('good', words.tls) : words.plain,
      ],
    })),
    empty: words.none,
  });
}

/** @param {any[]} all */
function certificates(all) {
  const words = t.listeners;
  const secret = all.filter(({ tls }) => tls);
  return h(
    'section',
    { class: 'card', key: 'certificates' },
    h('h2', {}, words.certificates),
    h(
      'p',
      {},
      secret.length === 0
        ? words.noCertificates
        : words.secretPorts(secret.map(({ port }) => String(port))),
    ),
  );
}

function checks() {
  const words = t.listeners;
  /** @returns {Promise<[string, string | undefined][]>} */
  const ask = () =>
    Promise.all(
      CHECKS.map(async (name) => {
        try {
          await get(`/health/checks/${name}`);
          return /** @type {[string, string | undefined]} */ ([name, undefined]);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          return /** @type {[string, string | undefined]} */ ([name, error.reason]);
        }
      }),
    );
  /** @param {{answer?: [string, string | undefined][], problem?: string}} said */
  const show = ({ answer, problem }) =>
    grid({
      title: words.checks,
      about: problem ?? words.checksAbout,
      heads: [words.check, words.result, words.reason],
      rows: CHECKS.map((name) => {
        const found = answer?.find(([one]) => one === name);
        const isWell = found && found[1] === undefined;
        return {
          key: name,
          cells: [
            words.names[name],
            found ? badge(isWell ? 'good' : 'bad', isWell ? words.well : words.ill) : t.none,
            found?.[1] ?? '',
          ],
        };
      }),
      empty: '',
    });
  return lookup({ key: 'checks', ask, every: 5, show });
}

/** @param {any[]} all */
function attempts(all) {
  const words = t.listeners;
  return grid({
    title: words.logins,
    about: words.loginsAbout,
    heads: [words.protocol, `#${words.tried}`, `#${words.succeeded}`, `#${words.refused}`],
    rows: all.map((one) => ({
      key: one.protocol,
      cells: [
        words.protocols[one.protocol] ?? one.protocol,
        count(one.auth_attempts),
        count(one.auth_attempts_succeeded),
        count(one.auth_attempts_failed),
      ],
    })),
    empty: words.noLogins,
  });
}
