import { describe, expect, it } from '@jest/globals';
import { FileSecret } from '../../src/config/file-secret.ts';
import { Secret } from '../../src/config/secret.ts';
import { TokenSources, tokenKey } from '../../src/tokens/token-sources.ts';
import { accessToken, PLANTED_SECRET, tokenClient } from '../support/token-fixtures.ts';

describe('TokenSources', () => {
  it('gives equal clients one source, whatever the order of their parameters', () => {
    const sources = new TokenSources();
    const one = sources.for(
      tokenClient({ params: { scope: 'a', audience: 'b' }, headers: { 'x-a': '1', 'x-b': '2' } }),
    );
    const two = sources.for(
      tokenClient({ params: { audience: 'b', scope: 'a' }, headers: { 'x-b': '2', 'x-a': '1' } }),
    );
    expect(one).toBe(two);
  });

  it.each([
    ['token address', { url: 'http://127.0.0.1:9/other' }],
    ['client id', { clientId: 'other' }],
    ['way of authenticating', { auth: 'client_secret_basic' as const }],
    ['secret', { clientSecret: new Secret('other') }],
    ['second secret', { nextClientSecret: new Secret('other') }],
    ['private key', { key: new Secret('other') }],
    ['encoding of Basic', { basicEncoding: 'raw' as const }],
    ['audience of assertions', { assertionAudience: 'urn:a' }],
    ['discovery', { discovery: true }],
    ['parameters', { params: { scope: 'a' } }],
    ['headers', { headers: { 'x-zid': 'a' } }],
    ['longest life', { maxLifeSeconds: 60 }],
  ])('tells clients apart by their %s', (_name, changes) => {
    const sources = new TokenSources();
    expect(sources.for(tokenClient())).not.toBe(sources.for(tokenClient(changes)));
  });

  it('tells clients apart by their certificate', () => {
    const tls = (certificate: string) =>
      tokenKey(tokenClient({ auth: 'tls_client_auth', clientSecret: undefined, certificate: new Secret(certificate) }));
    expect(tls('a')).not.toBe(tls('b'));
  });

  it('keeps the token of a client whose certificate is renewed in its file', () => {
    let text = 'first';
    const client = tokenClient({ auth: 'tls_client_auth', certificate: new FileSecret(text, () => text) });
    const key = tokenKey(client);
    text = 'second';
    expect(client.certificate?.reveal()).toBe('second');
    expect(tokenKey(client)).toBe(key);
  });

  it('makes keys that no property of an object has, without the secret', () => {
    const key = tokenKey(tokenClient());
    expect(key).toMatch(/^t:[0-9a-f]{64}$/);
    expect(key).not.toContain(PLANTED_SECRET);
  });

  it('never mixes the tokens of two clients', async () => {
    const sources = new TokenSources({ request: ({ clientId }) => Promise.resolve(accessToken(`of-${clientId}`)) });
    const clients = ['a', 'b', 'c'].map((clientId) => tokenClient({ clientId }));
    const get = async (client: (typeof clients)[number]) => (await sources.for(client).get()).value;
    expect(await Promise.all([...clients, ...clients].map(get))).toEqual([
      'of-a',
      'of-b',
      'of-c',
      'of-a',
      'of-b',
      'of-c',
    ]);
  });

  it('tells which client an event is about', async () => {
    const told: string[] = [];
    const sources = new TokenSources({
      request: () => Promise.resolve(accessToken('a')),
      onEvent: (event, client) => told.push(`${event.type} ${client.clientId}`),
    });
    await sources.for(tokenClient({ clientId: 'x' })).get();
    expect(told).toEqual(['obtained x']);
  });
});
