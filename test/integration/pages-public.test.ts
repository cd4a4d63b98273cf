import { describe, expect, it } from '@jest/globals';
import { problemTable } from '../../src/problems/problem-table.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

const NARROW_KEY = 'narrow-key-0123456789abcdef';
const OPERATOR_KEY = 'operator-key-0123456789abcdef';
const ORIGIN = 'https://intranet.example.com';

const flowgate = useFlowgate({
  env: { CORS_ORIGINS: ORIGIN },
  file: () => `
callers:
  narrow:
    apiKeys: [${NARROW_KEY}]
    allow: ['GET /api/workflow/definitions']
  operator:
    apiKeys: [${OPERATOR_KEY}]
    allow: [GET /status, GET /metrics]
`,
});

/** A request without a credential. */
function fetchPlain(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${flowgate.url}${path}`, { redirect: 'manual', ...init });
}

describe.each(['/docs', '/console', '/problems/authority-missing'])('%s', (path) => {
  it('is a page that needs no credential', async () => {
    const response = await fetchPlain(path, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });

  it('lets nothing run or load but what stands in it', async () => {
    const response = await fetchPlain(path, { headers: { accept: 'text/html' } });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = await response.text();
    expect(html).not.toMatch(/\ssrc=|\son\w+=|\sstyle=|javascript:/);
    expect(html).not.toMatch(/<link rel="stylesheet"/);
  });

  it('has the headers that every answer has', async () => {
    const { headers } = await fetchPlain(path);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('x-correlation-id')).not.toBeNull();
  });

  it('answers HEAD as GET, without the body', async () => {
    const [get, head] = [await fetchPlain(path), await fetchPlain(path, { method: 'HEAD' })];
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength));
    expect(await head.text()).toBe('');
  });

  it('takes no other method', async () => {
    const response = await fetchPlain(path, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ code: 'method-not-allowed' });
  });

  it('exists under this path alone', async () => {
    for (const other of [`${path}/`, path.toUpperCase(), `/${path}`, path.replace('o', '%6f')])
      expect([other, (await fetchPlain(other)).status]).toEqual([other, 404]);
  });
});

describe('the problem pages', () => {
  it('are there for every problem, as a page and as data', async () => {
    for (const [code, { status, title }] of Object.entries(problemTable)) {
      const page = await fetchPlain(`/problems/${code}`, { headers: { accept: 'text/html' } });
      expect([code, page.status]).toEqual([code, 200]);
      expect(await page.text()).toContain(`<code>${code}</code>`);
      const data = await fetchPlain(`/problems/${code}`, { headers: { accept: 'application/json' } });
      expect(data.headers.get('content-type')).toBe('application/json');
      expect(await data.json()).toMatchObject({ type: `/problems/${code}`, code, status, title });
    }
  });

  it('tell every status with which a problem may come, as a page and as data', async () => {
    const read = async (accept: string) => fetchPlain('/problems/outcome-unknown', { headers: { accept } });
    expect(await (await read('application/json')).json()).toMatchObject({
      status: 502,
      statuses: [502, 504],
      placeholders: { $KEY: 'an API key' },
    });
    expect(await (await read('text/html')).text()).toContain('<dd>502 or 504</dd>');
  });

  it.each([
    ['application/json, text/html;q=0.9', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
    ['application/problem+json, application/json', 'application/json'],
    ['image/png', 'text/html; charset=utf-8'],
  ])('asked for with Accept: %s come as %s', async (accept, contentType) => {
    const { headers } = await fetchPlain('/problems/internal', { headers: { accept } });
    expect(headers.get('content-type')).toBe(contentType);
  });

  it('do not take a list apart that is longer than any reader sends', async () => {
    const accept = `application/json, ${'text/html;x="a,b";q=0.1, '.repeat(600)}text/plain`;
    const { status, headers } = await fetchPlain('/problems/internal', { headers: { accept } });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('say that they depend on what is asked for', async () => {
    const response = await fetchPlain('/problems/internal');
    expect(response.headers.get('vary')).toBe('Origin, Accept');
  });

  it('are where the type of a problem leads', async () => {
    const { json } = await flowgate.get('/api/workflow/instances/unknown');
    expect(json.type).toBe('/problems/instance-not-found');
    expect((await fetchPlain(json.type as string)).status).toBe(200);
  });

  it.each(['/problems/no-such-problem', '/problems/__proto__', '/problems/constructor', '/problems', '/problems/'])(
    '%s does not exist',
    async (path) => {
      const response = await fetchPlain(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not-found' });
    },
  );
});

describe('the documents', () => {
  it.each(['/openapi.json', '/postman.json'])('%s needs a credential', async (path) => {
    const response = await fetchPlain(path);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).not.toBeNull();
    expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
  });

  it.each(['/openapi.json', '/postman.json'])('%s takes GET and HEAD', async (path) => {
    const { status, headers } = await flowgate.send('PUT', path);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
    expect((await flowgate.send('HEAD', path)).status).toBe(200);
  });

  it('show a caller what it may call', async () => {
    const { json: whole } = await flowgate.get('/openapi.json');
    expect(Object.keys(whole.paths as object)).toContain('/api/integration/flows/product-details');
    const answer = await fetchPlain('/openapi.json', { headers: { 'x-api-key': NARROW_KEY } });
    const narrow = (await answer.json()) as { paths: object };
    expect(Object.keys(narrow.paths).filter((path) => path.startsWith('/api/'))).toEqual(['/api/workflow/definitions']);
  });

  it('list the routes for operators to those who are granted them by name', async () => {
    const paths = async (key: string): Promise<string[]> => {
      const answer = await fetchPlain('/openapi.json', { headers: { 'x-api-key': key } });
      return Object.keys(((await answer.json()) as { paths: object }).paths);
    };
    expect(await paths(NARROW_KEY)).not.toContain('/status');
    expect(await paths(OPERATOR_KEY)).toEqual(expect.arrayContaining(['/status', '/metrics']));
  });

  it('can be read by pages of allowed origins', async () => {
    const { headers } = await flowgate.get('/openapi.json', { origin: ORIGIN });
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('name their caller and their route in the log', async () => {
    await flowgate.get('/openapi.json');
    await fetchPlain('/problems/internal');
    const routes = flowgate.logLines.filter(({ msg }) => msg === 'request').map(({ caller, route }) => [caller, route]);
    expect(routes).toEqual([
      ['tester', '/openapi.json'],
      [undefined, '/problems/:code'],
    ]);
  });

  it('every route of our own that they list exists', async () => {
    const { json } = await flowgate.get('/openapi.json');
    const own = Object.keys(json.paths as object).filter((path) => !path.startsWith('/api/'));
    expect(own).toContain('/health');
    for (const path of own) {
      const { status } = await flowgate.get(path.replace('{code}', 'internal'));
      expect([path, status]).toEqual([path, 200]);
    }
  });
});
