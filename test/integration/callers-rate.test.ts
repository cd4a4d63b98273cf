import { describe, expect, it } from '@jest/globals';
import { useFlowgate } from '../support/flowgate-stack.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';

const LIST = '/api/workflow/definitions';
const key = (name: string) => `${name}-key-0123456789`;

const stack = useFlowgate({
  file: () => `
callers:
  slow: { apiKeys: [${key('slow')}], allow: ["* /api/**"], rateLimit: 3/min }
  burst: { apiKeys: [${key('burst')}], allow: ["* /api/**"], rateLimit: 20/h }
  again: { apiKeys: [${key('again')}], allow: ["* /api/**"], rateLimit: 1/s }
  free: { apiKeys: [${key('free')}], allow: ["* /api/**"] }
`,
});

function get(caller: string, path = LIST): Promise<PlainAnswer> {
  return plainRequest(`${stack.url}${path}`, 'GET', { 'x-api-key': key(caller) });
}

describe('the rate of a caller', () => {
  it('is told in every answer, and 429 with Retry-After when it is used up', async () => {
    const first = await get('slow');
    expect(first.status).toBe(200);
    expect(first.headers['ratelimit-policy']).toBe('"caller";q=3;w=60');
    expect(first.headers['ratelimit']).toBe('"caller";r=2;t=60');
    expect((await get('slow', '/api/nowhere')).headers['ratelimit']).toMatch(/^"caller";r=1;t=\d+$/);
    expect((await get('slow')).headers['ratelimit']).toMatch(/^"caller";r=0;t=\d+$/);

    const refused = await get('slow');
    expect(refused).toMatchObject({ status: 429, json: { code: 'rate-limited', source: 'caller', retryable: true } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(refused.headers['ratelimit']).toMatch(/^"caller";r=0;t=\d+$/);
  });

  it('may be used up in one burst, and lets nothing more through than it says', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => get('burst')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
  });

  it('is its own: another caller goes on (H-06)', async () => {
    await Promise.all(Array.from({ length: 30 }, () => get('burst')));
    expect((await get('free')).status).toBe(200);
  });

  it('begins anew after its window', async () => {
    await get('again');
    expect((await get('again')).status).toBe(429);
    await new Promise((done) => setTimeout(done, 1050));
    expect((await get('again')).status).toBe(200);
  });

  it('is not there where none is set', async () => {
    const { headers } = await get('free');
    expect(headers['ratelimit']).toBeUndefined();
    expect(headers['ratelimit-policy']).toBeUndefined();
  });

  it('is not asked about the health of the server', async () => {
    await Promise.all(Array.from({ length: 5 }, () => get('slow')));
    expect((await get('slow', '/health')).status).toBe(200);
  });
});
