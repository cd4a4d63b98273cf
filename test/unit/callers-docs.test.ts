import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkGrants } from '../../src/callers/check-grants.ts';
import { offerOf } from '../../src/services/offers.ts';
import { auditFields } from '../../src/telemetry/audit.ts';
import { load, vcapServices, vcapBinding, workflowKey } from '../support/config-sources.ts';

const guide = readFileSync(new URL('../../docs/callers.md', import.meta.url), 'utf8');

describe('the examples of docs/callers.md', () => {
  const xsuaa = {
    clientid: 'sb-portal!t1',
    url: 'https://acme.authentication.eu10.hana.ondemand.com',
    xsappname: 'p!t1',
  };
  const env = { VCAP_SERVICES: vcapServices(vcapBinding('my-xsuaa', 'xsuaa', 'application', xsuaa)) };
  const files = { '/app/keys/workflow.json': JSON.stringify(workflowKey) };
  const examples = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');

  it('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  it.each(examples)('load without a problem, and their grants match routes: %s', (file) => {
    const config = load({ env, file, files });
    expect(() =>
      checkGrants(
        config.callers,
        config.services.map((service) => offerOf(service)),
      ),
    ).not.toThrow();
  });
});

describe('the audit in docs/callers.md', () => {
  it('names every field that a line of the audit has beside the usual ones', () => {
    const request = { operation: 'start-definition', params: { id: 'x' }, starts: true, code: undefined };
    for (const field of Object.keys(auditFields(request, 201) ?? {})) expect(guide).toContain(`| \`${field}\``);
  });
});
