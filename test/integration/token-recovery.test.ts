import { describe, expect, it } from '@jest/globals';
import { useFlowgate } from '../support/flowgate-stack.ts';

describe('a burst of first calls', () => {
  const stack = useFlowgate({ file: () => 'limits: { concurrency: 2000, perService: 2000 }\n' });

  it('makes one token request for 1,000 callers at once', async () => {
    const answers = await Promise.all(Array.from({ length: 1000 }, () => stack.get('/api/workflow/definitions')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(stack.sandbox.control.counters().tokenRequests).toBe(1);
  });

  it('makes one more for 200 callers whose token is refused at once', async () => {
    stack.sandbox.control.revokeTokens();
    const answers = await Promise.all(Array.from({ length: 200 }, () => stack.get('/api/workflow/definitions')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(stack.sandbox.control.counters().tokenRequests).toBe(1);
  });
});

describe('a refused token', () => {
  const stack = useFlowgate();

  it('is replaced, and a start that the service refused for it is sent again once', async () => {
    await stack.get('/api/workflow/definitions');
    await stack.sandbox.control.reset();
    stack.sandbox.control.revokeTokens();
    const started = await stack.post('/api/workflow/definitions/onboarding/instances', '{"a":1}');
    expect(started.status).toBe(201);
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({ 'POST /workflow-instances': 2 });
  });
});

describe('a service that refuses every token', () => {
  const stack = useFlowgate();

  it('is asked twice, and the authorization server not again and again', async () => {
    stack.sandbox.control.answer({
      upstream: 'workflow',
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
    const refused = await stack.get('/api/workflow/definitions');
    expect(refused.json).toMatchObject({ status: 502, code: 'token-rejected', retryable: false });
    for (let again = 0; again < 5; again++) await stack.get('/api/workflow/definitions');
    expect(stack.sandbox.control.counters().tokenRequests).toBe(2);
  });
});

describe('a 401 without a word about the token', () => {
  const stack = useFlowgate();

  it('does not have a start sent again', async () => {
    stack.sandbox.control.answer({ upstream: 'workflow', status: 401, times: 1 });
    const refused = await stack.post('/api/workflow/definitions/onboarding/instances', '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'token-rejected' });
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({ 'POST /workflow-instances': 1 });
  });
});

describe('an authorization server that refuses the client', () => {
  const stack = useFlowgate();

  it('is told as such and is left alone for a while; nothing is sent without a token', async () => {
    stack.sandbox.control.rotateSecret({ client: 'workflow' });
    const refused = await stack.get('/api/workflow/definitions');
    expect(refused.json).toMatchObject({
      status: 502,
      code: 'credentials-rejected',
      source: 'token',
      service: 'workflow',
      retryable: false,
    });
    await stack.get('/api/workflow/definitions');
    const { tokenRequests, requests } = stack.sandbox.control.counters();
    expect([tokenRequests, requests.workflow]).toEqual([1, {}]);
  });
});

describe('an authorization server that is down', () => {
  const stack = useFlowgate();

  it('stops nobody while a token is valid, and is a 503 with Retry-After where there is none', async () => {
    await stack.get('/api/workflow/definitions');
    await stack.sandbox.control.down({ upstream: 'authorizationServer' });
    const served = await stack.get('/api/workflow/definitions');
    const refused = await stack.post('/api/integration/flows/product-details', '{}');
    await stack.sandbox.control.up({ upstream: 'authorizationServer' });
    expect(served.status).toBe(200);
    expect(refused.json).toMatchObject({ status: 503, code: 'token-unavailable', source: 'token', retryable: true });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(stack.sandbox.control.counters().requests.integration).toEqual({});
  });
});
