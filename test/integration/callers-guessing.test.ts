import { describe, expect, it } from '@jest/globals';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';

const LIST = '/api/workflow/definitions';

/** How many wrong credentials an address may send in a minute. */
const MOST_FAILURES = 30;

const OTHER_KEY = 'other-caller-key-0123456789';

/** One proxy in front is believed: what it puts last into X-Forwarded-For is the address. */
const stack = useFlowgate({
  env: { TRUSTED_PROXY_HOPS: '1', API_KEYS: `tester=${API_KEY},other=${OTHER_KEY}` },
});

function from(address: string, headers: Readonly<Record<string, string>>): Promise<PlainAnswer> {
  return plainRequest(`${stack.url}${LIST}`, 'GET', { 'x-forwarded-for': address, ...headers });
}

function guess(address: string, number = 0): Promise<PlainAnswer> {
  return from(address, { 'x-api-key': `wrong-key-number-${number}` });
}

async function exhaust(address: string): Promise<void> {
  for (let number = 0; number < MOST_FAILURES; number++) expect((await guess(address, number)).status).toBe(401);
}

describe('wrong credentials from one address', () => {
  it('are 429 with Retry-After after a while, and cost no request upstream (D-11)', async () => {
    await exhaust('192.0.2.1');
    const refused = await guess('192.0.2.1');
    expect(refused).toMatchObject({ status: 429, json: { code: 'rate-limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });

  it('make a right key from there look like a wrong one, so that guessing on is of no use (D-11)', async () => {
    await exhaust('192.0.2.2');
    expect((await from('192.0.2.2', { 'x-api-key': OTHER_KEY })).json).toMatchObject({ code: 'rate-limited' });
  });

  it('do not lock out who has called from there before (H-06)', async () => {
    expect((await from('192.0.2.3', { 'x-api-key': API_KEY })).status).toBe(200);
    await exhaust('192.0.2.3');
    expect((await from('192.0.2.3', { 'x-api-key': API_KEY })).status).toBe(200);
  });

  it('do not count for another address', async () => {
    await exhaust('192.0.2.4');
    expect((await from('192.0.2.5', { 'x-api-key': OTHER_KEY })).status).toBe(200);
  });

  it('are counted by the proxy before us, not by what the client says of itself (C-09)', async () => {
    for (let number = 0; number < MOST_FAILURES; number++)
      expect((await guess(`203.0.113.${number}, 192.0.2.6`, number)).status).toBe(401);
    expect((await guess('203.0.113.99, 192.0.2.6')).status).toBe(429);
  });

  it('are counted by the peer that connects, whatever other headers say (C-09)', async () => {
    for (let number = 0; number < MOST_FAILURES; number++) {
      const spoofed = { 'x-real-ip': `203.0.113.${number}`, forwarded: `for=203.0.113.${number}` };
      await from('192.0.2.7', { ...spoofed, 'x-api-key': `wrong-key-number-${number}` });
    }
    expect((await guess('192.0.2.7')).status).toBe(429);
  });

  it('are counted for a whole /64 of IPv6', async () => {
    for (let number = 0; number < MOST_FAILURES; number++)
      expect((await guess(`2001:db8:1:2:${number}::1`, number)).status).toBe(401);
    expect((await guess('2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await guess('2001:db8:1:3::9')).status).toBe(401);
  });

  it.each([
    ['ports', (number: number) => `192.0.2.10:${40_000 + number}`, '192.0.2.10'],
    ['ports of IPv6', (number: number) => `[2001:db8:1:4::${number}]:${40_000 + number}`, '2001:db8:1:4::f'],
    ['words that are no address', (number: number) => `client-${number}`, 'client'],
  ])('are counted together where the proxy before us writes %s (C-09)', async (_, addressOf, other) => {
    for (let number = 0; number < MOST_FAILURES; number++)
      expect((await guess(addressOf(number), number)).status).toBe(401);
    expect((await guess(other)).status).toBe(429);
  });

  it('may be tokens and passwords as well', async () => {
    for (let number = 0; number < MOST_FAILURES; number++)
      await from('192.0.2.8', { authorization: number % 2 === 0 ? 'Basic dTpw' : `Bearer a.b.${number}` });
    expect((await from('192.0.2.8', { authorization: 'Bearer a.b.c' })).status).toBe(429);
  });

  it('are not those requests that carry none', async () => {
    for (let number = 0; number < MOST_FAILURES + 5; number++) expect((await from('192.0.2.9', {})).status).toBe(401);
    expect((await from('192.0.2.9', { 'x-api-key': OTHER_KEY })).status).toBe(200);
  });
});
