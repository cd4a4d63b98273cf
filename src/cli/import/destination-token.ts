import { writableAddress } from './address.ts';
import type { Draft } from './draft.ts';
import type { Destination } from './read-destinations.ts';

/** The way of authenticating that has a client of its own, which is what the server needs. */
const CLIENT_CREDENTIALS = 'OAuth2ClientCredentials';

/** What a destination may have that is carried over, or means nothing here. */
const KNOWN = new Set([
  'name',
  'type',
  'url',
  'description',
  'proxytype',
  'authentication',
  'clientid',
  'clientsecret',
  'tokenserviceurl',
  'tokenserviceurltype',
  'tokenservice.addclientcredentialsinbody',
  'scope',
  'html5.dynamicdestination',
  'webideenabled',
  'webideusage',
]);

/** The `token` of a service, or why the destination cannot be one. Its secret becomes a variable. */
export function tokenOf(
  destination: Destination,
  service: string,
  draft: Draft,
): { token: Record<string, unknown> } | { reason: string } {
  const authentication = destination.get('authentication') ?? 'NoAuthentication';
  if (destination.get('proxyType') === 'OnPremise')
    return { reason: 'ProxyType OnPremise needs the Cloud Connector, which Flowgate does not speak to' };
  if (authentication !== CLIENT_CREDENTIALS)
    return {
      reason: `Authentication ${authentication}: Flowgate gets its tokens with client credentials (${CLIENT_CREDENTIALS}) only`,
    };
  const url = destination.get('tokenServiceURL');
  const clientId = destination.get('clientId');
  if (url === undefined || clientId === undefined) return { reason: 'it has no tokenServiceURL or no clientId' };
  noteWhatIsLost(destination, draft);
  const params = paramsOf(destination, service, draft);
  return {
    token: {
      url: writableAddress(url, `destination ${destination.name}`, draft),
      clientId,
      ...credentialOf(destination, service, draft),
      ...(Object.keys(params).length === 0 ? {} : { params }),
    },
  };
}

/** A secret, or a certificate that the destination service keeps in a key store, which is no PEM. */
function credentialOf(destination: Destination, service: string, draft: Draft): Record<string, unknown> {
  const { name } = destination;
  if (destination.get('tokenService.KeyStoreLocation') !== undefined) {
    const meaning = `of the key store of the destination ${name}, as PEM`;
    return {
      auth: 'tls_client_auth',
      certificate: draft.variable(service, 'CERTIFICATE', `certificate ${meaning}`),
      key: draft.variable(service, 'PRIVATE_KEY', `private key ${meaning}`),
    };
  }
  const isBasic = destination.get('tokenService.addClientCredentialsInBody') === 'false';
  return {
    clientSecret: draft.variable(service, 'CLIENT_SECRET', `clientSecret of the destination ${name}`),
    ...(isBasic ? { auth: 'client_secret_basic' } : {}),
  };
}

/** Parameters that are a secret by their name. */
const SECRET_PARAM = /secret|password|assertion|token|key/i;

/** `scope`, and further parameters that the destination adds to the body of the token request. */
function paramsOf(destination: Destination, service: string, draft: Draft): Record<string, string> {
  const prefix = 'tokenservice.body.';
  const own = destination.properties.filter((name) => name.toLowerCase().startsWith(prefix));
  const pairs = own.map((property) => {
    const name = property.slice(prefix.length);
    const isSecret = SECRET_PARAM.test(name);
    const meaning = `${property} of the destination ${destination.name}`;
    return [name, isSecret ? draft.variable(service, name, meaning) : (destination.get(property) ?? '')] as const;
  });
  const scope = destination.get('scope');
  return { ...(scope === undefined ? {} : { scope }), ...Object.fromEntries(pairs) };
}

function noteWhatIsLost(destination: Destination, draft: Draft): void {
  const about = `destination ${destination.name}`;
  if (destination.get('tokenServiceURLType')?.toLowerCase() === 'common')
    draft.note(about, 'tokenServiceURLType Common: put the subdomain of your tenant into token.url');
  const proxyType = destination.get('proxyType') ?? 'Internet';
  if (proxyType !== 'Internet')
    draft.note(about, `ProxyType ${proxyType}: Flowgate connects directly; see that it can reach the address`);
  const lost = destination.properties.filter((name) => {
    const folded = name.toLowerCase();
    return !KNOWN.has(folded) && !folded.startsWith('tokenservice.body.');
  });
  if (lost.length > 0) draft.note(about, `not carried over: ${lost.join(', ')}`);
}
