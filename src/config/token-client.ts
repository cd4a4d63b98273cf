import { bad, good, type Checked } from './checked.ts';
import type { ClientAuthentication, ServiceConfig, TokenClient } from './config.ts';
import type { TokenEntry } from './file-schema.ts';
import { entrySetting, locate, reportMissing, type ServiceContext } from './service-context.ts';
import { readCredentials } from './token-credentials.ts';
import { certificateTokenEndpoint, tokenEndpoint } from './urls.ts';

const HOUR_S = 3600;

/** SAP advises to use a token for 2 h at most, because old and new signing keys overlap that long. Elsewhere a day. */
function longestTokenLife(kind: ServiceConfig['kind']): number {
  return kind.startsWith('sap-') ? 2 * HOUR_S : 24 * HOUR_S;
}

/**
 * The OAuth client of a service, from what the file and the service key say; `undefined` after a problem was noted.
 *
 * @param server the address of a service whose OpenID configuration names the token endpoint, where nothing else does
 */
export function buildTokenClient(context: ServiceContext, server?: string): TokenClient | undefined {
  const { entry } = context.plan;
  const token = entry.token ?? {};
  const auth = chooseAuthentication(context);
  const endpoint = readTokenEndpoint(context, auth, server);
  const clientId = readClientId(context);
  const credentials = readCredentials(context, auth);
  noticeUnread(context, auth);
  checkBasicEncoding(context, clientId);
  if (endpoint === undefined || clientId === undefined || credentials === undefined) return undefined;
  return {
    ...endpoint,
    clientId,
    auth,
    ...credentials,
    params: token.params ?? {},
    headers: lowerCaseNames(token.headers ?? {}),
    maxLifeSeconds: longestTokenLife(entry.kind),
    ...(token.basicEncoding === undefined ? {} : { basicEncoding: token.basicEncoding }),
    ...(token.assertionAudience === undefined ? {} : { assertionAudience: token.assertionAudience }),
  };
}

/** What the file says; else a certificate where there is one and no secret, as in keys of type x509. */
function chooseAuthentication(context: ServiceContext): ClientAuthentication {
  const { entry, keySource } = context.plan;
  if (entry.token?.auth !== undefined) return entry.token.auth;
  const hasSecret = (entry.token?.clientSecret ?? keySource?.key?.clientSecret) !== undefined;
  const hasCertificate = (entry.token?.certificate ?? keySource?.key?.certificate) !== undefined;
  return hasCertificate && !hasSecret ? 'tls_client_auth' : 'client_secret_post';
}

function readTokenEndpoint(
  context: ServiceContext,
  auth: ClientAuthentication,
  server: string | undefined,
): Pick<TokenClient, 'url' | 'discovery'> | undefined {
  const { entry, keySource } = context.plan;
  const usesCertificate = auth === 'tls_client_auth';
  const certificateUrl = usesCertificate ? keySource?.key?.certificateUrl : undefined;
  const found = locate(
    context,
    { text: entry.token?.url, path: ['token', 'url'] },
    certificateUrl ?? keySource?.key?.tokenUrl,
  );
  if (found === undefined && server !== undefined) {
    return { url: `${server}/.well-known/openid-configuration`, discovery: true };
  }
  if (found === undefined) {
    reportMissing(context, {
      path: ['token', 'url'],
      keyField: 'token address',
      cure: 'Give the token endpoint: "tokenurl" of the key, "uaa.url" of the key, or "token.url" in the file.',
    });
    return undefined;
  }
  const endpoint = context.findings.take(found.setting, tokenEndpoint(found.text, context.policy), found.field);
  const needsCertificateHost = usesCertificate && certificateUrl === undefined && found.field !== undefined;
  if (endpoint === undefined) return undefined;
  return { url: needsCertificateHost ? certificateTokenEndpoint(endpoint) : endpoint };
}

function readClientId(context: ServiceContext): string | undefined {
  const { entry, keySource } = context.plan;
  const found = locate(context, { text: entry.token?.clientId, path: ['token', 'clientId'] }, keySource?.key?.clientId);
  if (found !== undefined) return context.findings.take(found.setting, checkClientId(found.text), found.field);
  reportMissing(context, {
    path: ['token', 'clientId'],
    keyField: 'clientid',
    cure: 'Give a service key, a binding, or address and token of the service; see docs/configuration.md.',
  });
  return undefined;
}

function checkClientId(text: string): Checked<string> {
  if (/[\s\p{Cc}]/u.test(text)) return bad('has blanks around it or inside', 'Copy the client id again, in one piece.');
  if (text === '' || /^["'“„‘<]|["'”’>]$/.test(text)) {
    return bad('has quotes or brackets around it, or is empty', 'Copy the client id alone.');
  }
  return good(text);
}

/** RFC 7617, section 2: what stands before the first colon is the id. */
function checkBasicEncoding(context: ServiceContext, clientId: string | undefined): void {
  const { auth, basicEncoding } = context.plan.entry.token ?? {};
  if (auth !== 'client_secret_basic' || basicEncoding !== 'raw' || clientId?.includes(':') !== true) return;
  context.findings.problem(entrySetting(context, 'token', 'basicEncoding'), {
    problem: 'cannot be raw: the client id has a colon, which would end it too early',
    cure: 'Leave basicEncoding out, or use client_secret_post.',
  });
}

/** The settings of `token` that only some ways of authenticating read. */
const READ_BY: Readonly<Partial<Record<keyof TokenEntry, readonly ClientAuthentication[]>>> = {
  clientSecret: ['client_secret_post', 'client_secret_basic', 'client_secret_json'],
  nextClientSecret: ['client_secret_post', 'client_secret_basic', 'client_secret_json'],
  basicEncoding: ['client_secret_basic'],
  assertionAudience: ['private_key_jwt'],
  certificate: ['tls_client_auth', 'private_key_jwt'],
  key: ['tls_client_auth', 'private_key_jwt'],
};

function noticeUnread({ plan, findings }: ServiceContext, auth: ClientAuthentication): void {
  for (const [name, readBy] of Object.entries(READ_BY)) {
    if (plan.entry.token?.[name as keyof TokenEntry] === undefined || readBy.includes(auth)) continue;
    findings.notice(`token.${name} of the service ${plan.name} is not used: it belongs to ${readBy.join(', ')}.`);
  }
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
