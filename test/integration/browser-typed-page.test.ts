import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, seriousFindings, useBrowser } from '../support/browser.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { freePort } from '../support/free-port.ts';
import { TypedClient } from '../support/typed-client.ts';

const port = await freePort();
const origin = `http://localhost:${port}`;

describeInBrowser('the page with a typed client, in a browser', () => {
  const flowgate = useFlowgate({ env: { CORS_ORIGINS: origin } });
  const browser = useBrowser();
  let folder = '';
  let server: ChildProcess | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowgate-typed-page-'));
    const client = new TypedClient(folder);
    await client.prepare((await flowgate.get('/openapi.json')).json);
    server = await client.serve(port);
  }, 60_000);

  afterAll(async () => {
    server?.kill();
    if (server?.exitCode === null && server.signalCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true });
  });

  it('lists the newest instances and how many there are', async () => {
    const started = await flowgate.post('/api/workflow/definitions/onboarding/instances', '{"employee":"Ada"}');
    const { page, faults } = await browser.open(origin);
    await list(page);
    await page.getByText('1 of 1 instances').waitFor();
    expect(await page.locator('tbody td').allTextContents()).toEqual([
      started.json.id,
      'onboarding',
      'RUNNING',
      started.json.startedAt,
    ]);
    expect(await seriousFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('knows the problem of a wrong key by its code', async () => {
    const { page } = await browser.open(origin);
    await list(page, 'not-the-key-0123456789');
    await page.getByText('That key is not known here.').waitFor();
  });

  async function list(page: Page, key: string = API_KEY): Promise<void> {
    await page.getByLabel('Address of Flowgate').fill(flowgate.url);
    await page.getByLabel('Your key').fill(key);
    await page.getByRole('button', { name: 'List the newest' }).click();
  }
});
