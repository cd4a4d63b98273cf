import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const hasChromium = existsSync(CHROMIUM);
if (!hasChromium) process.stderr.write(`Skipped: tests in a browser, because there is no ${CHROMIUM}.\n`);

/** Tests that need a browser; without one they are skipped, and a line says why. */
export const describeInBrowser = hasChromium ? describe : describe.skip;

/** A page, and everything that went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of the console, uncaught exceptions and breaches of the Content-Security-Policy. */
  readonly faults: string[];
}

/** One browser for the tests of one file. */
export class BrowserUnderTest {
  #browser: Browser | undefined;

  async start(): Promise<void> {
    this.#browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
  }

  /** A page of a context of its own: nothing of other tests is in it. */
  async open(url: string, options: { colorScheme?: 'light' | 'dark' } = {}): Promise<WatchedPage> {
    if (!this.#browser) throw new Error('the browser is not started');
    const page = await this.#browser.newPage(options);
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(url);
    return { page, faults };
  }
}

/** Starts a browser for the tests of one file. */
export function useBrowser(): BrowserUnderTest {
  const browser = new BrowserUnderTest();
  beforeAll(() => browser.start(), 30_000);
  afterAll(() => browser.stop());
  return browser;
}

/** What axe finds that keeps people out: its findings of impact "serious" and "critical", with the elements. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<AxeResults> } };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** All that a page holds but the memory of its scripts: markup, fields, cookies and storage, as one text. */
export function placesThatKeep(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { document, localStorage, sessionStorage } = globalThis as unknown as BrowserGlobals;
    const fields = [...document.querySelectorAll('input, textarea')].map(({ value }) => value);
    return [document.documentElement.outerHTML, document.cookie, ...fields, localStorage, sessionStorage]
      .map((place) => (typeof place === 'string' ? place : JSON.stringify(place)))
      .join('\n');
  });
}

interface BrowserGlobals {
  readonly document: {
    readonly cookie: string;
    readonly documentElement: { readonly outerHTML: string };
    querySelectorAll(selector: string): Iterable<{ readonly value: string }>;
  };
  readonly localStorage: object;
  readonly sessionStorage: object;
}

/** Keeps a picture of the page for the documents, where that is asked for: `npm run pictures`. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (process.env['PICTURES'] !== 'true') return;
  await page.setViewportSize({ width: 1200, height: 900 });
  await page.screenshot({ path: `docs/images/${name}.png` });
}
