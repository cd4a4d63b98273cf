import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, useBrowser } from '../support/browser.ts';
import { FakeIssuer } from '../support/fake-issuer.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

const START = '/api/workflow/definitions/onboarding/instances';

/** Two web pages that differ in nothing but their origins. */
const [ours, foreign] = [await emptyPage(), await emptyPage()];

/** What a page sees of the answer to its request; `undefined` where the browser keeps the answer from it. */
interface Seen {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}

describeInBrowser('a web page with a JWT, in a browser', () => {
  let issuer: FakeIssuer;
  let token = '';

  beforeAll(async () => {
    issuer = await FakeIssuer.start();
    token = await issuer.token();
  });

  const flowgate = useFlowgate({
    env: { CORS_ORIGINS: originOf(ours) },
    file: () => `
callers:
  people:
    jwt: { issuer: "${issuer.url}", audience: flowgate }
    allow: ["POST /api/workflow/definitions/*/instances", "GET /api/workflow/**"]
`,
  });
  const browser = useBrowser();

  afterAll(async () => {
    for (const server of [ours, foreign]) server.close().closeAllConnections();
    await issuer.stop();
  });

  it('starts a workflow from an allowed origin, and reads where it is', async () => {
    const { page, faults } = await browser.open(originOf(ours));
    const seen = await callFrom(page, 'POST', START);
    expect(seen).toMatchObject({ status: 201, body: { definitionId: 'onboarding' } });
    expect(seen?.location).toMatch(/^\/api\/workflow\/instances\/[\w-]+$/);
    expect(faults).toEqual([]);
    expect(starts()).toBe(1);
  });

  it('starts nothing from another origin, and sees no answer (E-01)', async () => {
    const { page } = await browser.open(originOf(foreign));
    expect(await callFrom(page, 'POST', START)).toBeUndefined();
    expect(await callFrom(page, 'GET', '/api/workflow/definitions')).toBeUndefined();
    expect(starts()).toBe(0);
  });

  it.each([
    ['another origin', foreign, 403],
    ['an allowed origin', ours, 401],
  ])('starts nothing by a plain form of %s (E-08, E-09, E-10)', async (_, server, status) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const { page } = await browser.open(originOf(server));
      await page.setContent(`
        <form method="post" enctype="${type}" action="${flowgate.url}${START}">
          <input name='{"a":"' value='"}'><button>Send</button>
        </form>`);
      const [answer] = await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
      expect(answer?.status()).toBe(status);
    }
    expect(starts()).toBe(0);
  });

  function starts(): number {
    return Object.entries(flowgate.sandbox.control.counters().requests.workflow)
      .filter(([route]) => route.startsWith('POST'))
      .reduce((sum, [, count]) => sum + count, 0);
  }

  function callFrom(page: Page, method: string, path: string): Promise<Seen | undefined> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) };
    return page.evaluate(
      async ([url, init]) => {
        try {
          const answer = await fetch(url, init);
          return { status: answer.status, location: answer.headers.get('location'), body: await answer.json() };
        } catch {
          return undefined;
        }
      },
      [`${flowgate.url}${path}`, request] as const,
    );
  }
});

async function emptyPage(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>A page</title><link rel="icon" href="data:,">');
  });
  server.listen(0, '127.0.0.1').unref(); // it is there without a browser, too
  await once(server, 'listening');
  return server;
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
