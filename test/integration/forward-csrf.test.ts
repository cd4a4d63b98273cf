import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  csrfFetchHeaders,
  csrfHeaders,
  CsrfSessions,
  wantsCsrfToken,
  type CsrfSession,
} from '../../src/forward/csrf-sessions.ts';
import { Deadline } from '../../src/forward/deadline.ts';
import { Transport } from '../../src/forward/transport.ts';
import { RawUpstream, type Behaviour } from '../support/raw-upstream.ts';

/** A sender of SAP Cloud Integration with the option "CSRF Protected", as it is known to behave. */
function protectedSender(options: { head: boolean }): Behaviour {
  return async ({ request, response, readBody }) => {
    await readBody();
    const { cookie, 'x-csrf-token': token } = request.headers;
    if (request.method === 'HEAD' && !options.head) response.writeHead(405).end();
    else if (token === 'Fetch') {
      response.writeHead(200, { 'x-csrf-token': 'T1', 'set-cookie': ['a=1; Path=/; HttpOnly', 'b=2; Secure', 'c=3'] });
      response.end();
    } else if (token === 'T1' && cookie === 'a=1; b=2; c=3') response.writeHead(200).end('the flow ran');
    else response.writeHead(403, { 'X-CSRF-Token': 'Required', 'content-type': 'text/html' }).end('<html>');
  };
}

let upstream: RawUpstream;
let transport: Transport;

beforeEach(async () => {
  upstream = await RawUpstream.start();
  transport = new Transport(upstream.origin);
});

afterEach(async () => {
  await transport.close();
  await upstream.close();
});

function send(method: string, headers: Record<string, string>, body?: Buffer) {
  return transport.send({ method, path: '/http/flow', headers, body }, { deadline: new Deadline(2_000, 'test') });
}

describe('the handshake with a protected sender', () => {
  it.each([
    ['by HEAD', true, ['POST', 'HEAD', 'POST']],
    ['by GET where it takes no HEAD', false, ['POST', 'HEAD', 'GET', 'POST']],
  ])('opens the way for the message, %s', async (_name, head, methods) => {
    upstream.behave(protectedSender({ head }));
    const sessions = new CsrfSessions();
    const body = Buffer.from('message');

    const refused = await send('POST', {}, body);
    expect(wantsCsrfToken(refused)).toBe(true);
    const session = await sessions.fetch('flow', (method) => send(method, { ...csrfFetchHeaders }));
    const answered = await send('POST', csrfHeaders(session as CsrfSession), body);

    expect(answered).toMatchObject({ status: 200, body: Buffer.from('the flow ran') });
    expect(upstream.requests.map((request) => request.method)).toEqual(methods);
  });
});
