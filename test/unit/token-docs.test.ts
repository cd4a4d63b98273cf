import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { load } from '../support/config-sources.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const guide = readFileSync(new URL('../../docs/tokens.md', import.meta.url), 'utf8');

describe('the examples of docs/tokens.md', () => {
  const examples = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  const { cert, key } = makeCertificate();
  const env = {
    SHOP_KEY: 'shop-key-0123456789abc',
    AUTH0_CLIENT_ID: 'id',
    WORKFLOW_CLIENT_ID: 'sb-clone!b1|workflow!b2',
    WORKFLOW_CLIENT_SECRET: 'secret',
    WORKFLOW_NEXT_SECRET: 'next-secret',
  };

  it('are there', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples)('load without a problem, and use all that they set: %s', (file) => {
    const config = load({ env, file, files: { '/app/tls/tls.crt': cert, '/app/tls/tls.key': key } });
    expect(config.services).toHaveLength(1);
    expect(config.notices.join('\n')).not.toContain('not used');
  });
});

describe('the tables of docs/tokens.md', () => {
  it('name each way of authenticating once', () => {
    const names = [...guide.matchAll(/^\| `([a-z]+_[a-z_]+)`\s*\|/gm)].map(([, name]) => name);
    expect(names).toEqual([
      'client_secret_post',
      'client_secret_basic',
      'client_secret_json',
      'private_key_jwt',
      'tls_client_auth',
    ]);
  });

  it.each([
    'XSUAA',
    'SAP Cloud Identity Services',
    'Auth0',
    'Entra v1',
    'Entra v2',
    'AD FS',
    'Keycloak',
    'Okta',
    'IdentityServer',
    'Duende',
    'OpenIddict',
    'Cognito',
    'Ping',
    'Hydra',
  ])('have a row for %s', (provider) => {
    expect(guide).toMatch(new RegExp(`^\\|[^|]*${provider}`, 'm'));
  });
});
