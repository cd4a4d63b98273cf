import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { look, parseReport, runDoctor, type DoctorReport } from '../support/doctor-report.ts';
import { freePort } from '../support/free-port.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { inFolder, type CommandResult } from '../support/run-flowgate.ts';
import { SmallServers } from '../support/small-servers.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const KEY = 'doctors-key-0123456789';
const DAY_MS = 86_400_000;
/** What the doctor promises for all together. */
const PROMISED_MS = 15_000;

const secrets = new PlantedSecrets();
const servers = new SmallServers();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  secrets.plant('API key', KEY);
  secrets.plantAllOf('service keys', sandbox.serviceKeys);
  secrets.plant('secret of the WorkflowServer', sandbox.workflowServer.clientSecret);
});
afterAll(async () => {
  await servers.close();
  await sandbox.close();
});

function tokenOf(
  client: { clientid: string; clientsecret: string },
  url = sandbox.authorizationServer.tokenUrl,
): string {
  return JSON.stringify({ url, clientId: client.clientid, clientSecret: client.clientsecret });
}

/** A workflow service at this address, with a token of the sandbox. */
function workflowAt(url: string, tokenUrl?: string): string {
  return `{ kind: sap-workflow, url: "${url}", token: ${tokenOf(sandbox.serviceKeys.workflow.uaa, tokenUrl)} }`;
}

function file(services: Readonly<Record<string, string>>): string {
  const entries = Object.entries(services).map(([name, entry]) => `  ${name}: ${entry}`);
  return `services:\n${entries.join('\n')}\n`;
}

async function examine(services: Readonly<Record<string, string>>, ca?: string): Promise<CommandResult> {
  return inFolder(async (folder) => {
    const caFile = join(folder, 'ca.pem');
    if (ca !== undefined) await writeFile(caFile, ca);
    const env = { API_KEYS: `tester=${KEY}`, ...(ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) };
    const result = await runDoctor({ args: ['--json'], env, file: file(services) });
    secrets.look('stdout', result.stdout);
    secrets.look('stderr', result.stderr);
    expect(secrets.takeLeaks()).toEqual([]);
    return result;
  });
}

/** A JWT that nobody signed, for this audience. */
function unsignedToken(aud: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ aud: [aud] })}.none`;
}

describe('flowgate doctor with a dozen things broken at once', () => {
  let result: CommandResult;
  let report: DoctorReport;

  beforeAll(async () => {
    sandbox.control.setAuthorities({ authorities: 'fresh' });
    sandbox.control.rotateSecret({ client: 'processAutomation' });
    const expired = makeCertificate({ notAfter: new Date(Date.now() - 60_000) });
    const loginPage = await servers.http((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log on</html>');
    });
    const redirecting = await servers.http((_request, response) => {
      response.writeHead(302, { location: 'https://login.example.com/' }).end();
    });
    const empty = await servers.http((_request, response) => response.writeHead(200).end());
    const cut = await servers.http((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('[{"id":');
    });
    const late = await servers.http((_request, response) => {
      response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
      response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    });
    const apiPlan = await servers.http((_request, response) => {
      const answer = { access_token: unsignedToken('it!b12000'), token_type: 'bearer', expires_in: 3600 };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    const silent = `http://${await servers.tcp()}`;
    const { integration, processAutomation, workflow } = sandbox.serviceKeys;
    const flows = '{ nowhere: { address: /http/nowhere }, denied: { address: /http/denied } }';
    result = await examine(
      {
        authorities: workflowAt(workflow.endpoints.workflow_rest_url),
        secret: `{ kind: sap-workflow, url: "${sandbox.workflow.url}", token: ${tokenOf(processAutomation.uaa)} }`,
        flows: `{ kind: sap-integration, url: "${sandbox.integration.url}", token: ${tokenOf(integration.oauth)}, flows: ${flows} }`,
        expired: workflowAt(`${await servers.https(expired, () => undefined)}/rest`),
        closed: workflowAt(`http://127.0.0.1:${await freePort()}/rest`),
        unknown: workflowAt('https://no-such-host.invalid/rest'),
        login: workflowAt(`${loginPage}/rest`),
        redirecting: workflowAt(`${redirecting}/rest`),
        empty: workflowAt(`${empty}/rest`),
        cut: workflowAt(`${cut}/rest`),
        late: workflowAt(`${late}/rest`),
        plan: `{ kind: sap-integration, url: "${sandbox.integration.url}", token: ${tokenOf(integration.oauth, `${apiPlan}/oauth/token`)}, flows: { a: { address: /http/products } } }`,
        silent: workflowAt(`${sandbox.workflow.url}/workflow-service/rest`, `${silent}/oauth/token`),
      },
      expired.cert,
    );
    report = parseReport(result);
  }, 60_000);

  it.each([
    [
      'authorities',
      'authorities',
      /^failed: The client lacks .*WORKFLOW_INSTANCE_START.* -> .*cf update-service .*TASK_GET.*WORKFLOW_INSTANCE_START/,
    ],
    ['secret', 'token', /^failed: The authorization server refused the OAuth client: 401.* -> .*Make a new one/],
    ['flows', 'flow nowhere', /^failed: .*no such address.* -> .*Endpoints/],
    ['flows', 'flow denied', /^failed: .*user role.* -> .*"User Role"/],
    ['expired', 'certificate', /^failed: .*has expired \(CERT_HAS_EXPIRED; it ends on .* -> .*renew/],
    ['closed', 'port', /^failed: No connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. -> .*service key/],
    ['unknown', 'name', /^failed: no-such-host\.invalid is not known \((ENOTFOUND|EAI_AGAIN)\)\. -> .*DNS/],
    ['login', 'API', /^failed: .*not with what this API answers with.* -> .*login page/],
    ['redirecting', 'API', /^failed: .*redirect.* -> .*API address/],
    ['empty', 'API', /^failed: The service answered with status 200, and nothing in it\. -> .*service key/],
    ['cut', 'API', /^failed: .*no JSON in it/],
    ['late', 'clock', /^failed: This machine is 3\d{3} s ahead of 127\.0\.0\.1:\d+\. -> .*NTP/],
    ['plan', 'plan', /^failed: The key is of plan api.* -> .*integration-flow/],
    ['silent', 'token', /^failed: .*took too long.* -> .*firewall/],
  ])('names what is broken in %s (%s), and the cure', (service, step, finding) => {
    expect(look(report, service, step)).toMatch(finding);
  });

  it('ends with status 1 and keeps stderr clean', () => {
    expect([result.status, result.stderr, report.healthy]).toEqual([1, '', false]);
  });

  it('keeps its promise of time', () => {
    expect(result.durationMs).toBeLessThan(PROMISED_MS);
  });

  it('asks nothing of what cannot be reached, and says so', () => {
    expect(look(report, 'closed', 'API')).toBe('skipped: not asked: its host cannot be reached');
    expect(look(report, 'secret', 'API')).toBe('skipped: not asked: there is no token');
  });

  it('starts nothing', () => {
    const { requests, flowRuns } = sandbox.control.counters();
    expect(flowRuns).toEqual({});
    expect(Object.keys(requests.workflow).filter((route) => route.startsWith('POST'))).toEqual([]);
  });
});

describe('flowgate doctor on certificates', () => {
  let report: DoctorReport;
  beforeAll(async () => {
    const soon = makeCertificate({ notAfter: new Date(Date.now() + 3 * DAY_MS + 60_000) });
    const other = makeCertificate({ names: ['other.example.com'] });
    const fine = makeCertificate({ notAfter: new Date(Date.now() + 90 * DAY_MS + 60_000) });
    const answer = (_request: unknown, response: { end: () => void }) => response.end();
    const result = await examine(
      {
        soon: workflowAt(`${await servers.https(soon, answer)}/rest`),
        other: workflowAt(`${await servers.https(other, answer)}/rest`),
        fine: workflowAt(`${await servers.https(fine, answer)}/rest`),
        unknown: workflowAt(`${await servers.https(makeCertificate(), answer)}/rest`),
        plain: workflowAt(`${(await servers.http(answer)).replace('http:', 'https:')}/rest`),
        silent: workflowAt(`https://${await servers.tcp()}/rest`),
      },
      soon.cert + other.cert + fine.cert,
    );
    report = parseReport(result);
  }, 60_000);

  it.each([
    ['fine', /^ok: 127\.0\.0\.1:\d+: 90 days left, until \d{4}-\d\d-\d\d$/],
    ['soon', /^warning: 127\.0\.0\.1:\d+: 3 days left.* -> .*renew/],
    ['other', /^failed: .*is for another host \(ERR_TLS_CERT_ALTNAME_INVALID.* -> .*Compare the host/],
    ['unknown', /^failed: .*is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT.* -> .*NODE_EXTRA_CA_CERTS/],
    ['plain', /^failed: .*makes no TLS handshake.* -> .*plain http/],
    ['silent', /^failed: .*makes no TLS handshake \(none came about within 3 s\)/],
  ])('%s', (service, finding) => {
    const [ofService = ''] = look(report, service, 'certificate').split('\n');
    expect(ofService).toMatch(finding);
  });
});

describe('flowgate doctor on WorkflowServer', () => {
  async function examineServer(credential: string): Promise<DoctorReport> {
    const result = await examine({
      wfs: `{ kind: workflow-server, url: "${sandbox.workflowServer.url}", ${credential} }`,
    });
    await sandbox.control.reset();
    return parseReport(result);
  }

  function client(): string {
    const { clientId, clientSecret } = sandbox.workflowServer;
    return `token: { clientId: ${clientId}, clientSecret: "${clientSecret}" }`;
  }

  it('gets a token by discovery, reads, and finds that a request without a token is refused', async () => {
    const report = await examineServer(client());
    expect(report).toMatchObject({ healthy: true, summary: { warning: 0 } });
    expect(look(report, 'wfs', 'API')).toBe('ok: answers list-definitions');
    expect(look(report, 'wfs', 'closed')).toBe('ok: a request without a token is refused');
  });

  it('reads with a static token', async () => {
    const report = await examineServer(`accessToken: "${sandbox.workflowServer.accessToken}"`);
    expect(look(report, 'wfs', 'token')).toContain('static access token');
    expect(report.healthy).toBe(true);
  });

  it('warns of a server that answers without a token', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = '{"data":["TestScheme"],"success":true,"error":"","message":""}';
    sandbox.control.answer({ upstream: 'workflowServer', path: '/workflowapi/', status: 200, headers, body });
    const report = await examineServer(client());
    expect(look(report, 'wfs', 'closed')).toMatch(/^warning: The server answers without a token.* -> .*OpenId Connect/);
  });
});
