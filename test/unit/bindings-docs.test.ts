import { describe, expect, it } from '@jest/globals';
import { kindOfLabel } from '../../src/config/service-offers.ts';
import { load, ONE_CALLER, problemsOf, vcapBinding, vcapServices, workflowKey } from '../support/config-sources.ts';
import { codesIn, tableOf } from '../support/markdown-tables.ts';

const GUIDE = 'docs/configuration.md';
const TOKEN_URL = 'https://idp.example.com/oauth/token';
const SERVICE_URL = 'https://service.example.com';

describe('the table of bound services', () => {
  it.each(tableOf(GUIDE, 'Bound services', 'label').rows)(
    'says what %s of plan %s becomes: %s',
    (labels, plan, becomes) => {
      if (codesIn(plan).includes('api')) {
        const key = keyOf(['oauth', 'clientid'], ['oauth', 'clientsecret'], ['oauth', 'tokenurl'], ['oauth', 'url']);
        const bindings = [
          vcapBinding('my-it-rt', 'it-rt', 'api', key),
          vcapBinding('my', 'workflow', 'standard', workflowKey),
        ];
        const { services } = load({ env: { ...ONE_CALLER, VCAP_SERVICES: vcapServices(...bindings) } });
        expect(services.map((service) => service.kind)).toEqual(['sap-workflow']);
        return;
      }
      const kind = /^a `([a-z-]+)` service/.exec(becomes ?? '')?.[1];
      for (const label of codesIn(labels)) expect([label, kindOfLabel(label)]).toEqual([label, kind]);
    },
  );
});

describe('the table of service keys', () => {
  // What an xsuaa says of a service is in the file: it is the key of no service here.
  const KINDS = ['sap-workflow', 'sap-workflow', 'sap-integration', undefined, 'http'];
  const { rows } = tableOf(GUIDE, 'Service keys', 'key of');
  const ofServices = rows.flatMap(([name = '', client = '', token = '', service = ''], at) => {
    const kind = KINDS[at];
    const places = client.split(' or ').map((place) => (place.includes('the top') ? '' : (codesIn(place)[0] ?? '')));
    return kind === undefined
      ? []
      : places.map((place) => [name, place, kind, codesIn(token)[0] ?? '', codesIn(service)[0] ?? ''] as const);
  });

  it('has a row for each kind of key', () => {
    expect(rows).toHaveLength(KINDS.length);
  });

  it.each(ofServices)('of %s (client in "%s") says where everything is', (_name, place, kind, token, service) => {
    const whole = (path: string): string[] => (path.includes('.') || place === '' ? path.split('.') : [place, path]);
    const inPlace = (name: string): string[] => (place === '' ? [name] : [place, name]);
    const key = keyOf(inPlace('clientid'), inPlace('clientsecret'), whole(token), whole(service));
    const routes = kind === 'http' ? ', routes: [GET /a -> /a]' : '';
    const file = `services: { one: { kind: ${kind}, key: ./key.json${routes} } }`;
    const given = { env: ONE_CALLER, file, files: { '/app/key.json': JSON.stringify(key) } };
    expect(problemsOf(given)).toEqual([]);
    const [loaded] = load(given).services;
    expect(loaded?.token).toMatchObject({ clientId: 'made-up-client', url: TOKEN_URL });
    expect(JSON.stringify(loaded)).toContain(SERVICE_URL);
  });
});

/** A service key with its client, token address and service address at those paths. */
function keyOf(
  id: readonly string[],
  secret: readonly string[],
  token: readonly string[],
  service: readonly string[],
): Record<string, unknown> {
  const key: Record<string, unknown> = {};
  put(key, id, 'made-up-client');
  put(key, secret, 'made-up-secret');
  put(key, token, TOKEN_URL);
  put(key, service, SERVICE_URL);
  return key;
}

function put(part: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) part[first] = value;
  else put((part[first] ??= {}) as Record<string, unknown>, rest, value);
}
