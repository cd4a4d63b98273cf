import { describe, expect, it } from '@jest/globals';
import { parseHttpRoute } from '../../src/config/http-route.ts';
import type { HttpServiceConfig } from '../../src/config/config.ts';
import { faultySettings, load, ONE_CALLER, service } from '../support/config-sources.ts';

const TOKEN = 'token: { url: https://login.example.com/token, clientId: id, clientSecret: s3cret }';
const ENTRY = `url: https://api.example.com/base/, ${TOKEN}`;

function withEntry(settings: string) {
  return { env: ONE_CALLER, file: `services: { catalogue: { kind: http, ${settings} } }` };
}

function loaded(settings: string): HttpServiceConfig {
  const found = service(load(withEntry(settings)), 'catalogue');
  if (found.kind !== 'http') throw new Error('another kind');
  return found;
}

describe('an http service', () => {
  it('has the base of its API and its routes, with the defaults of flows', () => {
    expect(
      loaded(`${ENTRY}, routes: ["GET /products/:id -> /v2/products/:id", "POST /orders -> /v2/orders"]`),
    ).toMatchObject({
      apiUrl: 'https://api.example.com/base',
      routes: [
        { method: 'GET', path: '/products/:id', target: '/v2/products/:id' },
        { method: 'POST', path: '/orders', target: '/v2/orders' },
      ],
      timeoutMs: 30_000,
      maxBodyBytes: 40 * 1024 ** 2,
      headers: [],
      responseHeaders: [],
    });
  });

  it('takes settings for all its routes', () => {
    const settings =
      'routes: [GET /a -> /a], timeout: 5s, maxBody: 1kb, headers: [X-Tenant], responseHeaders: [X-Total-Count]';
    expect(loaded(`${ENTRY}, ${settings}`)).toMatchObject({
      timeoutMs: 5000,
      maxBodyBytes: 1024,
      headers: ['x-tenant'],
      responseHeaders: ['x-total-count'],
    });
  });

  it('has no two routes of one method and shape', () => {
    const routes = 'routes: ["GET /a/:id -> /a/:id", "POST /a/:id -> /a/:id", "GET /a/:name -> /b/:name"]';
    expect(faultySettings(withEntry(`${ENTRY}, ${routes}`))).toEqual(['services.catalogue.routes[2]']);
  });

  it.each([
    ['headers: [authorization]', 'headers[0]'],
    ['responseHeaders: [set-cookie]', 'responseHeaders[0]'],
    ['routes: [GET /a]', 'routes[0]'],
    ['flows: {}', 'flows'],
  ])('with { %s } is a problem', (more, name) => {
    expect(faultySettings(withEntry(`${ENTRY}, ${more}`))).toEqual([`services.catalogue.${name}`]);
  });
});

describe('a route', () => {
  it.each([
    ['GET /products/:id -> /v2/products/:id', '/products/:id', '/v2/products/:id'],
    ['  DELETE  /a/:x/b/:y  ->  /:y/%20/:x ', '/a/:x/b/:y', '/:y/%20/:x'],
    ['PATCH /files/** -> /store/files/**', '/files/**', '/store/files/**'],
    ['GET /products/:id/:slug -> /v2/products/:id', '/products/:id/:slug', '/v2/products/:id'],
    ['PUT /a -> /a(b)', '/a', '/a(b)'],
  ])('may be %j', (text, path, target) => {
    expect(parseHttpRoute(text)).toMatchObject({ ok: true, value: { path, target } });
  });

  it.each([
    ['/a -> /a', 'no method'],
    ['HEAD /a -> /a', 'a method that GET stands for'],
    ['get /a -> /a', 'a method in small letters'],
    ['GET /a => /a', 'another arrow'],
    ['GET /a', 'no target'],
    ['GET a -> /a', 'no slash'],
    ['GET / -> /a', 'no segment'],
    ['GET /a/ -> /a', 'a slash at the end'],
    ['GET /a//b -> /a', 'an empty segment'],
    ['GET /a/../b -> /a', 'a dotted segment'],
    ['GET /a -> /../b', 'a dotted target'],
    ['GET /a%2fb -> /a', 'an encoded path'],
    ['GET /a -> /a%zz', 'a broken encoding'],
    ['GET /a?b=c -> /a', 'a query'],
    ['GET /a -> /a?b=c', 'a query in the target'],
    ['GET /a -> https://evil.example/a', 'a whole URL as target'],
    ['GET /a -> //evil.example/a', 'a target that is another host'],
    ['GET /a/:id -> /b/:other', 'an unknown name'],
    ['GET /a/:id/:id -> /b/:id', 'a name twice'],
    ['GET /a/:1 -> /b/:1', 'a name that is a number'],
    ['GET /a/:rest -> /b/:rest', 'the name of the rest'],
    ['GET /a/:id.json -> /b/:id.json', 'a name within a segment'],
    ['GET /a/** -> /b', 'a lost rest'],
    ['GET /a -> /b/**', 'a rest from nowhere'],
    ['GET /a/**/b -> /b/**', 'a rest before the end'],
    ['GET /a/:b; -> /a;b', 'matrix parameters'],
  ])('%j is a problem: %s', (text) => {
    expect(parseHttpRoute(text).ok).toBe(false);
  });
});
