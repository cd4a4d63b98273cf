import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { requests, type ProblemRequest } from '../../sandbox/problems/sandbox-problem.ts';
import type { Answer } from '../support/flowgate-stack.ts';
import { realRefusals } from '../support/real-refusals.ts';
import { useProblems } from '../support/problem-stack.ts';
import { RawUpstream } from '../support/raw-upstream.ts';

const stack = useProblems();

const cancel = { method: 'POST', path: '/api/workflow/instances/4711/cancel', body: '{}' } as const;

type Ask = (request: ProblemRequest) => Promise<Answer>;

/** Both SAP services lead to a server that answers everything so, in chunks. */
async function whileAnswering(
  status: number,
  headers: Record<string, string>,
  body: Buffer | string,
  use: (ask: Ask) => Promise<void>,
): Promise<void> {
  const upstream = await RawUpstream.start(async ({ response, readBody }) => {
    await readBody();
    response.writeHead(status, headers).end(body);
  });
  const { workflow, integration } = stack.sandbox.serviceKeys;
  const env = {
    WORKFLOW_SERVICE_KEY: JSON.stringify({ ...workflow, endpoints: { workflow_rest_url: upstream.origin } }),
    INTEGRATION_SERVICE_KEY: JSON.stringify({ oauth: { ...integration.oauth, url: upstream.origin } }),
  };
  try {
    await stack.withFlowgate(stack.sources({ env }), (flowgate) => use((request) => flowgate.ask(request)));
  } finally {
    await upstream.close();
  }
}

describe('what upstreams really send', () => {
  it.each(realRefusals)('$upstream, $status: $name', async (refusal) => {
    const { upstream, path, status, headers = {}, body, request } = refusal;
    stack.sandbox.control.answer({ upstream, status, headers, body, ...(path === undefined ? {} : { path }) });
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { json, text } = await flowgate.ask(request);
      const { code, answered, retryable } = refusal;
      expect(json).toMatchObject({ status: answered, code, retryable, source: 'upstream', upstream: { status } });
      for (const words of refusal.says) expect(`${json.detail}\n${json.hint}`).toContain(words);
      for (const words of refusal.withheld ?? []) expect(text).not.toContain(words);
    });
  });
});

describe("the workflow engine's own words", () => {
  async function shown(error: object): Promise<Record<string, unknown> | undefined> {
    const headers = { 'Content-Type': 'application/json' };
    stack.sandbox.control.answer({ upstream: 'workflow', status: 400, headers, body: JSON.stringify({ error }) });
    return stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { json } = await flowgate.ask(requests.definitions);
      expect(json).toMatchObject({ status: 400, code: 'upstream-invalid-request' });
      return json.upstream.error;
    });
  }

  it('pass where they were made for callers', async () => {
    const error = {
      code: 'bpm.workflowruntime.rest.x',
      message: "The property 'a' of <type> is not a token: at most 5 (of 7).",
      logId: '0a1b',
      details: [{ severity: 'ERROR', message: 'a is too long' }],
    };
    expect(await shown(error)).toEqual(error);
  });

  it.each([
    ['a token', 'Invalid token eyJhbGciOiJSUzI1NiJ9.planted'],
    ['a header', 'Refused: Bearer planted-0123456789'],
    ['a secret', 'client_secret=planted is wrong'],
    ['HTML', '<html><body>planted</body></html>'],
    ['a stack trace', 'planted\n\tat com.sap.bpm.X.run(X.java:7)'],
    ['an exception', 'java.lang.NullPointerException: planted'],
  ])('are withheld where they hold %s', async (_what, message) => {
    expect(await shown({ code: 'bpm.x', message, details: [{ severity: 'ERROR', message }] })).toEqual({
      code: 'bpm.x',
      details: [{ severity: 'ERROR' }],
    });
  });

  it('are not promised by the hint where nothing of them is left', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = '{"error":{"message":{"lang":"en","value":"planted"},"innererror":{"trace":"planted"}}}';
    stack.sandbox.control.answer({ upstream: 'workflow', status: 400, headers, body });
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { json, text } = await flowgate.ask(requests.definitions);
      expect(json.hint).toContain('does not know this refusal');
      expect(text).not.toMatch(/planted|upstream\.error/);
    });
  });

  it('are cut where they are long', async () => {
    const error = await shown({ message: 'x'.repeat(20_000) });
    expect(String(error?.['message'])).toHaveLength(1000);
  });
});

describe('an answer that is compressed, though nobody asked for that', () => {
  function whileCompressing(status: number, type: string, text: string, use: (ask: Ask) => Promise<void>) {
    return whileAnswering(status, { 'content-type': type, 'content-encoding': 'gzip' }, gzipSync(text), use);
  }

  it('is a list that its caller can read', async () => {
    await whileCompressing(200, 'application/json', '[{"id":"onboarding"}]', async (ask) => {
      const { status, json } = await ask(requests.definitions);
      expect([status, json]).toEqual([200, [{ id: 'onboarding' }]]);
    });
  });

  it('is an instance that was started', async () => {
    const body = '{"id":"4711","definitionId":"onboarding","status":"RUNNING"}';
    await whileCompressing(201, 'application/json', body, async (ask) => {
      const { status, json } = await ask(requests.start);
      expect([status, json]).toEqual([201, { id: '4711', definitionId: 'onboarding', status: 'RUNNING' }]);
    });
  });

  it('is a refusal that is recognised', async () => {
    const text = '<e>Jwt token with audience [uaa, it!b1] is not issued for these clientIds: [sb-it-rt-x!b1].</e>';
    await whileCompressing(401, 'application/xml', text, async (ask) => {
      expect((await ask(requests.product)).json).toMatchObject({ status: 502, code: 'wrong-service-plan' });
    });
  });

  it('does not fill the memory', async () => {
    await whileCompressing(500, 'text/plain', 'x'.repeat(20_000_000), async (ask) => {
      expect((await ask(requests.product)).json).toMatchObject({ status: 502, code: 'flow-failed' });
    });
  });
});

it('a refusal is JSON whatever stands before it, and though it does not say so', async () => {
  const body = '\uFEFF\n {"error":{"code":"bpm.workflowruntime.rest.task.not.found","message":"none"}}';
  stack.sandbox.control.answer({ upstream: 'workflow', status: 404, body });
  await stack.withFlowgate(stack.sources(), async (flowgate) => {
    const { json } = await flowgate.ask({ path: '/api/workflow/tasks/4711' });
    expect(json).toMatchObject({ status: 404, code: 'task-not-found' });
  });
});

describe('a success that does not say what it holds', () => {
  it.each([
    ['a login page', requests.definitions, 200, '<html><h1>planted</h1></html>', 502],
    ['nothing', cancel, 202, '', 202],
    ['JSON', requests.definitions, 200, '[{"id":"onboarding"}]', 200],
  ])('is taken for what it is: %s', async (_what, request, status, body, answered) => {
    await whileAnswering(status, {}, body, async (ask) => {
      const { status: got, text, json, headers } = await ask(request);
      expect([got, headers.get('content-type')]).toEqual([answered, expectedType(answered)]);
      if (answered === 502) expect(json).toMatchObject({ code: 'upstream-protocol-error' });
      else expect(text).toBe(body);
      expect(text).not.toContain('planted');
    });
  });

  function expectedType(answered: number): string | null {
    if (answered === 502) return 'application/problem+json';
    return answered === 200 ? 'application/json' : null;
  }
});

describe('near misses', () => {
  const callers = `callers:
  starter: { apiKeys: [key-of-the-starter-0123456789], allow: ["POST /api/*/**"] }
  lister: { apiKeys: [key-of-the-lister-0123456789], allow: ["* /api/*/**"] }
`;

  async function hintTo(caller: 'starter' | 'lister', path: string, body = '{}', env = {}): Promise<string> {
    return stack.withFlowgate(stack.sources({ file: callers, env }), async (flowgate) => {
      const headers = { 'x-api-key': `key-of-the-${caller}-0123456789` };
      const { json } = await flowgate.ask({ method: 'POST', path, body, headers });
      expect(json).toMatchObject({ status: 404, code: 'definition-not-found' });
      return json.hint;
    });
  }

  const workflow = '/api/workflow/definitions/onbording/instances';

  it('are offered to who may list what there is', async () => {
    expect(await hintTo('lister', workflow)).toContain('Did you mean "onboarding"?');
  });

  it('are not told to who may not', async () => {
    expect(await hintTo('starter', workflow)).not.toContain('onboarding');
  });

  it("are offered for the engine's own start body", async () => {
    const body = '{"definitionId":"onbording","context":{}}';
    expect(await hintTo('lister', '/api/workflow/instances', body)).toContain('Did you mean "onboarding"?');
  });

  it('are offered in process automation, where the client has the role for lists', async () => {
    const env = { WORKFLOW_SERVICE_KEY: JSON.stringify(stack.sandbox.serviceKeys.processAutomation) };
    const path = '/api/workflow/definitions/eu10.sandbox.hr.onbording/instances';
    expect(await hintTo('lister', path, '{}', env)).toContain('Did you mean "eu10.sandbox.hr.onboarding"?');
  });

  it('are offered of the schemes of WorkflowServer, to who may list them', async () => {
    const path = '/api/approvals/definitions/TestSchema/instances';
    expect(await hintTo('lister', path)).toContain('Did you mean "TestScheme"?');
    expect(await hintTo('starter', path)).not.toContain('TestScheme');
  });
});
