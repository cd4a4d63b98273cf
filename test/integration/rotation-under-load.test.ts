import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { API_KEY, withFlowgate, type FlowgateStack } from '../support/flowgate-stack.ts';

/** The whole way: callers, Flowgate, a certified authorization server whose client gets another secret, the engine. */

const OLD = 'old-secret-0123456789';
const NEW = 'new-secret-0123456789';
const START = '/api/workflow/definitions/onboarding/instances';

const options = {
  sandbox: { secrets: { workflow: OLD } },
  env: { WORKFLOW_SERVICE_KEY: '', API_KEYS: '' },
  file: ({ serviceKeys: { workflow } }: Sandbox) =>
    JSON.stringify({
      services: {
        workflow: {
          kind: 'sap-workflow',
          url: workflow.endpoints.workflow_rest_url,
          token: {
            url: `${workflow.uaa.url}/oauth/token`,
            clientId: workflow.uaa.clientid,
            clientSecret: OLD,
            nextClientSecret: NEW,
          },
        },
      },
      callers: { tester: { apiKeys: [API_KEY], allow: ['* /api/**'] } },
    }),
};

/** A start every 50 ms. @returns the statuses of the answers */
async function load(stack: FlowgateStack, signal: AbortSignal): Promise<number[]> {
  const answers: Promise<number>[] = [];
  while (!signal.aborted) {
    answers.push(stack.post(START, '{}').then(({ status }) => status));
    await sleep(50);
  }
  return Promise.all(answers);
}

/** Starts all the while, gives the client its new secret after half a second, and goes on for so long. */
async function rotate(stack: FlowgateStack, forMs: number, andThen = (): void => undefined): Promise<void> {
  stack.secrets.plant('the old secret', OLD);
  stack.secrets.plant('the new secret', NEW);
  const end = new AbortController();
  const running = load(stack, end.signal);
  await sleep(500);
  const { control } = stack.sandbox;
  control.rotateSecret({ client: 'workflow', secret: NEW });
  andThen();
  const before = control.counters().tokenRequests;
  await sleep(forMs);
  end.abort();
  const statuses = await running;
  expect(new Set(statuses)).toEqual(new Set([201]));
  expect(control.counters().tokenRequests - before).toBeGreaterThanOrEqual(2); // the old secret, the new one
  const list = await stack.get('/api/workflow/instances?definitionId=onboarding&status=all&count=true&top=1');
  expect(Number(list.headers.get('x-total-count'))).toBe(statuses.length);
}

describe('a secret that is rotated under load loses no request, and starts nothing twice,', () => {
  it(
    'when its tokens go on until they are renewed',
    () =>
      withFlowgate({ ...options, sandbox: { ...options.sandbox, tokenLifeSeconds: 5 } }, (stack) =>
        rotate(stack, 5000),
      ),
    20_000,
  );

  it('when its tokens end with it', () =>
    withFlowgate(options, (stack) => rotate(stack, 1000, () => stack.sandbox.control.revokeTokens())));
});
