import type { WorkflowServerConfig } from '../config/config.ts';
import { objectOf } from './json-members.ts';
import type { OperationRequest } from './operation.ts';
import { formatQuery, type QueryPair } from './query.ts';

/** A member of a request's body: its value is JSON already. */
export type BodyMember = readonly [name: string, value: Buffer];

/** What a request says, beside which operation it is. */
interface ApiCall {
  readonly processId?: string | undefined;
  readonly filters?: readonly QueryPair[];
  readonly members?: readonly BodyMember[];
}

/** Makes a request for an operation of the Workflow API. */
export type WorkflowServerApi = (operation: string, call?: ApiCall) => OperationRequest;

/**
 * The Workflow API of Optimajet WorkflowServer (workflowserver.io, "Workflow API"): `/workflowapi/{operation}/{id}`.
 *
 * Every operation takes GET as well, and what stands in a JSON body overrides what stands in the URL. So it is always
 * POST, and the body is made here, name by name: no name of the caller's gets into it.
 */
export function workflowServerApi({ accessToken }: Pick<WorkflowServerConfig, 'accessToken'>): WorkflowServerApi {
  return (operation, { processId, filters = [], members = [] } = {}) => {
    const token: BodyMember[] = accessToken === undefined ? [] : [textMember('token', accessToken.reveal())];
    return {
      method: 'POST',
      path: `/workflowapi/${operation}${processId === undefined ? '' : `/${processId}`}${formatQuery(filters)}`,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: objectOf([...members, ...token]),
    };
  };
}

export function textMember(name: string, text: string): BodyMember {
  return [name, Buffer.from(JSON.stringify(text))];
}
