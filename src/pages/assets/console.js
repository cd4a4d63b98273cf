import { send, takeCredential } from './caller.js';
import { chart } from './chart.js';
import { byId, element, problemElement } from './elements.js';
import { metricSamples, quantile, sumBy } from './metrics-text.js';

/* The console: /status and /metrics of this instance, asked for every few seconds. */

/**
 * @typedef {import('./metrics-text.js').Sample} Sample
 * @typedef {{ state: string, expiresInSeconds?: number, lastProblem?: string }} TokenStatus
 * @typedef {{ name: string, kind: string, running: number, breaker?: string, closedForSeconds?: number,
 *   token?: TokenStatus | null }} ServiceStatus
 * @typedef {{ state: string, configuredAt?: string, running: number, store: { kind: string, state?: string },
 *   services: ServiceStatus[] }} Status
 * @typedef {{ atMs: number, requests: number, buckets: Map<string, number>, problems: Map<string, number>,
 *   callers: Map<string, number> }} Measurement
 */

const REFRESH_MS = 5000;
/** How many measurements the charts hold: five minutes. */
const MOST = 60;
/** How many of them make a minute. */
const MINUTE = 12;

/** @type {Measurement[]} */
let measurements = [];

/**
 * When a problem last came, by service and code, as far as this page has seen it.
 *
 * @type {Map<string, Date>}
 */
const lastSeen = new Map();

/**
 * What to check, by code.
 *
 * @type {Map<string, string>}
 */
const checks = new Map();

let isPaused = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

byId('credential', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  takeCredential();
  measurements = [];
  byId('state', HTMLElement).replaceChildren('Loading …');
  void refresh();
});

byId('pause', HTMLButtonElement).addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause', HTMLButtonElement).textContent = isPaused ? 'Go on' : 'Pause';
  if (!isPaused) void refresh();
});

/** Asks once, and again after a while. */
async function refresh() {
  clearTimeout(timer);
  const isOpen = await look();
  if (isOpen && !isPaused) timer = setTimeout(() => void refresh(), REFRESH_MS);
}

/** @returns {Promise<boolean>} whether there is more to come */
async function look() {
  if (document.hidden && measurements.length > 0) return true;
  try {
    const response = await send('/status');
    if (!response.ok) {
      say(problemElement(await response.json()));
      return response.status >= 429;
    }
    showStatus(/** @type {Status} */ (await response.json()));
    await showMetrics();
    say('');
    return true;
  } catch {
    say('No answer came: the connection broke, or the server is away. Trying again.');
    return true;
  }
}

/**
 * Tells what is wrong, once: the same text again would be read aloud again.
 *
 * @param {Node | string} message
 */
function say(message) {
  const state = byId('state', HTMLElement);
  const text = typeof message === 'string' ? message : message.textContent;
  if (state.textContent !== text) state.replaceChildren(message);
}

/** @param {Status} status */
function showStatus({ state, configuredAt, running, store, services }) {
  byId('facts', HTMLElement).hidden = false;
  byId('pause', HTMLButtonElement).hidden = false;
  const facts = {
    State: state,
    'Configuration of': configuredAt === undefined ? '' : new Date(configuredAt).toLocaleString(),
    'Requests under way': String(running),
    'State is kept in': store.kind === 'redis' ? `Redis (${store.state ?? 'unknown'})` : 'the memory of this instance',
  };
  byId('instance', HTMLElement).replaceChildren(
    ...Object.entries(facts).flatMap(([name, fact]) => [element('dt', {}, name), element('dd', {}, fact)]),
  );
  fill(
    'services',
    services.map(({ name, kind, running: ofService, breaker, closedForSeconds = 0, token }) =>
      row(
        name,
        kind,
        String(ofService),
        closedForSeconds > 0 ? `not for ${Math.ceil(closedForSeconds)} s` : (breaker ?? 'yes').replace('closed', 'yes'),
        tokenText(token),
        token?.lastProblem === undefined ? '' : problemLink(token.lastProblem),
      ),
    ),
  );
}

/** @param {TokenStatus | null | undefined} token */
function tokenText(token) {
  if (!token) return 'needs none';
  const { state, expiresInSeconds } = token;
  if (expiresInSeconds === undefined) return state;
  const minutes = Math.floor(expiresInSeconds / 60);
  return `${state}, for ${minutes > 0 ? `${minutes} min` : `${Math.floor(expiresInSeconds)} s`} more`;
}

async function showMetrics() {
  const response = await send('/metrics');
  const notice = byId('no-metrics', HTMLElement);
  notice.hidden = response.ok;
  if (!response.ok) {
    notice.replaceChildren('Charts, problems and callers need a key that is granted GET /metrics as well.');
    return;
  }
  measurements = [...measurements, measurementOf(metricSamples(await response.text()))].slice(-MOST);
  const [before, now] = measurements.slice(-2);
  if (now && before) for (const key of grown(before.problems, now.problems)) lastSeen.set(key, new Date());
  showCharts();
  await showProblems();
  showCallers();
}

/**
 * Only requests that reached a service count: those of this page do not.
 *
 * @param {Sample[]} samples
 * @returns {Measurement}
 */
function measurementOf(samples) {
  const requests = sumBy(samples, 'flowgate_requests_total', ({ service }) => (service === '' ? undefined : 'all'));
  const isApi = (/** @type {Record<string, string>} */ { service, le }) => (service === '' ? undefined : le);
  return {
    atMs: performance.now(),
    requests: requests.get('all') ?? 0,
    buckets: sumBy(samples, 'flowgate_request_duration_seconds_bucket', isApi),
    problems: sumBy(samples, 'flowgate_problems_total', ({ service = '', code = '' }) => `${service} ${code}`),
    callers: sumBy(samples, 'flowgate_caller_requests_total', ({ caller }) => caller),
  };
}

/**
 * @param {Map<string, number>} before
 * @param {Map<string, number>} now
 */
function grown(before, now) {
  return [...now].filter(([key, count]) => count > (before.get(key) ?? 0)).map(([key]) => key);
}

function showCharts() {
  const pairs = measurements.slice(1).map((now, at) => ({ now, before: measurements[at] ?? now }));
  const rates = pairs.map(({ now, before }) => (1000 * (now.requests - before.requests)) / (now.atMs - before.atMs));
  const latencies = (/** @type {number} */ share) =>
    pairs.map(({ now, before }) => {
      const since = [...now.buckets].map(
        ([le, count]) => /** @type {const} */ ([le, count - (before.buckets.get(le) ?? 0)]),
      );
      return quantile(new Map(since), share);
    });
  const seconds = (/** @type {number} */ value) => `${Math.round(value * 1000)} ms`;
  byId('charts', HTMLElement).replaceChildren(
    chart('Requests per second', rates, MOST - 1, (value) => value.toFixed(1)),
    chart('Median duration', latencies(0.5), MOST - 1, seconds),
    chart('95th percentile of durations', latencies(0.95), MOST - 1, seconds),
  );
}

/** The problems so far, those that came last first, each with what to check. */
async function showProblems() {
  const problems = [...(measurements.at(-1)?.problems ?? [])].filter(([, count]) => count > 0);
  problems.sort(([one], [other]) => (lastSeen.get(other)?.getTime() ?? 0) - (lastSeen.get(one)?.getTime() ?? 0));
  byId('no-problems', HTMLElement).hidden = problems.length > 0;
  await Promise.all(problems.map(([key]) => learnChecks(key.split(' ')[1] ?? '')));
  fill(
    'problems',
    problems.map(([key, count]) => {
      const [service = '', code = ''] = key.split(' ');
      const last = lastSeen.get(key);
      return row(
        problemLink(code),
        service === '' ? 'none' : service,
        String(count),
        last === undefined ? 'before this page' : last.toLocaleTimeString(),
        checks.get(code) ?? '',
      );
    }),
  );
}

/** @param {string} code */
async function learnChecks(code) {
  if (checks.has(code)) return;
  const response = await send(`/problems/${code}`, { headers: { accept: 'application/json' } });
  const { checks: list } = /** @type {{ checks: string[] }} */ (await response.json());
  checks.set(code, list.join(' '));
}

function showCallers() {
  const now = measurements.at(-1);
  const then = measurements.at(-1 - MINUTE) ?? measurements[0];
  fill(
    'callers',
    [...(now?.callers ?? [])].map(([caller, count]) =>
      row(caller, String(count), String(count - (then?.callers.get(caller) ?? 0))),
    ),
  );
}

/**
 * Fills a table, unless somebody is on a link in it: that would be gone.
 *
 * @param {string} id
 * @param {HTMLElement[]} rows
 */
function fill(id, rows) {
  const table = byId(id, HTMLElement);
  if (!table.contains(document.activeElement)) table.replaceChildren(...rows);
}

/**
 * @param {Node | string} first names the row
 * @param {...(Node | string)} cells
 */
function row(first, ...cells) {
  return element('tr', {}, element('th', { scope: 'row' }, first), ...cells.map((cell) => element('td', {}, cell)));
}

/** @param {string} code */
function problemLink(code) {
  return element('a', { href: `/problems/${code}` }, code);
}
