import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { plainRequest } from '../support/plain-request.ts';

const READER_KEY = 'reader-key-0123456789';
const START = '/api/workflow/definitions/onboarding/instances';

const stack = useFlowgate({
  env: { ALLOWED_HOSTS: '127.0.0.1' },
  file: () => `
callers:
  reader: { apiKeys: [${READER_KEY}], allow: ["GET /api/workflow/definitions"], rateLimit: 6/h }
`,
});

/** The one line of the last request. */
async function lineOf(send: () => Promise<unknown>): Promise<Record<string, unknown>> {
  stack.logLines.length = 0;
  await send();
  const lines = () => stack.logLines.filter(({ msg }) => msg === 'request' || msg === 'request aborted');
  await eventually(() => expect(lines()).toHaveLength(1));
  return lines()[0] ?? {};
}

function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  return () => plainRequest(`${stack.url}${path}`, method, headers, body);
}

describe('a denied request', () => {
  it.each([
    ['without a credential', 'GET', '/api/workflow/definitions', {}, 'unauthenticated'],
    ['with a wrong key', 'GET', '/api/workflow/definitions', { 'x-api-key': 'wrong-0123456789' }, 'unauthenticated'],
    ['with a token of nobody', 'GET', '/api/x', { authorization: 'Bearer a.b.c' }, 'unauthenticated'],
    [
      'of a foreign page',
      'POST',
      START,
      { 'x-api-key': API_KEY, origin: 'https://evil.example' },
      'origin-not-allowed',
    ],
    ['for another host', 'GET', '/api/x', { host: 'evil.example' }, 'misdirected-request'],
  ])('%s is audited', async (_, method, path, headers, code) => {
    const line = await lineOf(send(method, path, headers));
    expect(line).toMatchObject({ audit: true, outcome: 'denied', code, correlationId: expect.any(String) });
    expect(line['caller']).toBeUndefined();
  });

  it('for lack of a grant is audited with caller, operation and target', async () => {
    const path = '/api/workflow/instances/1234-5678/cancel';
    expect(await lineOf(send('POST', path, { 'x-api-key': READER_KEY }))).toMatchObject({
      audit: true,
      caller: 'reader',
      operation: 'cancel-instance',
      target: '1234-5678',
      outcome: 'denied',
      code: 'forbidden',
    });
  });

  it('for an odd target does not show it', async () => {
    const path = '/api/workflow/instances/a$b/cancel';
    const line = await lineOf(send('POST', path, { 'x-api-key': READER_KEY }));
    expect(line).toMatchObject({ audit: true, target: '(unusual)' });
  });

  it('for too many requests is audited', async () => {
    const read = send('GET', '/api/workflow/definitions', { 'x-api-key': READER_KEY });
    for (let count = 0; count < 6; count++) await read();
    expect(await lineOf(read)).toMatchObject({
      audit: true,
      caller: 'reader',
      outcome: 'denied',
      code: 'rate-limited',
    });
  });
});

describe('a start', () => {
  it('is audited with what was started, by whom', async () => {
    expect(await lineOf(() => stack.post(START, '{"secret":"not for the log"}'))).toMatchObject({
      audit: true,
      caller: 'tester',
      operation: 'start-definition',
      target: 'onboarding',
      outcome: 'done',
      correlationId: expect.any(String),
    });
  });

  it('that failed is audited with its problem', async () => {
    stack.sandbox.control.fail({ upstream: 'workflow', times: 1 });
    expect(await lineOf(() => stack.post(START, '{}'))).toMatchObject({
      audit: true,
      outcome: 'failed',
      code: 'upstream-failed',
    });
  });

  it('of which nobody knows how it ended is audited as such', async () => {
    stack.sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body' });
    expect(await lineOf(() => stack.post(START, '{}'))).toMatchObject({
      audit: true,
      outcome: 'unknown',
      code: 'outcome-unknown',
    });
  });

  it('by the full body names no target: no id beyond the path', async () => {
    const line = await lineOf(() => stack.post('/api/workflow/instances', '{"definitionId":"onboarding"}'));
    expect(line).toMatchObject({ audit: true, operation: 'start-instance', outcome: 'done' });
    expect(line['target']).toBeUndefined();
    expect(JSON.stringify(line)).not.toContain('onboarding');
  });
});

describe('any other request', () => {
  it.each([
    ['a read', () => stack.get('/api/workflow/definitions')],
    ['a slip', () => stack.get('/api/nowhere')],
    ['a probe', send('GET', '/health')],
  ])('is not audited: %s', async (_, request) => {
    const line = await lineOf(request);
    for (const field of ['audit', 'operation', 'target', 'outcome']) expect(line).not.toHaveProperty(field);
  });
});
