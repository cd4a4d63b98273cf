import { startFirstInstance } from './first-run.ts';
import { headersOf } from './problems.ts';
import type { ProblemRequest, RequestProblem } from './problems/sandbox-problem.ts';
import { ownCorrelationId } from './start-flowgate.ts';
import type { Sandbox } from './start-sandbox.ts';

/** Flowgate, as a caller knows it. */
export interface FlowgateAddress {
  readonly url: string;
  readonly apiKey: string;
}

/**
 * Brings a running Flowgate and its sandbox to the point where the problem shows.
 *
 * @returns the request that shows it
 */
export async function prepareProblem(
  { prepares, before, breaks, request }: RequestProblem,
  flowgate: FlowgateAddress,
  sandbox: Sandbox,
): Promise<ProblemRequest> {
  await prepares?.(sandbox);
  const instance = request.path.includes('{instance}')
    ? await startFirstInstance(flowgate.url, flowgate.apiKey)
    : undefined;
  if (before !== undefined) {
    const headers = { ...before.headers, 'x-correlation-id': ownCorrelationId };
    await send({ ...before, headers }, flowgate);
  }
  await breaks?.(sandbox, instance);
  return instance === undefined ? request : { ...request, path: request.path.replace('{instance}', instance) };
}

/** Sends a request as curl would. */
export function send(request: ProblemRequest, { url, apiKey }: FlowgateAddress): Promise<Response> {
  const { method = 'GET', path, body } = request;
  const headers = headersOf(request, apiKey);
  return fetch(`${url}${path}`, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
}
