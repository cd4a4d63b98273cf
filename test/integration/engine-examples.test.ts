import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';

/**
 * The examples of the vendors' pages, and of ours, as the curl lines that people paste: at the engine itself, where the
 * token is their own affair, and at Flowgate, where it is not.
 */

const documents = { workflowServer: page('workflow-server'), workflowgen: page('workflowgen') };

const stack = useFlowgate({
  file: ({ workflowServer, workflowgen }: Sandbox) => `
services:
  approvals:
    kind: workflow-server
    url: ${workflowServer.url}
    token: { clientId: ${workflowServer.clientId}, clientSecret: "${workflowServer.clientSecret}" }
  requests:
    kind: workflowgen
    url: ${workflowgen.graphqlUrl}
    token:
      url: ${workflowgen.tokenUrl}
      clientId: "${workflowgen.clientId}"
      clientSecret: "${workflowgen.clientSecret}"
      params: { audience: "${workflowgen.graphqlUrl}" }
    apiKey: "${workflowgen.apiKey}"
    operations:
      open-requests: { document: ./graphql/open-requests.graphql }
`,
  files: { 'graphql/open-requests.graphql': blocks(documents.workflowgen, 'graphql')[0] ?? '' },
});
beforeAll(() => stack.secrets.plantAllOf('WorkflowGen', stack.sandbox.workflowgen));

// The lines are for people with curl; a slim container has none.
const withCurl = spawnSync('curl', ['--version']).status === 0 ? it : it.skip;

function page(name: string): string {
  return readFileSync(`docs/${name}.md`, 'utf8');
}

/** The code blocks of one language in a Markdown text. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  );
}

interface Said {
  readonly status: number;
  readonly location: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
  readonly json: any;
}

/** Runs one line in a shell. Flowgate and the engines are in this process, so it must not wait for the shell idly. */
async function paste(line: string, variables: Record<string, string> = {}): Promise<Said> {
  const command = line.replace('curl ', 'curl -sS -i ').replaceAll('http://localhost:3000', stack.url);
  const shell = spawn('sh', ['-c', command], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  expect(stderr).toBe('');
  const [head = '', ...body] = stdout.split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
    location: /^location: (\S+)/im.exec(head)?.[1],
    json: JSON.parse(body.join('\r\n\r\n')),
  };
}

const POST_JSON = `-H 'content-type: application/json'`;

describe("WorkflowServer's example", () => {
  withCurl('at the server: token endpoint from its configuration, token, createinstance of TestScheme', async () => {
    const { url, clientId, clientSecret } = stack.sandbox.workflowServer;
    const configuration = await paste(`curl ${url}/.well-known/openid-configuration`);
    expect(configuration.json).toMatchObject({ token_endpoint: `${url}/connect/token` });
    const token = await paste(
      `curl -d client_id=${clientId} --data-urlencode "client_secret=$SECRET" -d grant_type=client_credentials ${url}/connect/token`,
      { SECRET: clientSecret },
    );
    expect(token.json).toMatchObject({ token_type: 'Bearer', expires_in: 3600, access_token: expect.any(String) });
    const process = `${url}/workflowapi/createinstance/f54104f0-5de2-ea7b-e3be-47c9199a3967`;
    const created = await paste(
      `curl ${POST_JSON} -H "authorization: Bearer $TOKEN" -d '{ "schemeCode" : "TestScheme" }' ${process}`,
      { TOKEN: token.json.access_token as string },
    );
    expect([created.status, created.json]).toEqual([200, { data: null, success: true, error: '', message: '' }]);
  });

  withCurl('at Flowgate: one line', async () => {
    const line = `curl -H "x-api-key: $KEY" ${POST_JSON} -d '{}' http://localhost:3000/api/approvals/definitions/TestScheme/instances`;
    const started = await paste(line, { KEY: API_KEY });
    expect([started.status, started.json]).toMatchObject([201, { definitionId: 'TestScheme', status: 'Idled' }]);
    expect(started.location).toBe(`/api/approvals/instances/${started.json.id}`);
  });

  it('has Flowgate ask for the token as the vendor does: grant, id and secret in the form, and no scope', async () => {
    await stack.renew();
    stack.sandbox.control.fail({ upstream: 'workflowServer', path: '/connect/token' });
    await stack.get('/api/approvals/definitions');
    const { path, headers, rawBody } = stack.sandbox.control.lastRequest('workflowServer') ?? {};
    expect([path, headers?.['content-type']]).toEqual(['/connect/token', 'application/x-www-form-urlencoded']);
    expect(headers).not.toHaveProperty('authorization');
    const { clientId, clientSecret } = stack.sandbox.workflowServer;
    expect(Object.fromEntries(new URLSearchParams(rawBody?.toString()))).toEqual({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    await stack.renew();
  });
});

describe("WorkflowGen's example", () => {
  withCurl('at the server: client credentials from Auth0 with the audience of the API, then GraphQL', async () => {
    const { graphqlUrl, tokenUrl, clientId, clientSecret, apiKey } = stack.sandbox.workflowgen;
    const credentials = JSON.stringify({
      client_id: clientId,
      client_secret: clientSecret,
      audience: graphqlUrl,
      grant_type: 'client_credentials',
    });
    const token = await paste(`curl ${POST_JSON} -d "$CREDENTIALS" ${tokenUrl}`, { CREDENTIALS: credentials });
    expect(token.json).toEqual({ access_token: expect.any(String), expires_in: 86_400, token_type: 'Bearer' });
    const query = JSON.stringify({ query: '{ viewer { actions(page: { number: 1, size: 50 }) { totalCount } } }' });
    const answer = await paste(
      `curl ${POST_JSON} -H "authorization: Bearer $TOKEN" -H "x-wfgen-graphql-api-key: $SECOND" -d '${query}' ${graphqlUrl}`,
      { TOKEN: token.json.access_token as string, SECOND: apiKey },
    );
    expect([answer.status, answer.json]).toEqual([
      200,
      { data: { viewer: { actions: { totalCount: expect.any(Number) } } } },
    ]);
  });

  withCurl('at Flowgate: one line', async () => {
    const line = 'curl -H "x-api-key: $KEY" "http://localhost:3000/api/requests/tasks?size=50"';
    const tasks = await paste(line, { KEY: API_KEY });
    expect([tasks.status, tasks.json]).toMatchObject([
      200,
      { viewer: { actions: { totalCount: expect.any(Number) } } },
    ]);
  });
});

describe('the lines of our own pages', () => {
  const [startProcess = ''] = blocks(documents.workflowServer, 'sh');
  const [startRequest = '', runOperation = ''] = blocks(documents.workflowgen, 'sh');

  withCurl.each([
    ['docs/workflow-server.md', startProcess, 'TestScheme'],
    ['docs/workflowgen.md', startRequest, 'SIMPLE_REQUEST'],
  ])('%s: the start answers as the page says', async (_page, line, definitionId) => {
    const started = await paste(line, { KEY: API_KEY });
    expect([started.status, started.json]).toEqual([
      201,
      { id: expect.any(String), definitionId, status: expect.any(String) },
    ]);
    expect(started.location).toMatch(new RegExp(`/instances/${started.json.id}$`));
  });

  withCurl('docs/workflowgen.md: the operation runs', async () => {
    const answer = await paste(runOperation, { KEY: API_KEY });
    expect([answer.status, answer.json]).toEqual([
      200,
      { requests: { totalCount: expect.any(Number), items: expect.any(Array) } },
    ]);
  });
});
