import { describe, expect, it } from '@jest/globals';
import { convertRoute } from '../../src/cli/import/route-pattern.ts';

/** `path -> target`, or the reason why there is none. */
function converted(source: string, target?: string): string {
  const result = convertRoute(source, target);
  return 'reason' in result ? `no: ${result.reason}` : `${result.route.path} -> ${result.route.target}`;
}

describe("a route of @sap/approuter's xs-app.json", () => {
  it.each([
    ['^/api/(.*)$', '/v1/$1', '/api/** -> /v1/**'],
    ['^/api/(.*)$', '$1', '/api/** -> /**'],
    ['^/api/(.*)$', undefined, '/api/** -> /api/**'],
    ['^/api/(.+)$', '/v1/$1', '/api/** -> /v1/**'],
    ['^/api(.*)$', '/v1$1', '/api/** -> /v1/**'],
    ['^/api/.*$', undefined, '/api/** -> /api/**'],
    ['^/api/', '/v1/', '/api/** -> /v1/**'],
    ['^/orders$', '/http/orders', '/orders -> /http/orders'],
    ['^/orders/$', '/http/orders', '/orders -> /http/orders'],
    ['^\\/sap\\/opu\\/odata\\/(.*)$', '/sap/opu/odata/$1', '/sap/opu/odata/** -> /sap/opu/odata/**'],
    ['^/v1\\.0/items$', undefined, '/v1.0/items -> /v1.0/items'],
    ['^/user/([^/]+)/items/(.*)$', '/u/$1/i/$2', '/user/:p1/items/** -> /u/:p1/i/**'],
    ['^/item/(\\d+)$', '/items/$1', '/item/:p1 -> /items/:p1'],
    ['/api/(.*)$', '/v1/$1', '/api/** -> /v1/**'],
  ])('%s with the target %s becomes %s', (source, target, plain) => {
    expect(converted(source, target)).toBe(plain);
  });

  it.each([
    ['^/(a|b)/x$', undefined],
    ['^/api/v[12]/(.*)$', '/$1'],
    ['^/files/(.*)\\.pdf$', '/pdf/$1'],
    ['^/(.*)/end$', '/$1'],
    ['^(?!/sap).*$', undefined],
  ])('%s is a pattern that plain routes cannot say', (source, target) => {
    expect(converted(source, target)).toMatch(/^no: its source/);
  });

  it.each([
    ['^/api/(.*)$', '/v1/query?path=$1'],
    ['^/api/(.*)$', '/v1/fixed'],
    ['^/api/(.*)$', '/v1-$1'],
    ['^/user/([^/]+)$', '/u-$1'],
    ['^/user/([^/]+)$', '/u/$2'],
  ])('%s with the target %s puts its path together in another way', (source, target) => {
    expect(converted(source, target)).toMatch(/^no: its target/);
  });

  it('that takes every path has none of its own', () => {
    expect(converted('^(.*)$', '$1')).toBe('/** -> /**');
    expect(converted('^/$', undefined)).toMatch(/^no: /);
  });

  it('tells what is not quite the same any more', () => {
    const result = convertRoute('/api/(.*)$', '/v1/$1');
    expect(result).toMatchObject({
      route: { remarks: [expect.stringContaining('anchored'), expect.stringContaining('at least one segment')] },
    });
  });
});
