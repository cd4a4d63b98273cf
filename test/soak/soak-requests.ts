import { randomUUID } from 'node:crypto';
import { request, type Agent } from 'node:http';

/** How often each kind of request ended in each way. */
export type Tally = Map<string, number>;

export interface Target {
  readonly url: string;
  readonly apiKey: string;
  readonly agent: Agent;
}

interface Kind {
  readonly name: string;
  /** In a hundred requests. */
  readonly share: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** `repeated`: of a request before. */
  readonly key?: 'new' | 'repeated';
  /** The caller resets its connection in the middle. */
  readonly leaves?: boolean;
  /** The ways to end that are in order. */
  readonly fine: readonly string[];
}

const START = '/api/workflow/definitions/onboarding/instances';
const FLOW = '/api/integration/flows/product-details';

const kinds: readonly Kind[] = [
  { name: 'read', share: 40, method: 'GET', path: '/api/workflow/definitions', fine: ['200'] },
  { name: 'start', share: 20, method: 'POST', path: START, body: '{"employee":"Ada"}', fine: ['201'] },
  { name: 'keyed start', share: 10, method: 'POST', path: START, body: '{"a":1}', key: 'new', fine: ['201', '409'] },
  {
    name: 'repeated start',
    share: 5,
    method: 'POST',
    path: START,
    body: '{"a":1}',
    key: 'repeated',
    fine: ['201', '409'],
  },
  { name: 'flow', share: 15, method: 'POST', path: FLOW, body: '{"productIdentifier":"HT-2000"}', fine: ['200'] },
  { name: 'refused', share: 5, method: 'POST', path: START, body: '[]', fine: ['400'] },
  { name: 'leaves', share: 5, method: 'POST', path: FLOW, body: '{}', leaves: true, fine: ['left', '200', '400'] },
];

const keys: string[] = [];
let turn = 0;

/** How many requests have ended. */
export function countOf(tally: Tally): number {
  return [...tally.values()].reduce((sum, one) => sum + one, 0);
}

/** What did not end as it should, and how often. */
export function wrongOf(tally: Tally): [what: string, times: number][] {
  return [...tally].filter(([what]) => {
    const [name, end = ''] = what.split(': ', 2);
    return kinds.find((kind) => kind.name === name)?.fine.includes(end) !== true;
  });
}

/** Sends one request, of each kind as often as its share is, and notes how it ended. @returns milliseconds */
export async function sendOne(target: Target, tally: Tally): Promise<number> {
  const kind = nextKind();
  const startMs = performance.now();
  const end = await send(kind, target);
  const name = `${kind.name}: ${end}`;
  tally.set(name, (tally.get(name) ?? 0) + 1);
  return performance.now() - startMs;
}

/** Seven is prime to a hundred, so the kinds come mixed. */
function nextKind(): Kind {
  turn = (turn + 7) % 100;
  let at = turn;
  for (const kind of kinds) {
    if (at < kind.share) return kind;
    at -= kind.share;
  }
  throw new Error('the shares are less than a hundred');
}

function send(kind: Kind, { url, apiKey, agent }: Target): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { method, path, body, leaves = false } = kind;
  const headers = {
    'x-api-key': apiKey,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
    ...keyHeader(kind),
  };
  const sent = request(`${url}${path}`, { method, headers, ...(leaves ? {} : { agent }) }, (response) => {
    response.resume();
    response.on('end', () => resolve(String(response.statusCode)));
    response.on('error', () => resolve(leaves ? 'left' : 'broken'));
  });
  sent.on('error', (error: NodeJS.ErrnoException) => resolve(leaves ? 'left' : (error.code ?? 'error')));
  sent.end(body, () => {
    if (leaves) setTimeout(() => sent.destroy(new Error('left')), 2);
  });
  return promise;
}

function keyHeader({ key }: Kind): Record<string, string> {
  if (key === undefined) return {};
  // The oldest of the last hundred keys: its start has been answered, nearly always.
  if (key === 'repeated') return { 'idempotency-key': keys[0] ?? randomUUID() };
  const fresh = randomUUID();
  keys.push(fresh);
  if (keys.length > 100) keys.shift();
  return { 'idempotency-key': fresh };
}
