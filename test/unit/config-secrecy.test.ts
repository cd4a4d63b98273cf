import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { ConfigurationError, formatConfigurationProblems } from '../../src/config/configuration-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { sourcesOf, workflowKey, type Given } from '../support/config-sources.ts';

const CANARY = 'cAnArY0123456789zZ';

/** Everything that the attempt to load lets out, as text. */
function outputOf(given: Given): string {
  try {
    const config = loadConfig(sourcesOf(given));
    return [JSON.stringify(config), inspect(config, { depth: 10, showHidden: true }), config.notices.join('\n')].join(
      '\n',
    );
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [
      error.stack,
      inspect(error, { depth: 10 }),
      JSON.stringify(error.problems),
      formatConfigurationProblems(error.problems),
    ].join('\n');
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

describe('no value of the configuration gets out', () => {
  it.each<readonly [string, Given]>([
    ['a key that lost its name', { env: { API_KEYS: CANARY } }],
    ['a key that is too short', { env: { API_KEYS: 'a=cAnArY012345678' } }],
    ['a key with a bad name', { env: { API_KEYS: `a b ${CANARY}=${CANARY}` } }],
    ['a key for two callers', { env: { API_KEYS: `a=${CANARY},b=${CANARY}` } }],
    ['a good key', { env: { API_KEYS: `a=${CANARY}`, WORKFLOW_SERVICE_KEY: quoted('x') } }],
    ['a service key that is cut off', { env: { WORKFLOW_SERVICE_KEY: `{"uaa":{"clientsecret":"${CANARY}` } }],
    ['a service key that is no JSON', { env: { WORKFLOW_SERVICE_KEY: CANARY } }],
    [
      'a service key with a bad client id',
      {
        env: {
          WORKFLOW_SERVICE_KEY: JSON.stringify({
            ...workflowKey,
            uaa: { clientid: `${CANARY} `, clientsecret: CANARY, url: CANARY },
          }),
        },
      },
    ],
    ['bindings that are no JSON', { env: { VCAP_SERVICES: `{"workflow":[{"credentials":"${CANARY}"` } }],
    ['bindings of a wrong shape', { env: { VCAP_SERVICES: JSON.stringify({ workflow: [CANARY] }) } }],
    ['numbers', { env: { PORT: CANARY, TRUSTED_PROXY_HOPS: CANARY, LOG_LEVEL: CANARY } }],
    [
      'origins and hosts',
      { env: { CORS_ORIGINS: CANARY, ALLOWED_HOSTS: `${CANARY}/x`, PUBLIC_URL: CANARY, HOST: `${CANARY} x` } },
    ],
    ['flows', { env: { INTEGRATION_FLOWS: `${CANARY},a=${CANARY},b ${CANARY}=x` } }],
    ['the shared store', { env: { REDIS_URL: CANARY, FLOWGATE_ENCRYPTION_KEY: CANARY } }],
    ['the path of the file', { env: { FLOWGATE_CONFIG: CANARY } }],
    ['broken YAML', { file: `limits: "${CANARY}` }],
    ['YAML with a bad escape', { file: `limits: "${CANARY}\\q"` }],
    ['YAML with a colon too many', { file: `callers: a: ${CANARY}: x` }],
    ['YAML with an unknown tag', { file: `limits: !${CANARY} ${CANARY}` }],
    ['YAML with an unknown alias', { file: `limits: *${CANARY}` }],
    ['a file that is only text', { file: CANARY }],
    ['limits', { file: `limits: { body: ${CANARY}, timeout: ${CANARY}, concurrency: ${CANARY} }` }],
    ['a service', { file: `services: { x: { kind: ${CANARY}, url: ${CANARY} } }` }],
    [
      'a token',
      {
        file: `services: { x: { kind: sap-workflow, url: "${CANARY}", token: { url: "https://u:${CANARY}@x.example.com", clientId: "${CANARY} x", clientSecret: "${CANARY} ", auth: ${CANARY}, params: { grant_type: ${CANARY} }, headers: { host: ${CANARY} }, certificate: ${CANARY} } } }`,
      },
    ],
    [
      'a complete service',
      {
        file: `services: { x: { kind: sap-workflow, url: https://x.example.com, apiKey: ${CANARY}, token: { url: https://x.example.com, clientId: id, clientSecret: ${CANARY} } } }`,
        env: { ALLOW_ANONYMOUS: 'true' },
      },
    ],
    [
      'a flow',
      {
        file: `services: { x: { kind: sap-integration, flows: { a: { address: "${CANARY}", methods: [${CANARY}], headers: ["${CANARY} x"], csrf: ${CANARY} } } } }`,
      },
    ],
    ['a key file', { file: `services: { x: { kind: sap-workflow, key: ${CANARY} } }` }],
    ['a caller', { file: `callers: { x: { apiKeys: ["sha256:${CANARY}"], allow: ["${CANARY}"], jwt: ${CANARY} } }` }],
    ['a value from the environment', { file: 'limits: { body: "${SECRET}" }', env: { SECRET: CANARY } }],
    ['braces around something else', { file: `limits: { body: "\${${CANARY} x}" }` }],
  ])('%s', (_, given) => {
    expect(outputOf(given)).not.toContain('cAnArY0');
  });
});

describe('whatever is configured', () => {
  const names = fc.constantFrom(
    'PORT',
    'API_KEYS',
    'WORKFLOW_SERVICE_KEY',
    'INTEGRATION_FLOWS',
    'VCAP_SERVICES',
    'CORS_ORIGINS',
    'PUBLIC_URL',
    'ALLOWED_HOSTS',
    'VCAP_APPLICATION',
  );
  const values = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.json({ maxDepth: 3 }));

  it('a text in a variable gives a configuration or problems, never another error', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values), (env) => {
        outputOf({ env });
      }),
      { numRuns: 300 },
    );
  });

  it('a text as the file gives a configuration or problems, never another error', () => {
    fc.assert(
      fc.property(values, (file) => {
        outputOf({ file });
      }),
      { numRuns: 300 },
    );
  });

  it('any JSON in a section gives a configuration or problems, never another error', () => {
    const entry = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record(
        {
          kind: fc.constantFrom('sap-workflow', 'sap-integration', 'http', 5),
          url: fc.oneof(fc.webUrl(), fc.jsonValue({ maxDepth: 1 })),
          token: fc.oneof(
            fc.record({ url: fc.webUrl(), clientId: fc.string(), clientSecret: fc.string() }),
            fc.jsonValue(),
          ),
          flows: fc.dictionary(fc.string(), fc.oneof(fc.record({ address: fc.string() }), fc.jsonValue())),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry), fc.jsonValue(), fc.jsonValue(), (services, callers, limits) => {
        outputOf({ file: JSON.stringify({ services, callers, limits }) });
      }),
      { numRuns: 300 },
    );
  });
});
