import { expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { keepPicture, describeInBrowser, placesThatKeep, seriousFindings, useBrowser } from '../support/browser.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { freePort } from '../support/free-port.ts';

const port = await freePort();

describeInBrowser('the API page in a browser', () => {
  const flowgate = useFlowgate({ port, env: { PUBLIC_URL: `http://127.0.0.1:${port}` } });
  const browser = useBrowser();

  it('opens with a key, and shows what it may call', async () => {
    const { page, faults } = await browser.open(`${flowgate.url}/docs`);
    await openWithKey(page);
    expect(await page.locator('section h2').allTextContents()).toEqual(['workflow', 'integration', 'Flowgate']);
    expect(await page.locator('details.operation').count()).toBeGreaterThan(25);
    expect(faults).toEqual([]);
  });

  it('says why it does not open with a wrong key', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    await page.getByLabel('Key or token').fill('not-the-key-0123456789');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('A credential is needed').waitFor();
    expect(await page.getByRole('link', { name: 'What this means' }).getAttribute('href')).toBe(
      '/problems/unauthenticated',
    );
  });

  it('sends a start and shows its answer, with every digit of a number', async () => {
    const { page, faults } = await browser.open(`${flowgate.url}/docs`);
    await openWithKey(page);
    const start = await openOperation(page, 'workflow.start-definition');
    await start.getByLabel('id (path, required)').fill('onboarding');
    await start.locator('textarea').fill('{"employee":"Ada","big":9007199254740993}');
    const started = await sendAndRead(start);
    await start.scrollIntoViewIfNeeded();
    await keepPicture(page, 'docs');
    expect(started.status).toMatch(/^201 Created/);
    const { id } = JSON.parse(started.body) as { id: string };

    const read = await openOperation(page, 'workflow.get-instance-context');
    await read.getByLabel('id (path, required)').fill(id);
    const context = await sendAndRead(read);
    expect(context.status).toMatch(/^200 OK/);
    expect(context.body).toContain('"big": 9007199254740993');
    expect(faults).toEqual([]);
  });

  it('sends filters and families of parameters as the list takes them', async () => {
    const { page, faults } = await browser.open(`${flowgate.url}/docs`);
    await openWithKey(page);
    const list = await openOperation(page, 'workflow.list-instances');
    await list.getByLabel('top (query)').fill('3');
    await list.getByLabel('attributes (query)').fill('attributes.employee=Ada\nattributes.department=Research');
    const url = page.waitForRequest((request) => request.url().includes('/api/'));
    const answer = await sendAndRead(list);
    expect(new URL((await url).url()).search).toBe('?top=3&attributes.employee=Ada&attributes.department=Research');
    expect(answer.status).toMatch(/^200 OK/);
    expect(faults).toEqual([]);
  });

  it('shows what to do about a refusal', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    await openWithKey(page);
    const start = await openOperation(page, 'workflow.start-definition');
    await start.getByLabel('id (path, required)').fill('nowhere');
    const { status } = await sendAndRead(start);
    expect(status).toMatch(/^404 Not Found/);
    await start
      .getByRole('paragraph')
      .filter({ hasText: 'Compare the id with GET /api/workflow/definitions' })
      .waitFor();
  });

  it('keeps the key nowhere but in its memory', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    await openWithKey(page);
    const operation = await openOperation(page, 'workflow.start-definition');
    await operation.getByLabel('id (path, required)').fill('onboarding');
    await sendAndRead(operation);
    const places = await placesThatKeep(page);
    expect(places).toContain('$KEY');
    expect(places).not.toContain(API_KEY);
    await page.reload();
    expect(await page.locator('details.operation').count()).toBe(0);
  });

  it('finds a route by words', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    await openWithKey(page);
    await page.getByLabel('Find a route').fill('cancel instance');
    expect(await page.locator('details.operation:visible').count()).toBe(1);
  });

  it('can be used with the keyboard alone', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type(API_KEY);
    await page.keyboard.press('Enter');
    await page.getByText('Opened.').waitFor();
    await page.locator('[id="workflow.list-definitions"] > summary').focus();
    await page.keyboard.press('Enter');
    const operation = page.locator('[id="workflow.list-definitions"]');
    await operation.getByRole('button', { name: 'Send GET' }).focus();
    await page.keyboard.press('Enter');
    await operation.locator('[data-status]').waitFor();
  });

  it.each(['light', 'dark'] as const)('keeps nobody out, as far as axe sees (%s)', async (colorScheme) => {
    const { page } = await browser.open(`${flowgate.url}/docs`, { colorScheme });
    await openWithKey(page);
    await sendAndRead(await openOperation(page, 'workflow.list-definitions'));
    expect(await seriousFindings(page)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('keeps nobody out of the problem pages (%s)', async (colorScheme) => {
    const { page, faults } = await browser.open(`${flowgate.url}/problems/authority-missing`, { colorScheme });
    expect(await page.locator('h1').textContent()).toBe('The OAuth client lacks an authority');
    expect(await seriousFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
});

async function openWithKey(page: Page): Promise<void> {
  await page.getByLabel('Key or token').fill(API_KEY);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('Opened.').waitFor();
}

async function openOperation(page: Page, id: string): Promise<Locator> {
  const operation = page.locator(`[id="${id}"]`);
  await operation.locator('summary').first().click();
  return operation;
}

async function sendAndRead(operation: Locator): Promise<{ status: string; body: string }> {
  await operation.getByRole('button', { name: /^Send/ }).click();
  const status = operation.locator('[data-status]');
  await status.waitFor();
  return {
    status: (await status.textContent()) ?? '',
    body: (await operation.getByLabel('The body of the answer').textContent()) ?? '',
  };
}
