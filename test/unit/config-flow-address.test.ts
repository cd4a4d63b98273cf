import { describe, expect, it } from '@jest/globals';
import { parseFlowAddress } from '../../src/config/flow-address.ts';

const RUNTIME = 'https://acme.it-cpi001-rt.cfapps.eu10.hana.ondemand.com';
const ENDPOINTS_HINT = 'path shown under Endpoints of the deployed flow, starting with /http/ or /cxf/';

describe('the address of a flow', () => {
  it.each([
    ['/http/products', '/http/products'],
    ['/cxf/Orders', '/cxf/Orders'],
    ['/http/a/b.c/v1', '/http/a/b.c/v1'],
    ['/gw/odata/SAP/SERVICE;v=1', '/gw/odata/SAP/SERVICE;v=1'],
    ['/odata/Products', '/odata/Products'],
    ['/http/products/', '/http/products'],
    [' "/http/products" ', '/http/products'],
    ['/http/a%20b', '/http/a%20b'],
    [`${RUNTIME}/http/products`, '/http/products'],
    [`${RUNTIME}:443/http/products/`, '/http/products'],
  ])('%j gives %j', (text, path) => {
    const result = parseFlowAddress(text, RUNTIME);
    expect(result.ok ? result.value : undefined).toBe(path);
  });

  it.each([
    '<address>',
    '/http/<address>',
    '/http/{id}',
    'products',
    'http/products',
    'https://other.it-cpi001-rt.cfapps.eu10.hana.ondemand.com/http/products',
    'https://acme.integrationsuite.cfapps.eu10.hana.ondemand.com/shell/monitoring/Messages',
    'https://cockpit.eu10.hana.ondemand.com/cockpit/#/globalaccount/1',
    `${RUNTIME}/itspaces/shell/monitoring/Messages`,
    '/itspaces/shell/monitoring/Messages',
    '/shell/design/contentpackage',
    `${RUNTIME}/http/products?x=1`,
    '/http/products?x=1',
    '/http/products#x',
    '/',
    '',
    '/http',
    '/http/',
    '/cxf/',
    '//evil.example.com/http/x',
    '/http//x',
    '/http/../api/v1',
    '/http/./x',
    '/http/%2e%2e/x',
    '/http/..%2fx',
    '/http/a%5cb',
    '/http/a%252e',
    '/http/a\\b',
    '/http/a b',
    '/http/a%0d%0ab',
    '/http/a%zz',
    '/http/ä',
  ])('%j is refused with the place to find the right one', (text) => {
    const result = parseFlowAddress(text, RUNTIME);
    expect(result.ok ? 'taken' : result.fault.cure).toContain(ENDPOINTS_HINT);
  });

  it('with the wildcard of a sender names subpaths instead', () => {
    const result = parseFlowAddress('/http/customer/*', RUNTIME);
    expect(result.ok ? 'taken' : result.fault.cure).toContain('subpaths: true');
  });

  it('is stripped of the path of a proxy before the runtime', () => {
    expect(parseFlowAddress('https://proxy.example.com/cpi/http/x', 'https://proxy.example.com/cpi')).toEqual({
      ok: true,
      value: '/http/x',
    });
  });

  it('may be a URL whose runtime is not known yet', () => {
    expect(parseFlowAddress(`${RUNTIME}/http/x`, undefined)).toEqual({ ok: true, value: '/http/x' });
  });
});
