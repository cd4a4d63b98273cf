import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const run = promisify(execFile);

/** Asks for a token in a process of its own, because Node reads these variables from the real environment only. */
async function requestTokenWith(variables: Record<string, string>, url: string): Promise<string> {
  const script = `
    import { requestToken } from '${new URL('../../src/tokens/token-request.ts', import.meta.url).href}';
    import { Secret } from '${new URL('../../src/config/secret.ts', import.meta.url).href}';
    const client = { url: process.argv[1], clientId: 'a', auth: 'client_secret_post', clientSecret: new Secret('s'),
      params: {}, headers: {}, maxLifeSeconds: 60 };
    const outcome = await requestToken(client).then((token) => token.value, (problem) => problem.cause.reason);
    console.log(outcome);`;
  const argv = ['--no-warnings', '--input-type=module', '--eval', script, url];
  const { stdout } = await run(process.execPath, argv, { env: { PATH: process.env['PATH'], ...variables } });
  return stdout.trim();
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  closing.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a token request', () => {
  it('goes to no proxy that the environment names', async () => {
    const proxied: string[] = [];
    const proxy = createHttpServer((request, response) => {
      proxied.push(request.url ?? '');
      response.end();
    });
    proxy.on('connect', (request, socket) => {
      proxied.push(request.url ?? '');
      socket.destroy();
    });
    const address = `http://127.0.0.1:${await listen(proxy)}`;
    const server = await FakeTokenServer.start();
    closing.push(() => server.stop());
    const variables = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address, http_proxy: address, HTTPS_PROXY: address };
    expect(await requestTokenWith(variables, server.url)).toBe('token-1');
    expect([server.requests.length, proxied]).toEqual([1, []]);
  });

  it('looks at the certificate even if NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
    let requests = 0;
    const server = createHttpsServer(makeCertificate(), (_request, response) => {
      requests += 1;
      response.end('{"access_token":"stolen"}');
    });
    const url = `https://127.0.0.1:${await listen(server)}/oauth/token`;
    expect(await requestTokenWith({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, url)).toBe('certificate');
    expect(requests).toBe(0);
  });
});
