import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { findingsOf, look, parseReport, runDoctor, type DoctorReport } from '../support/doctor-report.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import type { CommandResult } from '../support/run-flowgate.ts';

const KEY = 'doctors-key-0123456789';
const secrets = new PlantedSecrets();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  secrets.plant('API key', KEY);
  secrets.plantAllOf('service keys', sandbox.serviceKeys);
  secrets.plant('API key of the environment', sandbox.sharedEnvironment.apiKey);
});
afterEach(async () => {
  await sandbox.control.reset();
  expect(secrets.takeLeaks()).toEqual([]);
});
afterAll(() => sandbox.close());

/** Two service keys, some flows, and a caller for all routes. */
function environment(): Record<string, string> {
  return {
    WORKFLOW_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.workflow),
    INTEGRATION_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.integration),
    API_KEYS: `tester=${KEY}`,
  };
}

const FLOWS = `
services:
  integration:
    flows:
      product-details: { address: /http/products }
      orders: { address: /http/orders, methods: [GET, POST] }
      always: { address: /http/orders, csrf: always }
`;

async function examine(args: readonly string[], file: string = FLOWS): Promise<CommandResult> {
  const result = await runDoctor({ args, file, env: environment() });
  secrets.look('stdout', result.stdout);
  secrets.look('stderr', result.stderr);
  return result;
}

async function reportOn(file?: string): Promise<DoctorReport> {
  return parseReport(await examine(['--json'], file));
}

describe('flowgate doctor on healthy services', () => {
  let result: CommandResult;
  let report: DoctorReport;
  let counters: ReturnType<Sandbox['control']['counters']>;
  beforeAll(async () => {
    result = await examine(['--json']);
    counters = sandbox.control.counters();
    report = parseReport(result);
  });

  it('ends with status 0, every mark ok', () => {
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(report).toMatchObject({ healthy: true, summary: { warning: 0, failed: 0, skipped: 0 } });
  });

  it('asks in the order in which one would ask', () => {
    const steps = findingsOf(report, 'workflow').map(({ step }) => step);
    expect([...new Set(steps)]).toEqual([
      'name',
      'port',
      'certificate',
      'clock',
      'token',
      'authorities',
      'plan',
      'API',
    ]);
  });

  it('tells how long the token took, how long it lives and how large it is', () => {
    expect(look(report, 'workflow', 'token')).toMatch(
      /^ok: obtained in \d+ ms; lives 43199 s, used for 2h; \d{4} bytes$/,
    );
  });

  it('asks for one token per client', () => {
    expect(counters.tokenRequests).toBe(2);
  });

  it('finds each flow, the protected ones too, and runs none', () => {
    expect(look(report, 'integration', 'flow product-details')).toBe(
      'ok: /http/products answers OPTIONS with 200; it was not run',
    );
    expect(look(report, 'integration', 'flow always')).toMatch(/^ok: .*HEAD with 200, protected against CSRF/);
    expect(counters.flowRuns).toEqual({});
  });

  it('sends no GET to a flow, and starts nothing', () => {
    const asked = Object.values(counters.requests).flatMap((routes) => Object.keys(routes));
    expect(asked.filter((route) => route.startsWith('POST'))).toEqual(['POST /oauth/token']);
    expect(asked.filter((route) => route.startsWith('GET'))).toEqual(['GET /workflow-definitions']);
  });

  it('shows CORS, keep-alive and Redis as they hold', () => {
    expect(look(report, 'server', 'CORS')).toBe('ok: own origin http://localhost:3000; for all callers none');
    expect(look(report, 'server', 'keep-alive')).toContain('120 s');
    expect(look(report, 'server', 'Redis')).toContain('none');
  });

  it('prints a line for each with its mark, and a summary', async () => {
    const { status, stdout } = await examine([]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^workflow \(sap-workflow, from WORKFLOW_SERVICE_KEY\)$/m);
    expect(stdout).toMatch(/^ {2}ok {7}token +obtained in/m);
    expect(stdout).toMatch(/^\d+ ok, 0 warnings, 0 failed \(\d+\.\d s\)\. Nothing was started or changed\.$/m);
  });

  it('looks at one service alone where it is told so', async () => {
    const one = parseReport(await examine(['--json', '--service', 'workflow']));
    expect(one.chapters.map(({ title }) => title)).toEqual(['workflow (sap-workflow, from WORKFLOW_SERVICE_KEY)']);
  });
});

describe('flowgate doctor, called in a wrong way', () => {
  it('ends with status 64 for a service that does not exist, and names the nearest', async () => {
    const result = await examine(['--service', 'workflwo']);
    expect([result.status, result.stdout]).toEqual([64, '']);
    expect(result.stderr).toContain('Did you mean workflow?');
  });

  it('ends with status 78 for a configuration with problems', async () => {
    const result = await examine([], 'services: { integration: { flwos: {} } }');
    expect([result.status, result.stdout]).toEqual([78, '']);
    expect(result.stderr).toContain('services.integration.flwos');
  });
});

describe('flowgate doctor on the authorities of a client', () => {
  const ONE_ROUTE = `
services: { workflow: { kind: sap-workflow, binding: my-workflow } }
callers:
  portal:
    apiKeys: [portals-key-0123456789]
    allow: [POST /api/workflow/definitions/onboarding/instances, GET /api/workflow/definitions]
`;

  it("compares them with what the callers' routes need, and gives the whole command", async () => {
    sandbox.control.setAuthorities({ authorities: ['TASK_GET', 'WORKFLOW_DEFINITION_GET'] });
    const binding = {
      name: 'my-workflow',
      label: 'workflow',
      plan: 'standard',
      credentials: sandbox.serviceKeys.workflow,
    };
    const env = { VCAP_SERVICES: JSON.stringify({ workflow: [binding] }) };
    const result = await runDoctor({ args: ['--json'], file: ONE_ROUTE, env });
    expect(result.status).toBe(1);
    expect(look(parseReport(result), 'workflow', 'authorities')).toBe(
      'failed: The client lacks WORKFLOW_INSTANCE_START (for POST /definitions/:id/instances). -> ' +
        'The list replaces the old one, so this is the whole of it: cf update-service my-workflow -c ' +
        `'{"authorities":["TASK_GET","WORKFLOW_DEFINITION_GET","WORKFLOW_INSTANCE_START"],"defaultCollectionQueryFilter":"own"}'`,
    );
  });

  it('finds that the API answers even if the client may read nothing', async () => {
    sandbox.control.setAuthorities({ authorities: ['MESSAGE_SEND'] });
    expect(look(await reportOn(), 'workflow', 'API')).toBe('ok: answers, and refuses list-definitions');
  });

  it('warns of a missing role of an integration client, and names the flow that refuses it', async () => {
    sandbox.control.setAuthorities({ client: 'integration', authorities: ['Orders.approve'] });
    const report = await reportOn();
    expect(look(report, 'integration', 'roles')).toMatch(/^warning: The client has no ESBMessaging.send.*roles/);
    expect(look(report, 'integration', 'flow orders')).toMatch(/^failed: The flow refused the OAuth client.*User Role/);
  });
});

describe('flowgate doctor on SAP Build Process Automation', () => {
  it('reads from the shared environment with its API key', async () => {
    const { environmentId, apiKey } = sandbox.sharedEnvironment;
    const file = `services: { bpa: { kind: sap-workflow, key: bpa.json, environmentId: ${environmentId}, apiKey: ${apiKey} } }`;
    const report = await reportOn(
      file.replace('key: bpa.json', `url: "${sandbox.workflow.url}", token: ${bpaToken()}`),
    );
    expect(look(report, 'bpa', 'API')).toBe('ok: answers list-definitions');
  });

  it('compares roles, where the token has them in place of authorities', async () => {
    const authorities = ['ProcessAutomationAdmin', 'ProcessAutomationParticipant'];
    sandbox.control.setAuthorities({ client: 'processAutomation', authorities });
    const file = `services: { bpa: { kind: sap-workflow, url: "${sandbox.workflow.url}", token: ${bpaToken()} } }`;
    expect(look(await reportOn(file), 'bpa', 'authorities')).toBe(
      'ok: the client has ProcessAutomationAdmin, ProcessAutomationParticipant',
    );
  });

  it('names the role that is missing for what is more than starting', async () => {
    sandbox.control.setAuthorities({ client: 'processAutomation', authorities: ['ProcessAutomationParticipant'] });
    const file = `services: { bpa: { kind: sap-workflow, url: "${sandbox.workflow.url}", token: ${bpaToken()} } }`;
    expect(look(await reportOn(file), 'bpa', 'authorities')).toMatch(
      /^failed: The client lacks the role ProcessAutomationAdmin \(for .*\).* -> .*ProcessAutomationAdmin/,
    );
  });

  function bpaToken(): string {
    const { clientid, clientsecret, url } = sandbox.serviceKeys.processAutomation.uaa;
    return JSON.stringify({ url, clientId: clientid, clientSecret: clientsecret });
  }
});
