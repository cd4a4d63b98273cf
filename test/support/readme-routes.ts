import { readFileSync, writeFileSync } from 'node:fs';
import type {
  SapIntegrationConfig,
  SapWorkflowConfig,
  TokenClient,
  WorkflowgenConfig,
  WorkflowServerConfig,
} from '../../src/config/config.ts';
import { offerOf } from '../../src/services/offers.ts';
import type { Offer } from '../../src/services/operation.ts';

const BEGIN = '<!-- routes:begin (checked against the operation table by a test) -->\n';
const END = '<!-- routes:end -->';

const token: TokenClient = {
  url: 'https://tenant.example.com/oauth/token',
  clientId: 'client',
  auth: 'client_secret_post',
  clientSecret: undefined,
  certificate: undefined,
  key: undefined,
  params: {},
  headers: {},
  maxLifeSeconds: 7200,
};

const workflow: SapWorkflowConfig = {
  kind: 'sap-workflow',
  name: 'workflow',
  source: '',
  token,
  apiUrl: 'https://api.example.com/workflow-service/rest/v1',
  environmentId: undefined,
  apiKey: undefined,
};

const integration: SapIntegrationConfig = {
  kind: 'sap-integration',
  name: 'integration',
  source: '',
  token,
  runtimeUrl: 'https://tenant.it-cpi001-rt.example.com',
  flows: [
    {
      name: ':flow',
      address: '/http/flow',
      methods: ['POST'],
      subpaths: false,
      csrf: 'auto',
      timeoutMs: 30_000,
      maxBodyBytes: 1,
      idempotent: false,
      passErrors: false,
      headers: [],
      responseHeaders: [],
    },
  ],
};

const workflowServer: WorkflowServerConfig = {
  kind: 'workflow-server',
  name: 'approvals',
  source: '',
  token,
  accessToken: undefined,
  url: 'https://wfs.example.com',
  administration: true,
  identity: { claim: undefined },
};

const workflowgen: WorkflowgenConfig = {
  kind: 'workflowgen',
  name: 'requests',
  source: '',
  token,
  graphqlUrl: 'https://wfgen.example.com/wfgen/graphql',
  apiKey: undefined,
  operations: [
    {
      name: ':operation',
      document: {
        text: '',
        type: 'mutation',
        variables: [{ name: 'file', type: { kind: 'named', name: 'Upload' }, hasDefault: false, isUpload: true }],
      },
      timeoutMs: 30_000,
      maxBodyBytes: 1,
    },
  ],
};

const SECTIONS: readonly (readonly [title: string, offer: Offer])[] = [
  ['SAP Workflow and SAP Build Process Automation', offerOf(workflow)],
  ['SAP Cloud Integration', offerOf(integration)],
  ['Optimajet WorkflowServer', offerOf(workflowServer)],
  ['WorkflowGen', offerOf(workflowgen)],
];

/** The README with its table of routes made anew from the operation tables. */
export function withRoutes(readme: string): string {
  const begin = readme.indexOf(BEGIN) + BEGIN.length;
  const end = readme.indexOf(END);
  const sections = SECTIONS.map(([title, offer]) => section(title, offer));
  return `${readme.slice(0, begin)}\n${sections.join('\n')}\n${readme.slice(end)}`;
}

function section(title: string, { operations }: Offer): string {
  const rows = operations.map(
    ({ method, path, summary, authorities }) =>
      `| \`${method} ${path}\` | ${shown(summary)} | ${authorities.map((name) => `\`${name}\``).join(' ')} |`,
  );
  return [`### ${title}`, '', '| route | what it does | authority |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** Flows and documents have the names that the configuration gives them. */
function shown(summary: string): string {
  return summary
    .replace('the integration flow :flow', 'one integration flow')
    .replace('the GraphQL mutation :operation', 'one configured GraphQL document');
}

// Run by itself, it writes the table: node test/support/readme-routes.ts, then npm run format.
if (import.meta.main) writeFileSync('README.md', withRoutes(readFileSync('README.md', 'utf8')));
