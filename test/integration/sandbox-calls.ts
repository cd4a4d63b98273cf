import type { Sandbox } from '../../sandbox/start-sandbox.ts';

/** A client's id and secret, wherever its kind of key has them. */
export function credentialsOf(sandbox: Sandbox, client: keyof Sandbox['serviceKeys']): { id: string; secret: string } {
  const key = sandbox.serviceKeys[client];
  const { clientid, clientsecret } = 'uaa' in key ? key.uaa : key.oauth;
  return { id: clientid, secret: clientsecret };
}

/** The answer to a token request in the form that SAP's own library uses. */
export function requestToken(sandbox: Sandbox, client: keyof Sandbox['serviceKeys']): Promise<Response> {
  const { id, secret } = credentialsOf(sandbox, client);
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  return fetch(sandbox.authorizationServer.tokenUrl, { method: 'POST', body });
}

export async function tokenOf(sandbox: Sandbox, client: keyof Sandbox['serviceKeys']): Promise<string> {
  const response = await requestToken(sandbox, client);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

interface CallOptions {
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export type Call = (target: string, options?: CallOptions) => Promise<Response>;

/** Calls an API below `base` with a token; `target` is `METHOD /path`. A body is sent as JSON unless told otherwise. */
export function caller(base: string, token: string): Call {
  return (target, { body, headers = {} } = {}) => {
    const [method = 'GET', ...rest] = target.split(' ');
    const path = rest.join(' ');
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const authorization = { authorization: `Bearer ${token}` };
    const init: RequestInit = { method, headers: { ...authorization, ...type, ...headers }, redirect: 'manual' };
    return fetch(`${base}${path}`, body === undefined ? init : { ...init, body });
  };
}

/** A caller of the Workflow service, with a fresh token. */
export async function workflowCaller(sandbox: Sandbox): Promise<Call> {
  const base = `${sandbox.serviceKeys.workflow.endpoints.workflow_rest_url}/v1`;
  return caller(base, await tokenOf(sandbox, 'workflow'));
}

/** A caller of the integration runtime, with a fresh token. */
export async function flowCaller(sandbox: Sandbox): Promise<Call> {
  return caller(sandbox.serviceKeys.integration.oauth.url, await tokenOf(sandbox, 'integration'));
}

export async function jsonOf<T = Record<string, unknown>>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

/** Starts an instance and gives its id. */
export async function start(call: Call, definitionId = 'onboarding', context = '{}'): Promise<string> {
  const body = `{"definitionId":"${definitionId}","context":${context}}`;
  const { id } = await jsonOf<{ id: string }>(await call('POST /workflow-instances', { body }));
  return id;
}
