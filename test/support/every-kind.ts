import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';

/** A configuration with a service of every kind and every setting that shows in documents. Its values are made up. */
export const everyKindYaml = `
services:
  workflow:
    kind: sap-workflow
    url: https://api.workflow.example.com/workflow-service/rest
    token: { url: https://uaa.example.com, clientId: workflow, clientSecret: made-up-secret-1 }
  integration:
    kind: sap-integration
    url: https://tenant.it-cpi001-rt.example.com
    token: { url: https://uaa.example.com, clientId: integration, clientSecret: made-up-secret-2 }
    flows:
      product-details: { address: /http/products }
      orders: { address: /http/orders, methods: [GET, POST], subpaths: true }
  approvals:
    kind: workflow-server
    url: https://wfs.example.com
    accessToken: made-up-token-1
    administration: true
    identity: { from: caller }
  requests:
    kind: workflowgen
    url: https://wfgen.example.com/wfgen/graphql
    token: { url: https://idp.example.com/oauth/token, clientId: wfgen, clientSecret: made-up-secret-3 }
    operations:
      open-requests: { document: ./open-requests.graphql }
      attach: { document: ./attach.graphql }
  catalogue:
    kind: http
    url: https://api.example.com
    token: { url: https://idp.example.com/oauth/token, clientId: api, clientSecret: made-up-secret-4 }
    routes:
      - GET /products/:id -> /v2/products/:id
      - POST /orders -> /v2/orders
      - GET /files/** -> /v2/files/**
callers:
  hr-portal:
    apiKeys: [made-up-key-0123456789]
    allow: ['POST /api/workflow/definitions/onboarding/instances', 'GET /api/workflow/instances/**']
  intranet:
    jwt: { issuer: 'https://login.example.com/', audience: flowgate }
    allow: ['* /api/**']
`;

const FILES: Readonly<Record<string, string>> = {
  '/made-up/flowgate.yaml': everyKindYaml,
  '/made-up/open-requests.graphql':
    'query ($first: Int!, $names: [String!]) { requests(first: $first, names: $names) { items { number } } }',
  '/made-up/attach.graphql':
    'mutation ($number: Int!, $file: Upload!) { attach(number: $number, file: $file) { number } }',
};

export function everyKindConfig(env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    env: { PUBLIC_URL: 'https://flowgate.internal', ...env },
    cwd: '/made-up',
    readFile(path) {
      const text = FILES[path];
      if (text !== undefined) return text;
      throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    },
  });
}

/** What must not get into a document. */
export const madeUpValues: readonly string[] = [
  ...(everyKindYaml.match(/made-up-[\w-]+/g) ?? []),
  'uaa.example.com',
  'api.example.com',
  'wfs.example.com',
];
