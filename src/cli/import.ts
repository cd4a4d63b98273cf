import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { DEFAULT_FILE } from '../config/config-file.ts';
import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';
import { isJsonObject } from '../config/json-object.ts';
import { errorCode } from '../config/text-files.ts';
import type { Command, CommandInput } from './command.ts';
import { EXIT } from './exit-status.ts';
import { draftReport, draftYaml } from './import/draft-text.ts';
import { Draft, standIn } from './import/draft.ts';
import { bindingsIn, importBindings } from './import/import-bindings.ts';
import { importRoutes } from './import/import-routes.ts';
import { importServiceKey } from './import/import-service-key.ts';
import { decodeText, parsePastedJson } from './import/pasted-json.ts';
import { readDestinations, type Destination } from './import/read-destinations.ts';
import { loadChecked } from './read-configuration.ts';

/** Makes a configuration out of what other tools have. */
export const importFiles: Command = {
  name: 'import',
  summary: 'makes a flowgate.yaml out of service keys, or of an approuter and its destinations',
  usage: 'FILE… [--destinations FILE] [--out FILE] [--force]',
  description: [
    'FILE is a service key as downloaded from the cockpit or printed by "cf service-key", VCAP_SERVICES as a whole, or xs-app.json of @sap/approuter together with its destinations as JSON. The configuration goes to flowgate.yaml or to the file of --out, a report of what could not be carried over to stderr.',
    'Secrets are not copied: they become references such as ${CATALOGUE_CLIENT_SECRET}, and the report lists the variables to set.',
    'Exit status: 0; 1 when nothing could be carried over; 65 or 66 for a file that is no JSON or is not there; 73 when the file to write exists.',
  ],
  options: [
    { name: 'destinations', value: 'FILE', meaning: 'the destinations that the routes of xs-app.json name' },
    { name: 'out', value: 'FILE', meaning: 'writes the configuration to this file; - is stdout' },
    { name: 'force', meaning: 'overwrites a file that exists' },
  ],
  words: { least: 1, most: 20 },
  run,
};

/** A file could not be used; the message says which and why, nothing of its content. */
class InputError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function run(input: CommandInput): number {
  try {
    return write(makeDraft(input), input);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.status;
  }
}

function makeDraft(input: CommandInput): Draft {
  const draft = new Draft();
  const destinations = destinationsOf(input.value('destinations'));
  for (const path of input.words) {
    const document = readJson(path);
    if (!isJsonObject(document)) throw noUse(path);
    const bindings = bindingsIn(document);
    if (Array.isArray(document['routes'])) importRoutes(document, destinations, draft);
    else if (bindings) importBindings(document, bindings, basename(path), draft);
    else importServiceKey(document, basename(path), draft);
  }
  return draft;
}

function destinationsOf(path: string | undefined): readonly Destination[] {
  if (path === undefined) return [];
  if (PROPERTIES.test(decodeText(readBytes(path)))) throw new InputError(EXIT.data, `${path} ${PROPERTIES_CURE}`);
  const destinations = readDestinations(readJson(path));
  if (destinations === undefined)
    throw new InputError(EXIT.data, `${path} holds no destinations: a JSON list of objects with Name and URL.`);
  return destinations;
}

/** Lines such as `Name=catalogue`: a destination as older cockpits export it. */
const PROPERTIES = /^(?:Name|URL|Type|Authentication)\s*=/m;

const PROPERTIES_CURE =
  'holds a destination as lines "name=value", which are not read. Write them as JSON, several in one list: [{"Name":"…","URL":"…","Authentication":"OAuth2ClientCredentials","clientId":"…","tokenServiceURL":"…"}].';

function noUse(path: string): InputError {
  return new InputError(EXIT.data, `${path} is neither a service key nor an xs-app.json: it holds no JSON object.`);
}

function readJson(path: string): unknown {
  const parsed = parsePastedJson(readBytes(path));
  if (!parsed.ok) throw new InputError(EXIT.data, `${path} ${parsed.fault}`);
  return parsed.value;
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(EXIT.noInput, `${path} cannot be read (${errorCode(error)}).`);
  }
}

function write(draft: Draft, input: CommandInput): number {
  if (draft.services.size === 0) {
    process.stderr.write(`Nothing could be carried over.\n\n${draftReport(draft, [])}`);
    return EXIT.failed;
  }
  const yaml = draftYaml(draft);
  const out = input.value('out') ?? DEFAULT_FILE;
  if (out === STDOUT) process.stdout.write(yaml);
  else writeFile(out, yaml, input.has('force'));
  process.stderr.write(draftReport(draft, problemsOf(yaml, draft)));
  return EXIT.ok;
}

/** In the place of a file: the standard output. */
const STDOUT = '-';

function writeFile(path: string, yaml: string, isForced: boolean): void {
  try {
    writeFileSync(path, yaml, { flag: isForced ? 'w' : 'wx' });
    process.stderr.write(`Wrote ${path}.\n\n`);
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new InputError(
        EXIT.cannotCreate,
        `${path} exists. --force overwrites it; --out writes to another file, and --out - to stdout.`,
      );
    throw new InputError(EXIT.cannotCreate, `${path} cannot be written (${errorCode(error)}).`);
  }
}

/** What the server would say of the file once its variables are set. */
function problemsOf(yaml: string, draft: Draft): readonly string[] {
  const env = Object.fromEntries(draft.variables.map(({ name }) => [name, standIn(name).reveal()]));
  try {
    loadChecked({ env, cwd: '/', readFile: (path) => readDraft(path, yaml) });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.filter(isAboutFile).map(({ setting, problem, cure }) => `${setting} ${problem}. ${cure}`);
  }
}

/** A key that is a variable cannot be compared with its certificate now. */
function isAboutFile({ setting }: ConfigurationProblem): boolean {
  return !/\.token\.(?:key|certificate)$/.test(setting);
}

function readDraft(path: string, yaml: string): string {
  if (basename(path) === 'flowgate.yaml') return yaml;
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}
