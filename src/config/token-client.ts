import { resolve } from 'node:path';
import { bad, good, type Checked } from './checked.ts';
import type { ClientAuthentication, ServiceConfig, TokenClient } from './config.ts';
import { looksLikePem, parsePem } from './pem.ts';
import { Secret } from './secret.ts';
import { locate, reportMissing, type Located, type ServiceContext } from './service-context.ts';
import { parseSecret } from './settings-schema.ts';
import { readTextFile } from './text-files.ts';
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
  const credentials = auth === 'tls_client_auth' ? readCertificate(context) : readClientSecret(context);
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

type Credentials = Pick<TokenClient, 'clientSecret' | 'certificate' | 'key'>;

function readClientSecret(context: ServiceContext): Credentials | undefined {
  const { entry, keySource } = context.plan;
  const inFile = entry.token?.clientSecret;
  const field = keySource?.key?.clientSecret;
  const clientSecret =
    inFile ?? (keySource && field && context.findings.take(keySource.setting, parseSecret(field.text), field.name));
  if (clientSecret !== undefined) return { clientSecret, certificate: undefined, key: undefined };
  const cure = 'Give the secret of the client; a key without one needs its certificate and private key.';
  reportMissing(context, { path: ['token', 'clientSecret'], keyField: 'clientsecret', cure });
  return undefined;
}

function readCertificate(context: ServiceContext): Credentials | undefined {
  const certificate = readPem(context, 'certificate');
  const key = readPem(context, 'key');
  if (certificate !== undefined && key !== undefined) return { clientSecret: undefined, certificate, key };
  for (const [name, value] of Object.entries({ certificate, key })) {
    const cure = `Give the ${name} as PEM, or set token.${name} in the file to PEM or a path.`;
    if (value === undefined) reportMissing(context, { path: ['token', name], keyField: name, cure });
  }
  return undefined;
}

/** A certificate or private key: PEM in the service key, PEM or a path in the file. */
function readPem(context: ServiceContext, name: 'certificate' | 'key'): Secret | undefined {
  const { entry, keySource } = context.plan;
  const inKey = name === 'key' ? keySource?.key?.privateKey : keySource?.key?.certificate;
  const found = locate(context, { text: entry.token?.[name], path: ['token', name] }, inKey);
  const text = found && pemText(context, found);
  const pem = found && text && context.findings.take(found.setting, parsePem(text), found.field);
  return pem ? new Secret(pem) : undefined;
}

function pemText(context: ServiceContext, found: Located): string | undefined {
  if (found.field !== undefined || looksLikePem(found.text)) return found.text;
  const path = resolve(context.folder, found.text);
  return context.findings.take(found.setting, readTextFile(context.readFile, path));
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
