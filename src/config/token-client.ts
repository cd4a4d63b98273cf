import { resolve } from 'node:path';
import { bad, good, type Checked } from './checked.ts';
import type { ClientAuthentication, ServiceConfig, TokenClient } from './config.ts';
import { looksLikePem, parsePem } from './pem.ts';
import { Secret } from './secret.ts';
import { locate, reportMissing, type Located, type ServiceContext } from './service-context.ts';
import { readTextFile } from './text-files.ts';
import { certificateTokenEndpoint, tokenEndpoint } from './urls.ts';

const HOUR_S = 3600;

/** SAP advises to use a token for 2 h at most, because old and new signing keys overlap that long. Elsewhere a day. */
function longestTokenLife(kind: ServiceConfig['kind']): number {
  return kind.startsWith('sap-') ? 2 * HOUR_S : 24 * HOUR_S;
}

/** The OAuth client of a service, from what the file and the service key say; `undefined` after a problem was noted. */
export function buildTokenClient(context: ServiceContext): TokenClient | undefined {
  const { entry } = context.plan;
  const token = entry.token ?? {};
  const clientSecret = readClientSecret(context);
  const certificate = readPem(context, 'certificate');
  const auth =
    token.auth ?? (clientSecret === undefined && certificate !== undefined ? 'tls_client_auth' : 'client_secret_post');
  const url = readTokenUrl(context, auth);
  const clientId = readClientId(context);
  const key = readPem(context, 'key');
  const hasCredentials = checkCredentials(context, auth, { clientSecret, certificate, key });
  if (url === undefined || clientId === undefined || !hasCredentials) return undefined;
  const usesCertificate = auth === 'tls_client_auth';
  return {
    url,
    clientId,
    auth,
    clientSecret: usesCertificate ? undefined : clientSecret,
    certificate: usesCertificate ? certificate : undefined,
    key: usesCertificate ? key : undefined,
    params: token.params ?? {},
    headers: lowerCaseNames(token.headers ?? {}),
    maxLifeSeconds: longestTokenLife(entry.kind),
    ...(token.basicEncoding === undefined ? {} : { basicEncoding: token.basicEncoding }),
  };
}

function readTokenUrl(context: ServiceContext, auth: ClientAuthentication): string | undefined {
  const { entry, keySource } = context.plan;
  const usesCertificate = auth === 'tls_client_auth';
  const certificateUrl = usesCertificate ? keySource?.key?.certificateUrl : undefined;
  const found = locate(
    context,
    { text: entry.token?.url, path: ['token', 'url'] },
    certificateUrl ?? keySource?.key?.tokenUrl,
  );
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
  return endpoint !== undefined && needsCertificateHost ? certificateTokenEndpoint(endpoint) : endpoint;
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

function readClientSecret(context: ServiceContext): Secret | undefined {
  const { entry, keySource } = context.plan;
  const field = keySource?.key?.clientSecret;
  if (entry.token?.clientSecret !== undefined) return entry.token.clientSecret;
  if (keySource === undefined || field === undefined) return undefined;
  const checked =
    field.text === field.text.trim()
      ? good(new Secret(field.text))
      : bad('has blanks or a line break around it', 'Copy the secret again, alone.');
  return context.findings.take(keySource.setting, checked, field.name);
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

function checkCredentials(
  context: ServiceContext,
  auth: ClientAuthentication,
  has: { clientSecret: Secret | undefined; certificate: Secret | undefined; key: Secret | undefined },
): boolean {
  if (auth !== 'tls_client_auth') {
    if (has.clientSecret !== undefined) return true;
    const cure = 'Give the secret of the client; a key without one needs its certificate and private key.';
    reportMissing(context, { path: ['token', 'clientSecret'], keyField: 'clientsecret', cure });
    return false;
  }
  for (const name of ['certificate', 'key'] as const) {
    const cure = `Give the ${name} as PEM, or set token.${name} in the file to PEM or a path.`;
    if (has[name] === undefined) reportMissing(context, { path: ['token', name], keyField: name, cure });
  }
  return has.certificate !== undefined && has.key !== undefined;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
