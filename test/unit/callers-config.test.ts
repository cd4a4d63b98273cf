import { describe, expect, it } from '@jest/globals';
import type { CallerConfig } from '../../src/config/config.ts';
import {
  faultySettings,
  KEY,
  load,
  ONE_CALLER,
  problemWith,
  workflowKey,
  workflowService,
} from '../support/config-sources.ts';

const WORKFLOW = { WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey) };

/** As the platform writes them; values are made up. */
const BINDINGS = {
  xsuaa: [
    {
      name: 'my-xsuaa',
      label: 'xsuaa',
      plan: 'application',
      credentials: {
        clientid: 'sb-portal!t1',
        clientsecret: 'not-for-verifying',
        url: 'https://acme.authentication.eu10.hana.ondemand.com',
        xsappname: 'portal!t1',
      },
    },
  ],
  identity: [
    {
      name: 'my-ias',
      label: 'identity',
      plan: 'application',
      credentials: { clientid: '0f1e', url: 'https://acme.accounts.ondemand.com' },
    },
  ],
  'user-provided': [{ name: 'no-issuer', label: 'user-provided', credentials: { clientid: 'x' } }],
};

function withCaller(caller: string) {
  return {
    env: { ...WORKFLOW, VCAP_SERVICES: JSON.stringify(BINDINGS), AUDIENCE: 'flowgate' },
    file: `callers: { intranet: ${caller} }`,
  };
}

function withJwt(jwt: string) {
  return withCaller(`{ jwt: ${jwt}, allow: [] }`);
}

function caller(given: Parameters<typeof load>[0]): CallerConfig | undefined {
  return load(given).callers[0];
}

function withIdentity(identity: string) {
  const file = `services: { workflow: { kind: sap-workflow, identity: ${identity} } }`;
  return { env: { ...WORKFLOW, ...ONE_CALLER }, file };
}

describe('jwt of a caller', () => {
  it('is an issuer, an audience and the claims that a token must have', () => {
    const given = withJwt(
      '{ issuer: https://login.example.com/, audience: "${AUDIENCE}", claims: { department: hr, internal: true }, scopes: [start] }',
    );
    expect(caller(given)?.jwt).toEqual({
      issuer: 'https://login.example.com/',
      jwksUrl: undefined,
      audiences: ['flowgate'],
      claims: { department: 'hr', internal: 'true' },
      scopes: ['start'],
      scopePrefix: undefined,
    });
  });

  it('may list several audiences and say where the keys are', () => {
    const given = withJwt(
      '{ issuer: https://login.example.com, audience: [a, b], jwksUrl: https://keys.example.com/jwks }',
    );
    expect(caller(given)?.jwt).toMatchObject({ audiences: ['a', 'b'], jwksUrl: 'https://keys.example.com/jwks' });
  });

  it('takes issuer, keys, audience and the prefix of scopes from a bound xsuaa', () => {
    expect(caller(withJwt('{ binding: my-xsuaa, scopes: [Start] }'))?.jwt).toEqual({
      issuer: 'https://acme.authentication.eu10.hana.ondemand.com/oauth/token',
      jwksUrl: 'https://acme.authentication.eu10.hana.ondemand.com/token_keys',
      audiences: ['sb-portal!t1', 'portal!t1'],
      claims: {},
      scopes: ['Start'],
      scopePrefix: 'portal!t1.',
    });
  });

  it('takes issuer and audience from a bound identity service, and leaves its keys to discovery', () => {
    expect(caller(withJwt('{ binding: my-ias }'))?.jwt).toEqual({
      issuer: 'https://acme.accounts.ondemand.com',
      jwksUrl: undefined,
      audiences: ['0f1e'],
      claims: {},
      scopes: [],
      scopePrefix: undefined,
    });
  });

  it('may replace what a binding says', () => {
    const given = withJwt('{ binding: my-ias, issuer: https://login.acme.com, audience: portal }');
    expect(caller(given)?.jwt).toMatchObject({ issuer: 'https://login.acme.com', audiences: ['portal'] });
  });

  it('may stand beside keys', () => {
    const given = withCaller(
      `{ apiKeys: [${KEY}], jwt: { issuer: https://login.example.com, audience: a }, allow: [] }`,
    );
    expect(caller(given)).toMatchObject({ apiKeyDigests: [expect.any(String)], jwt: { audiences: ['a'] } });
  });

  it.each([
    ['http://127.0.0.1:8080/realms/test'],
    ['http://localhost:8080'],
    ['https://login.example.com/tenant/v2.0'],
  ])('may have the issuer %s', (issuer) => {
    expect(faultySettings(withJwt(`{ issuer: "${issuer}", audience: a }`))).toEqual([]);
  });

  it.each([
    ['plain http beyond loopback', 'http://login.example.com'],
    ['a user name', 'https://user@login.example.com'],
    ['a metadata address', 'https://169.254.169.254/'],
    ['no scheme', 'login.example.com'],
    ['a query', 'https://login.example.com?x=1'],
  ])('must not have an issuer with %s', (_, issuer) => {
    expect(faultySettings(withJwt(`{ issuer: "${issuer}", audience: a }`))).toEqual(['callers.intranet.jwt.issuer']);
  });

  it('must not have an issuer over plain http where insecure upstreams are allowed', () => {
    const given = withJwt('{ issuer: http://login.example.com, audience: a }');
    const env = { ...given.env, ALLOW_INSECURE_UPSTREAMS: 'true' };
    expect(faultySettings({ ...given, env })).toEqual(['callers.intranet.jwt.issuer']);
  });

  it.each([
    ['without an audience', '{ issuer: https://login.example.com }', 'callers.intranet.jwt.audience'],
    ['without an issuer', '{ audience: a }', 'callers.intranet.jwt.issuer'],
    ['with a binding that is not there', '{ binding: other }', 'callers.intranet.jwt.binding'],
    ['with a binding that is no issuer', '{ binding: no-issuer }', 'callers.intranet.jwt.binding'],
    [
      'with keys over plain http',
      '{ issuer: https://a.example.com, audience: a, jwksUrl: http://a.example.com/jwks }',
      'callers.intranet.jwt.jwksUrl',
    ],
    ['with scopes in one text', '{ binding: my-xsuaa, scopes: ["a b"] }', 'callers.intranet.jwt.scopes[0]'],
    ['with an unknown setting', '{ binding: my-xsuaa, algorithms: [HS256] }', 'callers.intranet.jwt.algorithms'],
  ])('%s is a problem', (_, jwt, setting) => {
    expect(faultySettings(withJwt(jwt))).toEqual([setting]);
  });

  it('must not give one issuer two sets of keys', () => {
    const jwt = (path: string) =>
      `{ jwt: { issuer: https://a.example.com, audience: a, jwksUrl: https://a.example.com/${path} }, allow: [] }`;
    const file = `callers: { one: ${jwt('x')}, two: ${jwt('y')} }`;
    expect(problemWith('callers.two.jwt', { env: WORKFLOW, file })).toContain('other keys');
  });
});

describe('origins of a caller', () => {
  it('are exact', () => {
    const given = withCaller(`{ apiKeys: [${KEY}], allow: [], origins: [https://intranet.example.com] }`);
    expect(caller(given)?.origins).toEqual(['https://intranet.example.com']);
  });

  it.each(['https://*.example.com', '*', 'intranet.example.com', 'https://intranet.example.com/app', 'null'])(
    'must not hold %j',
    (origin) => {
      const given = withCaller(`{ apiKeys: [${KEY}], allow: [], origins: ["${origin}"] }`);
      expect(faultySettings(given)).toEqual(['callers.intranet.origins[0]']);
    },
  );
});

describe('rateLimit of a caller', () => {
  it.each([
    ['10/s', 10, 1],
    ['600/min', 600, 60],
    ['5000/h', 5000, 3600],
    ['1 / s', 1, 1],
  ])('may be %s', (rate, requests, perSeconds) => {
    const given = withCaller(`{ apiKeys: [${KEY}], allow: [], rateLimit: ${rate} }`);
    expect(caller(given)?.rateLimit).toEqual({ requests, perSeconds });
  });

  it.each(['0/min', '600', '600/m', '600/day', '-1/s', '1.5/s', '2000000/s', '10/s/s', ''])(
    'must not be %j',
    (rate) => {
      const given = withCaller(`{ apiKeys: [${KEY}], allow: [], rateLimit: "${rate}" }`);
      expect(faultySettings(given)).toEqual(['callers.intranet.rateLimit']);
    },
  );
});

describe('identity of a service', () => {
  it('may be the caller', () => {
    expect(workflowService(load(withIdentity('{ from: caller, as: startedBy }'))).identity).toEqual({
      claim: undefined,
      as: 'startedBy',
    });
  });

  it('may be a claim', () => {
    expect(workflowService(load(withIdentity('{ claim: email, as: startedBy }'))).identity).toEqual({
      claim: 'email',
      as: 'startedBy',
    });
  });

  it.each([
    ['nobody', '{ as: startedBy }', 'services.workflow.identity'],
    ['two at once', '{ from: caller, claim: email, as: startedBy }', 'services.workflow.identity'],
    ['somebody unknown', '{ from: header, as: startedBy }', 'services.workflow.identity.from'],
    ['no place in the context', '{ from: caller }', 'services.workflow.identity.as'],
    ['a strange place', '{ from: caller, as: "a\\"b" }', 'services.workflow.identity.as'],
  ])('must not name %s', (_, identity, setting) => {
    expect(faultySettings(withIdentity(identity))).toEqual([setting]);
  });
});
