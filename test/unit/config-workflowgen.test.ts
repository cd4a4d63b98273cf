import { describe, expect, it } from '@jest/globals';
import type { WorkflowgenConfig } from '../../src/config/config.ts';
import { faultySettings, load, ONE_CALLER, problemWith, service } from '../support/config-sources.ts';

const TOKEN = `token: { url: https://acme.eu.auth0.com/oauth/token, clientId: id, clientSecret: "\${WFGEN_SECRET}",
  params: { audience: "https://wfgen.example.com/wfgen/graphql" } }`;

const FILES = {
  '/app/graphql/open.graphql': 'query ($size: Int!) { requests(page: { size: $size }) { totalCount } }',
  '/app/graphql/broken.graphql': 'query {\n  a(\n}',
};

function withEntry(settings: string) {
  return {
    env: { ...ONE_CALLER, WFGEN_SECRET: 'wfgen-secret', WFGEN_API_KEY: 'wfgen-api-key' },
    file: `services: { requests: { kind: workflowgen, ${settings} } }`,
    files: FILES,
  };
}

function loaded(settings: string): WorkflowgenConfig {
  const found = service(load(withEntry(settings)), 'requests');
  if (found.kind !== 'workflowgen') throw new Error('another kind');
  return found;
}

const URL = 'url: https://wfgen.example.com/wfgen/graphql';

describe('a workflowgen service', () => {
  it('has its endpoint, its client with the audience, its second key and who acts', () => {
    const config = loaded(`${URL}, ${TOKEN}, apiKey: "\${WFGEN_API_KEY}", identity: { claim: email }`);
    expect(config).toMatchObject({
      graphqlUrl: 'https://wfgen.example.com/wfgen/graphql',
      token: { auth: 'client_secret_post', params: { audience: 'https://wfgen.example.com/wfgen/graphql' } },
      identity: { claim: 'email' },
      operations: [],
    });
    expect(config.apiKey?.reveal()).toBe('wfgen-api-key');
  });

  it.each([
    ['https://wfgen.example.com', 'https://wfgen.example.com/wfgen/graphql'],
    ['https://wfgen.example.com/wfgen/', 'https://wfgen.example.com/wfgen/graphql'],
    ['https://wfgen.example.com/wfgen/graphql/schema', 'https://wfgen.example.com/wfgen/graphql'],
    ['https://gateway.example.com/api/wf', 'https://gateway.example.com/api/wf'],
  ])('takes %s as an address', (url, endpoint) => {
    expect(loaded(`url: "${url}", ${TOKEN}`).graphqlUrl).toBe(endpoint);
  });

  it('reads its documents from the folder of the file', () => {
    const operations = 'operations: { open: { document: ./graphql/open.graphql, timeout: 5s, maxBody: 1kb } }';
    expect(loaded(`${URL}, ${TOKEN}, ${operations}`).operations).toMatchObject([
      { name: 'open', document: { type: 'query', variables: [{ name: 'size' }] }, timeoutMs: 5000, maxBodyBytes: 1024 },
    ]);
  });

  it('gives an operation the time of all requests and what IIS takes, where it says nothing', () => {
    const operations = 'operations: { open: { document: graphql/open.graphql } }';
    expect(loaded(`${URL}, ${TOKEN}, ${operations}`).operations).toMatchObject([
      { timeoutMs: 30_000, maxBodyBytes: 30_000_000 },
    ]);
  });

  it('names the file and the line of a broken document', () => {
    const given = withEntry(`${URL}, ${TOKEN}, operations: { bad: { document: graphql/broken.graphql } }`);
    expect(problemWith('services.requests.operations.bad.document', given)).toMatch(
      /^\(broken\.graphql\) line 3, column 1: /,
    );
  });

  it.each([
    ['operations: { a: { document: none.graphql } }', 'operations.a.document'],
    ['operations: { a: {} }', 'operations.a.document'],
    ['operations: { a/b: { document: graphql/open.graphql } }', 'operations.(unusual name)'],
    ['operations: { a: { document: graphql/open.graphql, query: x } }', 'operations.a.query'],
    ['identity: {}', 'identity'],
    ['administration: true', 'administration'],
  ])('with { %s } is a problem', (more, name) => {
    expect(faultySettings(withEntry(`${URL}, ${TOKEN}, ${more}`))).toEqual([`services.requests.${name}`]);
  });

  it('needs an address, and a client with all its parts', () => {
    expect(faultySettings(withEntry('token: {}'))).toEqual([
      'services.requests.url',
      'services.requests.token.url',
      'services.requests.token.clientId',
      'services.requests.token.clientSecret',
    ]);
  });
});
