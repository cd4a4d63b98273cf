import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { useFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection } from '../support/raw-http.ts';

const flowgate = useFlowgate();

const DEFINITIONS = '/api/workflow/definitions';

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
type Loose = any;

describe('the answers of the sandbox', () => {
  let document: Loose;
  let id = '';

  beforeAll(async () => {
    document = (await flowgate.get('/openapi.json')).json;
    const started = await flowgate.post('/api/workflow/definitions/onboarding/instances', '{"employee":"Ada"}');
    id = (started.json as { id: string }).id;
  });

  it.each([
    '/api/workflow/definitions',
    '/api/workflow/definitions/{id}',
    '/api/workflow/definitions/{id}/versions',
    '/api/workflow/definitions/{id}/sample-context',
    '/api/workflow/instances',
    '/api/workflow/instances/{id}',
    '/api/workflow/instances/{id}/context',
    '/api/workflow/instances/{id}/attributes',
    '/api/workflow/instances/{id}/error-messages',
    '/api/workflow/instances/{id}/execution-logs',
    '/api/workflow/tasks',
    '/api/integration/flows',
  ])('to GET %s are what the document says', async (path) => {
    const { status, json } = await flowgate.get(path.replace('{id}', path.includes('definitions') ? 'onboarding' : id));
    expect(status).toBe(200);
    expect(misfits('get', path, 200, json)).toEqual([]);
  });

  it('to a start are what the document says', async () => {
    const { status, json } = await flowgate.post('/api/workflow/definitions/onboarding/instances', '{}');
    expect(status).toBe(201);
    expect(misfits('post', '/api/workflow/definitions/{id}/instances', 201, json)).toEqual([]);
  });

  it('that are problems are what the document says', async () => {
    const { status, json } = await flowgate.get('/api/workflow/instances/unknown');
    expect(misfits('get', '/api/workflow/instances/{id}', status, json)).toEqual([]);
  });

  it.each([
    [400, [`GET ${DEFINITIONS}?top=1 HTTP/1.1`, 'Host: flowgate.example', 'Host: other.example']],
    [414, [`GET ${DEFINITIONS}?top=${'1'.repeat(5_000)} HTTP/1.1`, 'Host: flowgate.example']],
    [417, [`GET ${DEFINITIONS} HTTP/1.1`, 'Host: flowgate.example', 'Expect: a-miracle']],
    [431, [`GET ${DEFINITIONS} HTTP/1.1`, 'Host: flowgate.example', ...Array<string>(100).fill('x-more: 1')]],
    [501, [`GET ${DEFINITIONS} HTTP/1.1`, 'Host: flowgate.example', 'Transfer-Encoding: gzip, chunked']],
    [505, [`GET ${DEFINITIONS} HTTP/2.0`, 'Host: flowgate.example']],
  ])('to a request that is refused with %i are what the document says', async (status, lines) => {
    const connection = await RawConnection.open(flowgate.port);
    connection.write([...lines, '', ''].join('\r\n'));
    const answer = await connection.answer();
    connection.destroy();
    expect(answer?.status).toBe(status);
    expect(misfits('get', DEFINITIONS, status, JSON.parse(String(answer?.body)))).toEqual([]);
  });

  function misfits(method: string, path: string, status: number, json: unknown): string[] {
    const response = whole(document.paths[path][method].responses[String(status)]);
    const [content] = Object.values(response.content) as [{ schema: Loose }];
    const result = z.fromJSONSchema(content.schema).safeParse(json);
    return (result.error?.issues ?? []).map(({ path: at, message }) => `${at.join('.')}: ${message}`);
  }

  /** With what its references stand for in their places. */
  function whole(part: Loose): Loose {
    if (Array.isArray(part)) return part.map(whole);
    if (typeof part !== 'object' || part === null) return part;
    if (typeof part.$ref === 'string')
      return whole(
        part.$ref
          .slice(2)
          .split('/')
          .reduce((found: Loose, name: string) => found[name], document),
      );
    // What reads the schema here takes a URI reference for a whole URL.
    const members = Object.entries(part).filter(([, value]) => value !== 'uri-reference');
    return Object.fromEntries(members.map(([name, value]) => [name, whole(value)]));
  }
});
