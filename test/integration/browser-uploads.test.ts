import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { describeInBrowser, seriousFindings, useBrowser } from '../support/browser.ts';
import { API_KEY } from '../support/flowgate-stack.ts';
import { freePort } from '../support/free-port.ts';
import { useWorkflowgen } from '../support/workflowgen-stack.ts';

const FILE = { name: 'It\'s "A 1".pdf', mimeType: 'application/pdf', buffer: Buffer.from([0, 255, 13, 10, 34, 128]) };
const SHA256 = createHash('sha256').update(FILE.buffer).digest('hex');
const ECHO = 'integration.post-flow-echo';

const port = await freePort();

describeInBrowser('files on the API page', () => {
  const flowgate = useWorkflowgen({
    port,
    env: { PUBLIC_URL: `http://127.0.0.1:${port}`, INTEGRATION_FLOWS: 'echo=/http/echo' },
  });
  const browser = useBrowser();

  it('go as the parts of a form, behind the variables as they were written', async () => {
    const { page, faults } = await browser.open(`${flowgate.url}/docs`);
    const upload = await openOperation(page, 'requests.run-start-file');
    await upload.getByLabel('JSON').fill('{ "subject" : "1.0" }');
    await upload.getByLabel('annex (file)').setInputFiles({ ...FILE, name: 'annex.txt' });
    await upload.getByLabel('file (file)', { exact: true }).setInputFiles(FILE);
    const answer = await sendAndRead(upload);
    expect(answer.status).toMatch(/^200 OK/);
    expect(answer.body).toContain(SHA256);
    const sent = flowgate.sandbox.control.lastRequest('workflowgen')?.rawBody.toString('latin1') ?? '';
    expect(sent).toContain('"variables":{"file":null,"annex":null, "subject" : "1.0" }');
    expect(faults).toEqual([]);
  });

  it('show for curl how the same form is sent', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    const upload = await openOperation(page, 'requests.run-start-one-file');
    await upload.getByLabel('file (file)', { exact: true }).setInputFiles(FILE);
    const curl = await upload.getByLabel('The same for curl').textContent();
    expect(curl).toContain(`--form-string 'variables={"file":null}'`);
    expect(curl).toContain(String.raw`-F 'file=@"It'\''s \"A 1\".pdf"'`);
  });

  it('go as the whole body where any type is taken, in the type that they have', async () => {
    const { page, faults } = await browser.open(`${flowgate.url}/docs`);
    const echo = await openOperation(page, ECHO);
    await echo.getByLabel('File in place of the text').setInputFiles(FILE);
    expect(await echo.getByLabel('Content type', { exact: true }).inputValue()).toBe('application/pdf');
    expect(await echo.getByLabel('Any content type').isDisabled()).toBe(true);
    const answer = JSON.parse((await sendAndRead(echo)).body) as Echo;
    expect(answer).toMatchObject({ bodyBytes: FILE.buffer.length, sha256: SHA256 });
    expect(answer.headers['content-type']).toBe('application/pdf');
    expect(faults).toEqual([]);
  });

  it('can be left out again with the keyboard alone, and the text is sent', async () => {
    const { page } = await browser.open(`${flowgate.url}/docs`);
    const echo = await openOperation(page, ECHO);
    const input = echo.getByLabel('File in place of the text');
    await input.setInputFiles(FILE);
    await input.focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(
      await input.evaluate((element: unknown) => element === (globalThis as unknown as Focus).document.activeElement),
    ).toBe(true);
    expect(await echo.getByRole('button', { name: /not the file/ }).count()).toBe(0);
    const answer = JSON.parse((await sendAndRead(echo)).body) as Echo;
    expect(answer.body).toBe('{}');
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it.each(['light', 'dark'] as const)('keep nobody out, as far as axe sees (%s)', async (colorScheme) => {
    const { page } = await browser.open(`${flowgate.url}/docs`, { colorScheme });
    const upload = await openOperation(page, 'requests.run-start-file');
    await upload.getByLabel('file (file)', { exact: true }).setInputFiles(FILE);
    await upload.getByRole('button', { name: 'Leave it out, not the file file' }).waitFor();
    const echo = page.locator(`[id="${ECHO}"]`);
    await echo.locator('summary').first().click();
    await echo.getByLabel('File in place of the text').setInputFiles(FILE);
    expect(await seriousFindings(page)).toEqual([]);
  });
});

interface Echo {
  readonly bodyBytes: number;
  readonly sha256: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Focus {
  readonly document: { readonly activeElement: unknown };
}

async function openOperation(page: Page, id: string): Promise<Locator> {
  await page.getByLabel('Key or token').fill(API_KEY);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('Opened.').waitFor();
  const operation = page.locator(`[id="${id}"]`);
  await operation.locator('summary').first().click();
  return operation;
}

async function sendAndRead(operation: Locator): Promise<{ status: string; body: string }> {
  await operation.getByRole('button', { name: /^Send (?:GET|POST)/ }).click();
  const status = operation.locator('[data-status]');
  await status.waitFor();
  return {
    status: (await status.textContent()) ?? '',
    body: (await operation.getByLabel('The body of the answer').textContent()) ?? '',
  };
}
