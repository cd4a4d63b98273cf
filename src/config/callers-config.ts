import { parseApiKey } from './api-key.ts';
import type { Binding } from './binding.ts';
import { callerSchema } from './caller-schema.ts';
import { bad, good, type Checked } from './checked.ts';
import type { CallerConfig } from './config.ts';
import { commaSeparated } from './environment-variables.ts';
import type { Findings } from './findings.ts';
import type { JsonObject } from './json-object.ts';
import { checkKeySets, readJwt } from './jwt-config.ts';
import { settingName, shownName } from './setting-name.ts';
import { parseSection } from './settings-issues.ts';

/** Who holds a key: the first caller that was read with it, by the key's digest. */
type KeyHolders = Map<string, string>;

/** The callers of the file and of `API_KEYS`. */
export function readCallers(
  entries: ReadonlyMap<string, JsonObject>,
  apiKeys: string | undefined,
  bindings: readonly Binding[],
  findings: Findings,
): readonly CallerConfig[] {
  const holders: KeyHolders = new Map();
  const ofFile = [...entries].flatMap(
    ([name, raw]) => readFileCaller(name, raw, { holders, bindings }, findings) ?? [],
  );
  checkKeySets(ofFile, findings);
  const named = [...entries.keys()];
  return [...ofFile, ...readApiKeys(apiKeys, named, holders, findings)];
}

function readFileCaller(
  name: string,
  raw: JsonObject,
  { holders, bindings }: { readonly holders: KeyHolders; readonly bindings: readonly Binding[] },
  findings: Findings,
): CallerConfig | undefined {
  const setting = settingName(['callers', name]);
  findings.take(setting, parseCallerName(name));
  const entry = parseSection(callerSchema, raw, ['callers', name], findings);
  if (entry === undefined) return undefined;
  const keysSetting = `${setting}.apiKeys`;
  if (entry.apiKeys === undefined && entry.jwt === undefined) {
    const cure = 'Give the caller at least one key, or say in "jwt" which tokens are its.';
    findings.missing(keysSetting, { problem: 'is missing', cure }, [keysSetting, `${setting}.jwt`]);
  }
  const digests = (entry.apiKeys ?? []).filter((digest, index) =>
    isOwnKey(digest, name, `${keysSetting}[${index}]`, holders, findings),
  );
  return {
    name,
    apiKeyDigests: [...new Set(digests)],
    allow: entry.allow,
    jwt: entry.jwt && readJwt(entry.jwt, `${setting}.jwt`, bindings, findings),
    origins: entry.origins,
    rateLimit: entry.rateLimit,
  };
}

/** The pairs of `API_KEYS`. A faulty entry is named by its number: its text may be a key that lost its name. */
function readApiKeys(
  value: string | undefined,
  fileCallers: readonly string[],
  holders: KeyHolders,
  findings: Findings,
): readonly CallerConfig[] {
  const setting = 'API_KEYS';
  const digests = new Map<string, readonly string[]>();
  for (const [index, pair] of commaSeparated(value).entries()) {
    const field = `entry ${index + 1}`;
    const separator = pair.indexOf('=');
    if (separator < 1) {
      const cure = 'Write name=key pairs, comma separated; a key must not hold a comma.';
      findings.problem(setting, { problem: `${field} is not a name, "=" and a key`, cure });
      continue;
    }
    const name = findings.take(setting, parseCallerName(pair.slice(0, separator).trim()), `${field}: its name`);
    const digest = findings.take(setting, parseApiKey(pair.slice(separator + 1).trim()), `${field}: its key`);
    if (name === undefined || digest === undefined) continue;
    if (fileCallers.includes(name)) {
      const cure = 'Rename one of them, or put the key into the file.';
      findings.problem(setting, { problem: `names the caller ${shownName(name)}, which the file describes`, cure });
    } else if (isOwnKey(digest, name, setting, holders, findings)) {
      digests.set(name, [...new Set([...(digests.get(name) ?? []), digest])]);
    }
  }
  return [...digests].map(([name, apiKeyDigests]) => ({ name, apiKeyDigests, allow: undefined }));
}

function parseCallerName(name: string): Checked<string> {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(name)) return good(name);
  return bad('is not a usable name', 'Use up to 64 letters, digits, ".", "_" and "-".');
}

/** False after it was noted that another caller has the same key: then nobody could tell who calls. */
function isOwnKey(digest: string, name: string, setting: string, holders: KeyHolders, findings: Findings): boolean {
  const holder = holders.get(digest) ?? name;
  holders.set(digest, holder);
  if (holder === name) return true;
  findings.problem(setting, {
    problem: `gives ${shownName(name)} a key that ${shownName(holder)} has already`,
    cure: 'Give each caller keys of its own.',
  });
  return false;
}
