import { resolve } from 'node:path';
import type { Checked } from './checked.ts';
import type { ClientAuthentication, TokenClient } from './config.ts';
import { FileSecret } from './file-secret.ts';
import { checkCertificate, checkPrivateKey, checkSigningKey, isPair, isValidAt } from './key-pair.ts';
import { looksLikePem, parsePem } from './pem.ts';
import { Secret } from './secret.ts';
import { locate, reportMissing, type Located, type ServiceContext } from './service-context.ts';
import { parseSecret } from './settings-schema.ts';
import { readTextFile } from './text-files.ts';

/** What a client authenticates with. */
type Credentials = Pick<TokenClient, 'clientSecret' | 'nextClientSecret' | 'certificate' | 'key'>;

/** The credentials that this way of authenticating needs; `undefined` after a problem was noted. */
export function readCredentials(context: ServiceContext, auth: ClientAuthentication): Credentials | undefined {
  switch (auth) {
    case 'client_secret_post':
    case 'client_secret_basic':
    case 'client_secret_json':
      return readClientSecrets(context);
    case 'tls_client_auth':
      return readKeyPair(context, { check: checkPrivateKey, needsCertificate: true });
    case 'private_key_jwt':
      return readKeyPair(context, { check: checkSigningKey, needsCertificate: false });
  }
}

function readClientSecrets(context: ServiceContext): Credentials | undefined {
  const { entry, keySource } = context.plan;
  const inFile = entry.token?.clientSecret;
  const field = keySource?.key?.clientSecret;
  const clientSecret =
    inFile ?? (keySource && field && context.findings.take(keySource.setting, parseSecret(field.text), field.name));
  const nextClientSecret = entry.token?.nextClientSecret;
  if (clientSecret !== undefined) return { clientSecret, nextClientSecret, certificate: undefined, key: undefined };
  const cure = 'Give the secret of the client; a key without one needs its certificate and private key.';
  reportMissing(context, { path: ['token', 'clientSecret'], keyField: 'clientsecret', cure });
  return undefined;
}

type CheckPem = (pem: string) => Checked<string>;

function readKeyPair(
  context: ServiceContext,
  { check, needsCertificate }: { readonly check: CheckPem; readonly needsCertificate: boolean },
): Credentials | undefined {
  const certificate = readPem(context, 'certificate', checkCertificate);
  const key = readPem(context, 'key', check);
  if (key === undefined) reportMissingPem(context, 'key', 'private key');
  if (certificate === undefined && needsCertificate) reportMissingPem(context, 'certificate', 'certificate');
  if (key === undefined || (certificate === undefined && needsCertificate)) return undefined;
  if (certificate !== undefined) {
    if (!isPair(certificate.secret.reveal(), key.secret.reveal())) {
      const fault = { problem: 'is not the private key of the certificate', cure: 'Give both of one pair.' };
      context.findings.problem(key.setting, fault);
      return undefined;
    }
    noticeValidity(context, certificate.secret);
  }
  return { clientSecret: undefined, certificate: certificate?.secret, key: key.secret };
}

function reportMissingPem(context: ServiceContext, name: 'certificate' | 'key', what: string): void {
  const cure = `Give the ${what} as PEM, or set token.${name} in the file to PEM or a path.`;
  reportMissing(context, { path: ['token', name], keyField: name, cure });
}

/** Not a problem: a certificate in a file may be renewed before it is needed. */
function noticeValidity({ plan, findings }: ServiceContext, certificate: Secret): void {
  if (isValidAt(certificate.reveal(), Date.now())) return;
  findings.notice(`The certificate of the service ${plan.name} is not valid now: it has run out, or not begun yet.`);
}

interface FoundPem {
  readonly secret: Secret;
  readonly setting: string;
}

/**
 * A certificate or private key: PEM in the service key, PEM or a path in the file. A path is read again with every token
 * request, so that a renewed certificate needs no restart.
 */
function readPem(context: ServiceContext, name: 'certificate' | 'key', check: CheckPem): FoundPem | undefined {
  const { entry, keySource } = context.plan;
  const inKey = name === 'key' ? keySource?.key?.privateKey : keySource?.key?.certificate;
  const found = locate(context, { text: entry.token?.[name], path: ['token', name] }, inKey);
  if (found === undefined) return undefined;
  const { setting, field } = found;
  const path = isPath(found) ? resolve(context.folder, found.text) : undefined;
  const read = (): Checked<string> => {
    const text = path === undefined ? { ok: true as const, value: found.text } : readTextFile(context.readFile, path);
    const pem = text.ok ? parsePem(text.value) : text;
    return pem.ok ? check(pem.value) : pem;
  };
  const pem = context.findings.take(setting, read(), field);
  if (pem === undefined) return undefined;
  return { secret: path === undefined ? new Secret(pem) : new FileSecret(pem, () => valueOf(read())), setting };
}

function isPath({ field, text }: Located): boolean {
  return field === undefined && !looksLikePem(text);
}

function valueOf<T>(checked: Checked<T>): T | undefined {
  return checked.ok ? checked.value : undefined;
}
