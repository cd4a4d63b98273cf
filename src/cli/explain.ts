import { randomUUID } from 'node:crypto';
import { decideGrant } from '../app/explain-request.ts';
import { operationParams } from '../app/operation-params.ts';
import { requestDeadline } from '../app/request-deadline.ts';
import { parseTarget } from '../app/request-target.ts';
import { RouteTable, type FoundRoute } from '../app/route-table.ts';
import { Grants } from '../callers/grants.ts';
import type { CallerConfig, Config, ServiceConfig } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import { explainOperation, type Explanation } from '../services/explain-operation.ts';
import { offerOf } from '../services/offers.ts';
import type { Method, OperationInput } from '../services/operation.ts';
import { parseQuery } from '../services/query.ts';
import { UsageError, type Command, type CommandInput } from './command.ts';
import { EXIT } from './exit-status.ts';
import { explanationText } from './explain/explanation-text.ts';
import { allCallers, findCaller } from './find-caller.ts';
import { readConfiguration } from './read-configuration.ts';

/** Says what would be done with a request, without sending anything. */
export const explain: Command = {
  name: 'explain',
  summary: 'says what would be done with a request, and sends nothing',
  usage: 'METHOD PATH [--caller NAME] [--json]',
  description: [
    'Prints the operation that is matched, whether the caller may call it and by which grant, the request that would go upstream, the limits and the deadline, and when it would be sent a second time. Credentials are withheld.',
    'A running server says the same, with the age of its token, in answer to a request with "Flowgate-Explain: true" from a caller that is granted it: "EXPLAIN /api/**".',
    'Exit status: 0; 1 when the request would be refused here; 78 when the configuration has problems.',
  ],
  options: [
    { name: 'caller', value: 'NAME', meaning: 'who sends it; may be left out where there is one caller' },
    { name: 'json', meaning: 'prints JSON' },
  ],
  words: { least: 2, most: 2 },
  run,
};

function run(input: CommandInput): number {
  const [method = '', target = ''] = input.words;
  const config = readConfiguration();
  if (typeof config === 'number') return config;
  const caller = senderOf(config, input.value('caller'));
  try {
    const explanation = explainRequest(method.toUpperCase(), target, caller, config);
    const text = input.has('json')
      ? JSON.stringify(explanation, null, 2)
      : explanationText(`${method.toUpperCase()} ${target}`, explanation);
    process.stdout.write(`${text}\n`);
    return explanation.grant.allowed ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stdout.write(`${input.has('json') ? refusalJson(error) : refusalText(error)}\n`);
    return EXIT.failed;
  }
}

function refusalText({ status, code, details: { detail, hint, allow } }: Problem): string {
  const methods = allow === undefined ? '' : ` (${allow.join(', ')})`;
  return `refused  ${status} ${code}: ${detail}${methods}\n         -> ${hint}`;
}

/** In the place of an explanation: the answer of the server. */
function refusalJson({ status, code, details: { detail, hint, allow } }: Problem): string {
  return JSON.stringify({ refused: { status, code, detail, hint, ...(allow && { allow }) } }, null, 2);
}

function senderOf(config: Config, name: string | undefined): CallerConfig {
  if (name !== undefined) return findCaller(config, name);
  const all = allCallers(config);
  const [first, ...others] = all;
  if (first && others.length === 0) return first;
  throw new UsageError(`Say who sends it: --caller NAME. There are: ${all.map((caller) => caller.name).join(', ')}.`);
}

/** @throws {Problem} as a server would answer */
function explainRequest(method: string, target: string, caller: CallerConfig, config: Config): Explanation {
  const { segments, query } = parseTarget(target);
  const found = findRoute(config.services, segments, method);
  const { service, operation } = found.route;
  const grants = new Grants(caller.allow);
  const input: OperationInput = {
    method: operation.method,
    params: operationParams(found),
    query: parseQuery(query),
    // The least that a route with a body takes.
    ...(operation.body.kind === 'json' ? { body: Buffer.from('{}'), json: {} } : { body: undefined, json: undefined }),
    headers: {},
    caller: caller.name,
    idempotencyKey: undefined,
    freshId: randomUUID(),
    identity: identityOf(service, caller),
    mayCall: (method, path) => grants.allows(method, path.slice(1).split('/')),
  };
  return explainOperation({
    service,
    operation,
    input,
    grant: decideGrant({ name: caller.name, grants }, operation.method, found),
    deadline: requestDeadline(operation, config.limits.timeoutMs, undefined).deadline,
    limits: config.limits,
    rate: caller.rateLimit,
    token: undefined,
  });
}

function findRoute(
  services: readonly ServiceConfig[],
  segments: readonly string[],
  method: string,
): FoundRoute<ServiceConfig> {
  const routes = new RouteTable<ServiceConfig>();
  for (const service of services)
    for (const operation of offerOf(service).operations)
      routes.add(`/api/${service.name}${operation.path}`, service, operation);
  const found = routes.find(segments, (method === 'HEAD' ? 'GET' : method) as Method);
  if (found === undefined && segments[0] !== 'api')
    throw new Problem('not-found', {
      detail: 'Only requests below /api go to a service, and only they are explained.',
      hint: "Begin the path with /api and the name of a service. The routes beside /api are Flowgate's own, and send nothing.",
    });
  if (found === undefined)
    throw new Problem('not-found', {
      detail: 'There is no such route.',
      hint: 'Paths are compared with case and without a final slash. The README lists the routes of each kind of service.',
    });
  if ('route' in found) return found;
  throw new Problem('method-not-allowed', {
    detail: 'The route exists, but not with this method.',
    hint: 'Use one of its methods.',
    allow: found,
  });
}

/** Who would act: the caller, or a stand-in for what only a JWT tells. */
function identityOf({ identity }: ServiceConfig, caller: CallerConfig): string | undefined {
  if (identity === undefined) return undefined;
  return identity.claim === undefined ? caller.name : `the claim ${identity.claim}`;
}
