import type { IncomingMessage } from 'node:http';
import type { Caller } from '../callers/caller.ts';
import { EXPLAIN } from '../callers/grant-pattern.ts';
import { Problem } from '../problems/problem.ts';
import type { ExplainContext, Explanation, GrantDecision } from '../services/explain-operation.ts';
import type { Method, OperationAnswer } from '../services/operation.ts';
import { routeSegments } from './operation-params.ts';
import type { FoundRoute } from './route-table.ts';

/** What a service says would be done with a request; it knows its own configuration and token. */
export type Explain = (request: Pick<ExplainContext, 'operation' | 'input' | 'grant' | 'deadline'>) => Explanation;

/**
 * Whether a request asks what would be done with it, instead of having it done: `Flowgate-Explain: true`.
 *
 * @throws {Problem} `invalid-request` for any other value: who sends the header does not want the deed
 */
export function asksToExplain({ headers }: IncomingMessage): boolean {
  const value = headers['flowgate-explain'];
  if (value === undefined) return false;
  if (value === 'true') return true;
  throw new Problem('invalid-request', {
    detail: 'The header Flowgate-Explain has a value that it does not take. Nothing was done.',
    hint: 'Send Flowgate-Explain: true for an explanation, or leave the header out.',
  });
}

/**
 * Explanations tell addresses of the configuration, so they are granted by name, and by no `*`.
 *
 * @returns whether the caller may send the request itself, which is a part of what is explained
 * @throws {Problem} `forbidden`
 */
export function checkExplainGrant(caller: Caller, found: FoundRoute<unknown>): GrantDecision {
  const { template, operation } = found.route;
  const { name, grants } = caller;
  if (!grants.allowsRoute(EXPLAIN, template, () => routeSegments(found)))
    throw new Problem('forbidden', {
      detail: `The caller ${name} may not have requests to this route explained.`,
      hint: `Its "allow" list in the configuration needs an entry such as "${EXPLAIN} /api/**"; "*" does not include it.`,
    });
  return decideGrant(caller, operation.method, found);
}

/** Whether the caller may send the request, and why. */
export function decideGrant(
  { name, grants }: Pick<Caller, 'name' | 'grants'>,
  method: Method,
  found: FoundRoute<unknown>,
): GrantDecision {
  const by = grants.matching(method, routeSegments(found));
  if (by !== undefined) return { caller: name, allowed: true, by };
  return { caller: name, allowed: false, needs: neededGrant(method, found) };
}

/** The entry of an `allow` list that a route needs at least. */
export function neededGrant(method: Method, { route }: FoundRoute<unknown>): string {
  return `${method} ${route.template.replaceAll(/:\w+/g, '*')}`;
}

export function explanationAnswer(explanation: Explanation): OperationAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(explanation)),
  };
}
