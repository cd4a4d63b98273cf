import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { FakeIssuer } from '../support/fake-issuer.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';

let issuer: FakeIssuer;
beforeAll(async () => {
  issuer = await FakeIssuer.start();
});
afterAll(() => issuer.stop());

const stack = useFlowgate({
  file: (sandbox) => `
services:
  workflow:
    kind: sap-workflow
    identity: { claim: email, as: startedBy }
  named:
    kind: sap-workflow
    url: "${sandbox.workflow.url}/workflow-service/rest"
    token: ${JSON.stringify({ url: sandbox.authorizationServer.tokenUrl, ...clientOf(sandbox) })}
    identity: { from: caller, as: startedBy }
callers:
  people: { jwt: { issuer: "${issuer.url}", audience: flowgate }, allow: ["* /api/**"] }
`,
});

function clientOf({ serviceKeys }: Sandbox): { clientId: string; clientSecret: string } {
  const { clientid, clientsecret } = serviceKeys.workflow.uaa;
  return { clientId: clientid, clientSecret: clientsecret };
}

const BY_DEFINITION = '/definitions/onboarding/instances';

async function asPerson(path: string, body: string, claims: Record<string, unknown>): Promise<PlainAnswer> {
  const authorization = `Bearer ${await issuer.token({ claims })}`;
  return plainRequest(`${stack.url}${path}`, 'POST', { authorization, 'content-type': 'application/json' }, body);
}

function upstreamBody(): string {
  return stack.sandbox.control.lastRequest('workflow')?.rawBody.toString() ?? '';
}

const ADA = { email: 'ada@example.com' };

describe('the claim of a person', () => {
  it('stands in the context of a start by the simple route', async () => {
    expect((await asPerson(`/api/workflow${BY_DEFINITION}`, '{"a":1.0}', ADA)).status).toBe(201);
    expect(upstreamBody()).toBe('{"definitionId":"onboarding","context":{"startedBy":"ada@example.com","a":1.0}}');
  });

  it('stands in the context of a start by the full body', async () => {
    const body = '{"definitionId":"onboarding","context":{"a":9007199254740993}}';
    expect((await asPerson('/api/workflow/instances', body, ADA)).status).toBe(201);
    expect(upstreamBody()).toBe(
      '{"context":{"startedBy":"ada@example.com","a":9007199254740993},"definitionId":"onboarding"}',
    );
  });

  it('stands in the context of a full body that brings none', async () => {
    await asPerson('/api/workflow/instances', '{"definitionId":"onboarding"}', ADA);
    expect(JSON.parse(upstreamBody())).toEqual({ definitionId: 'onboarding', context: { startedBy: ADA.email } });
  });

  it.each([
    ['once', '{"startedBy":"eve","a":1}'],
    ['twice', '{"startedBy":"eve","a":1,"startedBy":"eve"}'],
    ['with escapes in its name', '{"\\u0073tarted\\u0042y":"eve","a":1}'],
    ['as an object', '{"startedBy":{"startedBy":"eve"},"a":1}'],
  ])('replaces what the caller sends under its name %s', async (_, context) => {
    await asPerson(`/api/workflow${BY_DEFINITION}`, context, ADA);
    expect(upstreamBody()).toBe('{"definitionId":"onboarding","context":{"startedBy":"ada@example.com","a":1}}');
  });

  it('replaces it in every context of a full body that brings two', async () => {
    const body = '{"context":{"startedBy":"eve"},"definitionId":"onboarding","context":{"startedBy":"mallory","a":1}}';
    await asPerson('/api/workflow/instances', body, ADA);
    expect(upstreamBody()).toBe('{"context":{"startedBy":"ada@example.com","a":1},"definitionId":"onboarding"}');
  });

  it('leaves the same name deeper in the context alone', async () => {
    await asPerson(`/api/workflow${BY_DEFINITION}`, '{"order":{"startedBy":"eve"}}', ADA);
    expect(upstreamBody()).toContain('"order":{"startedBy":"eve"}');
  });

  it('cannot break out of its place', async () => {
    await asPerson(`/api/workflow${BY_DEFINITION}`, '{}', { email: '","admin":"yes' });
    expect(JSON.parse(upstreamBody())).toEqual({
      definitionId: 'onboarding',
      context: { startedBy: '","admin":"yes' },
    });
  });
});

describe('a caller of whom nothing says who acts', () => {
  it.each([
    ['has no such claim', {}],
    ['has it as a list', { email: ['ada@example.com'] }],
    ['has it empty', { email: '' }],
    ['has control characters in it', { email: 'ada\r\nx: y' }],
    ['has 256 characters in it', { email: 'a'.repeat(256) }],
  ])('is 403 when its token %s', async (_, claims) => {
    const answer = await asPerson(`/api/workflow${BY_DEFINITION}`, '{}', claims);
    expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(answer.text).toContain('email');
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });

  it('is 403 when it comes with an API key, on both ways to start', async () => {
    const full = await stack.post('/api/workflow/instances', '{"definitionId":"onboarding"}');
    const simple = await stack.post(`/api/workflow${BY_DEFINITION}`, '{}');
    expect([full.status, simple.status]).toEqual([403, 403]);
  });

  it('may still read', async () => {
    expect((await stack.get('/api/workflow/definitions')).status).toBe(200);
  });
});

describe('the name of a caller', () => {
  it('stands in the context where the service asks for the caller', async () => {
    expect((await stack.post(`/api/named${BY_DEFINITION}`, '{"startedBy":"eve"}')).status).toBe(201);
    expect(upstreamBody()).toBe('{"definitionId":"onboarding","context":{"startedBy":"tester"}}');
  });

  it('is that of the caller whose token it is', async () => {
    expect((await asPerson(`/api/named${BY_DEFINITION}`, '{}', {})).status).toBe(201);
    expect(upstreamBody()).toContain('"startedBy":"people"');
  });
});
