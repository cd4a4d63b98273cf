import { expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { describeInBrowser, keepPicture, placesThatKeep, seriousFindings, useBrowser } from '../support/browser.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { freePort } from '../support/free-port.ts';

const OPERATOR_KEY = 'operator-key-0123456789abcdef';
const STATUS_ONLY_KEY = 'status-only-key-0123456789abcdef';

const port = await freePort();

describeInBrowser('the console in a browser', () => {
  const flowgate = useFlowgate({
    port,
    env: { PUBLIC_URL: `http://127.0.0.1:${port}` },
    file: () => `
callers:
  operator: { apiKeys: [${OPERATOR_KEY}], allow: [GET /status, GET /metrics] }
  status-only: { apiKeys: [${STATUS_ONLY_KEY}], allow: [GET /status] }
`,
  });
  const browser = useBrowser();

  it('shows services with their tokens, problems with their cures, and callers', async () => {
    await flowgate.get('/api/workflow/definitions');
    await flowgate.get('/api/workflow/instances/unknown');
    const { page, faults } = await browser.open(`${flowgate.url}/console`);
    await open(page, OPERATOR_KEY);
    const workflow = page.getByRole('row').filter({ hasText: 'sap-workflow' });
    expect(await workflow.textContent()).toMatch(/workflow.*valid, for \d+ (min|s) more/);
    const problem = page.getByRole('row').filter({ hasText: 'instance-not-found' });
    await problem.waitFor();
    expect(await problem.getByRole('link').getAttribute('href')).toBe('/problems/instance-not-found');
    expect(await problem.textContent()).toContain('Look for it among all instances');
    expect(await page.getByRole('row').filter({ hasText: 'tester' }).textContent()).toMatch(/^tester\d+/);
    expect(await page.locator('figure').count()).toBe(3);
    expect(faults).toEqual([]);
    await keepPicture(page, 'console');
  });

  it('refreshes itself', async () => {
    const { page } = await browser.open(`${flowgate.url}/console`);
    await open(page, OPERATOR_KEY);
    await page.getByRole('row').filter({ hasText: 'tester' }).waitFor();
    await flowgate.get('/api/workflow/tasks/unknown');
    await page.getByRole('row').filter({ hasText: 'task-not-found' }).waitFor({ timeout: 12_000 });
    expect(await page.locator('figcaption').first().textContent()).toMatch(/^Requests per second: \d+\.\d \(highest/);
  });

  it('shows what it may with a key for /status alone', async () => {
    const { page } = await browser.open(`${flowgate.url}/console`);
    await open(page, STATUS_ONLY_KEY);
    await page.getByText('granted GET /metrics as well').waitFor();
  });

  it('says what to do with a key that is not granted /status', async () => {
    const { page } = await browser.open(`${flowgate.url}/console`);
    await type(page, API_KEY);
    await page.getByText('needs the entry "GET /status"').waitFor();
  });

  it('can be used with the keyboard alone: the key, the pause, and each table', async () => {
    const { page } = await browser.open(`${flowgate.url}/console`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type(OPERATOR_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await page.keyboard.press('Tab');
    const pause = page.locator('#pause');
    await tabTo(pause);
    await page.keyboard.press('Enter');
    expect(await pause.textContent()).toBe('Go on');
    for (const name of ['Services', 'Problems', 'Callers']) await tabTo(page.getByRole('region', { name }));
  });

  it('keeps the key nowhere but in its memory', async () => {
    const { page } = await browser.open(`${flowgate.url}/console`);
    await open(page, OPERATOR_KEY);
    expect(await placesThatKeep(page)).not.toContain(OPERATOR_KEY);
    await page.reload();
    expect(await page.getByRole('heading', { name: 'Services' }).isVisible()).toBe(false);
  });

  it.each(['light', 'dark'] as const)('keeps nobody out, as far as axe sees (%s)', async (colorScheme) => {
    await flowgate.get('/api/workflow/instances/unknown');
    const { page } = await browser.open(`${flowgate.url}/console`, { colorScheme });
    await open(page, OPERATOR_KEY);
    await page.getByRole('row').filter({ hasText: 'instance-not-found' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });
});

/** Presses the key until the element has the focus. */
async function tabTo(element: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    if (await hasFocus(element)) return;
    await element.page().keyboard.press('Tab');
  }
  throw new Error('the element cannot be reached with the keyboard');
}

function hasFocus(element: Locator): Promise<boolean> {
  return element.evaluate((found: unknown) => found === (globalThis as unknown as Focus).document.activeElement);
}

interface Focus {
  readonly document: { readonly activeElement: unknown };
}

async function type(page: Page, key: string): Promise<void> {
  await page.getByLabel('Key or token').fill(key);
  await page.getByRole('button', { name: 'Open' }).click();
}

async function open(page: Page, key: string): Promise<void> {
  await type(page, key);
  await page.getByRole('heading', { name: 'Services' }).waitFor();
}
