import { Secret } from '../config/secret.ts';
import type { AnswerHead } from './upstream-request.ts';

/** Asks a sender for a token. */
export const csrfFetchHeaders: Readonly<Record<string, string>> = { 'x-csrf-token': 'Fetch' };

/** Endpoints that are remembered; the oldest gives way. */
const MAX_ENDPOINTS = 1_000;
/** Well below the half hour after which web servers usually end an idle session; SAP documents none. */
const FRESH_MS = 10 * 60_000;

/** A token of one endpoint, and the cookies that it belongs to. */
export interface CsrfSession {
  readonly token: Secret;
  readonly cookies: Secret | undefined;
}

interface Entry {
  session: CsrfSession | undefined;
  fetchedAtMs: number;
  fetching: Promise<CsrfSession | undefined> | undefined;
}

export interface CsrfSessionsOptions {
  /** Default 1000. */
  readonly maxEndpoints?: number;
  /** How long a session counts as fresh. Default ten minutes. */
  readonly freshMs?: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
  /** Called at the end of each handshake. */
  readonly onHandshake?: (outcome: HandshakeOutcome) => void;
}

/** `token`: it brought one; `none`: the sender gave none; `failed`: no answer came. */
export type HandshakeOutcome = 'token' | 'none' | 'failed';

/** Whether a sender refuses a request because it wants a CSRF token: nothing has run then. */
export function wantsCsrfToken(head: AnswerHead): boolean {
  return head.status === 403 && isRequired(headerText(head, 'x-csrf-token'));
}

/** The headers that a request to a protected endpoint needs. */
export function csrfHeaders(session: CsrfSession): Record<string, string> {
  const token = { 'x-csrf-token': session.token.reveal() };
  return session.cookies ? { ...token, cookie: session.cookies.reveal() } : token;
}

/**
 * The CSRF tokens of SAP Cloud Integration's senders, in memory only. An endpoint is one sender under one credential:
 * a token is good for nothing else. An endpoint that once asked for a token is remembered as protected, so that a
 * body that can be sent only once meets a handshake that is already made.
 */
export class CsrfSessions {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEndpoints: number;
  readonly #freshMs: number;
  readonly #now: () => number;
  readonly #onHandshake: (outcome: HandshakeOutcome) => void;

  constructor(options: CsrfSessionsOptions = {}) {
    this.#maxEndpoints = options.maxEndpoints ?? MAX_ENDPOINTS;
    this.#freshMs = options.freshMs ?? FRESH_MS;
    this.#now = options.now ?? (() => performance.now());
    this.#onHandshake = options.onHandshake ?? (() => undefined);
  }

  /** The last session, whatever its age: for a request that can be sent again when the session is refused. */
  get(endpoint: string): CsrfSession | undefined {
    return this.#entries.get(endpoint)?.session;
  }

  /** The last session if it is fresh; an older one is dropped. For a body that can be sent only once. */
  getFresh(endpoint: string): CsrfSession | undefined {
    const entry = this.#entries.get(endpoint);
    if (entry && this.#now() - entry.fetchedAtMs > this.#freshMs) entry.session = undefined;
    return entry?.session;
  }

  /** Whether the endpoint has asked for a token before. */
  isProtected(endpoint: string): boolean {
    return this.#entries.has(endpoint);
  }

  /** Remembers that the endpoint asks for a token, when none can be fetched now. */
  markProtected(endpoint: string): void {
    this.#entry(endpoint);
  }

  /**
   * Fetches a token, once for all who wait for the endpoint; where there is a session, it is that one, so `forget` a
   * refused one first. HEAD comes first, because a GET would run a flow that is
   * not protected; only a sender that knows no HEAD (405) is asked by GET.
   * @param call sends the request with `csrfFetchHeaders` and a token, replacing a token that is refused (401). It is
   * shared, so it must have a time limit of its own and not end when one caller leaves. What it throws reaches all.
   * @returns `undefined` when the sender gives no token
   */
  fetch(endpoint: string, call: (method: 'HEAD' | 'GET') => Promise<AnswerHead>): Promise<CsrfSession | undefined> {
    const entry = this.#entry(endpoint);
    if (entry.session) return Promise.resolve(entry.session);
    entry.fetching ??= this.#fetch(entry, call);
    return entry.fetching;
  }

  /** Drops a session that was refused, unless a newer one has taken its place. The endpoint stays protected. */
  forget(endpoint: string, session: CsrfSession): void {
    const entry = this.#entries.get(endpoint);
    if (entry?.session === session) entry.session = undefined;
  }

  async #fetch(entry: Entry, call: (method: 'HEAD' | 'GET') => Promise<AnswerHead>): Promise<CsrfSession | undefined> {
    let outcome: HandshakeOutcome = 'failed';
    try {
      const session = await handshake(call);
      entry.session = session;
      entry.fetchedAtMs = this.#now();
      outcome = session === undefined ? 'none' : 'token';
      return session;
    } finally {
      entry.fetching = undefined;
      this.#onHandshake(outcome);
    }
  }

  #entry(endpoint: string): Entry {
    const known = this.#entries.get(endpoint);
    if (known) return known;
    if (this.#entries.size >= this.#maxEndpoints) this.#dropOldest();
    const entry: Entry = { session: undefined, fetchedAtMs: 0, fetching: undefined };
    this.#entries.set(endpoint, entry);
    return entry;
  }

  #dropOldest(): void {
    for (const endpoint of this.#entries.keys()) {
      this.#entries.delete(endpoint);
      return;
    }
  }
}

async function handshake(call: (method: 'HEAD' | 'GET') => Promise<AnswerHead>): Promise<CsrfSession | undefined> {
  const head = await call('HEAD');
  const session = readSession(head);
  if (session !== undefined || head.status !== 405) return session;
  return readSession(await call('GET'));
}

/** The status does not matter: senders give a token with an error, too. */
function readSession(head: AnswerHead): CsrfSession | undefined {
  const token = headerText(head, 'x-csrf-token');
  if (token === '' || isRequired(token)) return undefined;
  const cookies = readCookies(head.headers['set-cookie']);
  return { token: new Secret(token), cookies: cookies === '' ? undefined : new Secret(cookies) };
}

/** All cookies without their attributes, as the `Cookie` header wants them (RFC 6265, section 4.2.1). */
function readCookies(setCookie: string | string[] | undefined): string {
  const lines = typeof setCookie === 'string' ? [setCookie] : (setCookie ?? []);
  return lines
    .map((line) => line.split(';', 1).join('').trim())
    .filter((pair) => pair !== '')
    .join('; ');
}

function isRequired(token: string): boolean {
  return token.toLowerCase() === 'required';
}

/** Of several lines the first counts. */
function headerText(head: AnswerHead, name: string): string {
  const value = head.headers[name];
  const first = typeof value === 'string' ? value : value?.[0];
  return first?.trim() ?? '';
}
