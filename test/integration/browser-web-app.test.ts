import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, seriousFindings, useBrowser } from '../support/browser.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { freePort } from '../support/free-port.ts';

const appPort = await freePort();
const app = `http://localhost:${appPort}`;

describeInBrowser('the example of a web app, in a browser', () => {
  const flowgate = useFlowgate({ env: { CORS_ORIGINS: app } });
  const browser = useBrowser();
  let server: ChildProcess;

  beforeAll(async () => {
    server = spawn(process.execPath, ['examples/web-app/serve.js', String(appPort)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (server.stdout) await once(server.stdout, 'data');
  });

  afterAll(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });

  it('starts a workflow and follows it to its end', async () => {
    const { page, faults } = await browser.open(app);
    await start(page);
    await page.getByText(/^Instance [0-9a-f-]+: RUNNING$/).waitFor();
    const [, id = ''] = /^Instance (\S+):/.exec((await page.locator('#state').textContent()) ?? '') ?? [];
    flowgate.sandbox.control.setInstanceStatus({ instanceId: id, status: 'COMPLETED' });
    await page.getByText(`Instance ${id}: COMPLETED`).waitFor();
    expect(faults).toEqual([]);
  });

  it('sends a start again when that is safe, and starts nothing twice', async () => {
    flowgate.sandbox.control.rateLimit({ upstream: 'workflow', times: 1, retryAfter: 1 });
    const { page } = await browser.open(app);
    await start(page);
    await page.getByText(/: RUNNING$/).waitFor();
    const keys = flowgate.logLines.filter(({ method, msg }) => method === 'POST' && msg === 'request');
    expect(keys.map(({ status }) => status)).toEqual([429, 201]);
  });

  it('shows what to do about a problem', async () => {
    const { page } = await browser.open(app);
    await start(page, 'not-the-key-0123456789');
    await page.getByText(/^A credential is needed/).waitFor();
    expect(await page.locator('#advice').textContent()).toContain('Ask the operator of this server for a key');
  });

  it('keeps nobody out, as far as axe sees', async () => {
    const { page } = await browser.open(app);
    expect(await seriousFindings(page)).toEqual([]);
  });

  async function start(page: Page, key: string = API_KEY): Promise<void> {
    await page.getByLabel('Address of Flowgate').fill(flowgate.url);
    await page.getByLabel('Your key').fill(key);
    await page.getByRole('button', { name: 'Start onboarding' }).click();
  }
});
