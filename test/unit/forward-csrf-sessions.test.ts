import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { csrfFetchHeaders, csrfHeaders, CsrfSessions, wantsCsrfToken } from '../../src/forward/csrf-sessions.ts';
import type { AnswerHead } from '../../src/forward/upstream-request.ts';

function head(status: number, headers: AnswerHead['headers'] = {}): AnswerHead {
  return { status, headers };
}

const withToken = head(200, { 'x-csrf-token': 'T1', 'set-cookie': ['a=1; Path=/; Secure', 'b=2;HttpOnly', 'c=3'] });

/** Answers in turn, and notes the methods it was called with. */
function caller(...answers: AnswerHead[]) {
  const methods: string[] = [];
  const call = async (method: 'HEAD' | 'GET'): Promise<AnswerHead> => {
    methods.push(method);
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return next ?? head(500);
  };
  return { call, methods };
}

describe('wantsCsrfToken', () => {
  it.each(['required', 'Required', 'REQUIRED', ' required '])('knows a 403 with the token %j', (value) => {
    expect(wantsCsrfToken(head(403, { 'x-csrf-token': value }))).toBe(true);
  });

  it.each([
    ['a 403 without the header: the role is missing', head(403)],
    ['another status with the header', head(401, { 'x-csrf-token': 'required' })],
    ['a success with the header', head(200, { 'x-csrf-token': 'required' })],
    ['a 403 with a token', head(403, { 'x-csrf-token': 'abc' })],
  ])('is not misled by %s', (_name, answer) => {
    expect(wantsCsrfToken(answer)).toBe(false);
  });
});

describe('the handshake', () => {
  it('asks with X-CSRF-Token: Fetch', () => {
    expect(csrfFetchHeaders).toEqual({ 'x-csrf-token': 'Fetch' });
  });

  it('asks by HEAD, because a GET would run a flow that is not protected', async () => {
    const { call, methods } = caller(withToken);
    await new CsrfSessions().fetch('e', call);
    expect(methods).toEqual(['HEAD']);
  });

  it('asks by GET where HEAD is not allowed', async () => {
    const { call, methods } = caller(head(405), withToken);
    const session = await new CsrfSessions().fetch('e', call);
    expect(methods).toEqual(['HEAD', 'GET']);
    expect(session?.token.reveal()).toBe('T1');
  });

  it.each([200, 403, 404, 500])('does not ask by GET after a %i without a token', async (status) => {
    const { call, methods } = caller(head(status));
    expect(await new CsrfSessions().fetch('e', call)).toBeUndefined();
    expect(methods).toEqual(['HEAD']);
  });

  it('takes the token and all cookies, cut at the first semicolon', async () => {
    const session = await new CsrfSessions().fetch('e', caller(withToken).call);
    expect(session && csrfHeaders(session)).toEqual({ 'x-csrf-token': 'T1', cookie: 'a=1; b=2; c=3' });
  });

  it('takes a single cookie that comes as text', async () => {
    const answer = head(200, { 'x-csrf-token': 'T', 'set-cookie': 'a=1;Path=/' });
    const session = await new CsrfSessions().fetch('e', caller(answer).call);
    expect(session && csrfHeaders(session)).toEqual({ 'x-csrf-token': 'T', cookie: 'a=1' });
  });

  it('sends no Cookie where none was set', async () => {
    const session = await new CsrfSessions().fetch('e', caller(head(200, { 'x-csrf-token': 'T' })).call);
    expect(session && csrfHeaders(session)).toEqual({ 'x-csrf-token': 'T' });
  });

  it.each([400, 403, 405, 404, 500])('takes the token even from a %i', async (status) => {
    const { call, methods } = caller(head(status, { 'x-csrf-token': 'T' }));
    expect((await new CsrfSessions().fetch('e', call))?.token.reveal()).toBe('T');
    expect(methods).toEqual(['HEAD']);
  });

  it.each(['required', 'Required', '', '  '])('does not take %j for a token', async (value) => {
    expect(await new CsrfSessions().fetch('e', caller(head(200, { 'x-csrf-token': value })).call)).toBeUndefined();
  });
});

describe('CsrfSessions', () => {
  it('knows nothing of an endpoint at first', () => {
    const sessions = new CsrfSessions();
    expect(sessions.get('e')).toBeUndefined();
    expect(sessions.isProtected('e')).toBe(false);
  });

  it('keeps the session of each endpoint apart', async () => {
    const sessions = new CsrfSessions();
    const session = await sessions.fetch('e', caller(withToken).call);
    expect(sessions.get('e')).toBe(session);
    expect(sessions.get('f')).toBeUndefined();
  });

  it('makes one handshake for all who need it at the same time', async () => {
    const sessions = new CsrfSessions();
    const { call, methods } = caller(withToken);
    const got = await Promise.all(Array.from({ length: 100 }, () => sessions.fetch('e', call)));
    expect(methods).toHaveLength(1);
    expect(new Set(got).size).toBe(1);
  });

  it('tells a failure to all who wait, and tries again for the next', async () => {
    const sessions = new CsrfSessions();
    let calls = 0;
    const failing = async (): Promise<AnswerHead> => {
      calls += 1;
      throw new Error('no connection');
    };
    const outcomes = await Promise.allSettled([sessions.fetch('e', failing), sessions.fetch('e', failing)]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    expect(calls).toBe(1);
    expect(await sessions.fetch('e', caller(withToken).call)).toBeDefined();
  });

  it('forgets a refused session, but not that the endpoint is protected', async () => {
    const sessions = new CsrfSessions();
    const session = await sessions.fetch('e', caller(withToken).call);
    if (session) sessions.forget('e', session);
    expect(sessions.get('e')).toBeUndefined();
    expect(sessions.isProtected('e')).toBe(true);
  });

  it('does not let a late refusal of an old session evict the new one, nor cause another handshake', async () => {
    const sessions = new CsrfSessions();
    const old = await sessions.fetch('e', caller(withToken).call);
    if (old === undefined) throw new Error('no session');
    sessions.forget('e', old);
    const fresh = await sessions.fetch('e', caller(head(200, { 'x-csrf-token': 'T2' })).call);
    sessions.forget('e', old);
    expect(sessions.get('e')).toBe(fresh);
    const { call, methods } = caller(withToken);
    expect(await sessions.fetch('e', call)).toBe(fresh);
    expect(methods).toEqual([]);
  });

  it('remembers an endpoint that asked for a token when none could be fetched', () => {
    const sessions = new CsrfSessions();
    sessions.markProtected('e');
    expect(sessions.isProtected('e')).toBe(true);
    expect(sessions.get('e')).toBeUndefined();
  });

  it('gives an old session only to requests that can be sent again', async () => {
    let nowMs = 0;
    const sessions = new CsrfSessions({ freshMs: 1_000, now: () => nowMs });
    const session = await sessions.fetch('e', caller(withToken).call);
    nowMs = 1_000;
    expect(sessions.getFresh('e')).toBe(session);
    nowMs = 1_001;
    expect(sessions.get('e')).toBe(session);
    expect(sessions.getFresh('e')).toBeUndefined();
    expect(sessions.get('e')).toBeUndefined();
    expect(sessions.isProtected('e')).toBe(true);
  });

  it('holds no more endpoints than it may', () => {
    const sessions = new CsrfSessions({ maxEndpoints: 3 });
    for (let i = 0; i < 10; i += 1) sessions.markProtected(`e${i}`);
    const known = Array.from({ length: 10 }, (_, i) => `e${i}`).filter((endpoint) => sessions.isProtected(endpoint));
    expect(known).toEqual(['e7', 'e8', 'e9']);
  });

  it('shows neither token nor cookies when it is printed', async () => {
    const answer = head(200, { 'x-csrf-token': 'CANARY', 'set-cookie': 'a=CANARY' });
    const session = await new CsrfSessions().fetch('e', caller(answer).call);
    expect(inspect(session) + JSON.stringify(session)).not.toContain('CANARY');
  });
});
