import { bad, good, type Checked } from './checked.ts';
import { parseUpstreamAddress, type AddressPolicy } from './upstream-address.ts';

const TOKEN_PATH = '/oauth/token';

/** Where a process automation gateway keeps the workflow API, unless `restPath` says otherwise. */
export const DEFAULT_REST_PATH = '/workflow/rest';

/** Resources that people paste along with the base of the workflow API. */
const WORKFLOW_RESOURCE = /\/v1\/(?:workflow-definitions|workflow-instances|task-instances|messages)$/;

/**
 * The token endpoint: an address without a path gets `/oauth/token`, one with a path is complete. A pasted
 * `grant_type` is dropped, because it belongs into the form (RFC 6749, section 4.4.2).
 */
export function tokenEndpoint(text: string, policy: AddressPolicy): Checked<string> {
  const address = parseUpstreamAddress(text, policy);
  if (!address.ok) return address;
  const url = address.value;
  url.searchParams.delete('grant_type');
  if (url.search !== '' || url.hash !== '') {
    return bad(
      'has a query or a fragment',
      'Leave it out; further parameters of the token request go into token.params.',
    );
  }
  return good(url.origin + completeTokenPath(withoutTrailingSlashes(url.pathname)));
}

function completeTokenPath(path: string): string {
  if (path === '' || path === '/oauth') return TOKEN_PATH;
  return path.replace(/(?:\/oauth\/token)+$/, TOKEN_PATH);
}

/**
 * The host that takes client certificates in place of the one that takes secrets: XSUAA has both, and a key may name
 * only the latter. Other hosts stay as they are.
 */
export function certificateTokenEndpoint(endpoint: string): string {
  return endpoint.replace(/^(https:\/\/[^./]+\.authentication\.)(?!cert\.)/, '$1cert.');
}

/**
 * The base of the workflow REST API with its version and without a slash at the end.
 *
 * @param restPath the path between a gateway and the API; `undefined` where the address holds it already
 */
export function workflowApiUrl(text: string, restPath: string | undefined, policy: AddressPolicy): Checked<string> {
  const base = baseUrl(text, policy);
  if (!base.ok) return base;
  const { origin, path } = base.value;
  if (/\/odata$/i.test(path)) {
    return bad('is the OData API, which this server cannot use', 'Use workflow_rest_url of the service key.');
  }
  const withoutVersion = path.replace(WORKFLOW_RESOURCE, '').replace(/\/v1$/, '');
  const joined = restPath === undefined ? withoutVersion : joinPaths(withoutVersion, restPath.replace(/\/v1\/*$/, ''));
  return good(`${origin}${joined}/v1`);
}

/** The base of an integration runtime, without a slash at the end and without the path of its senders. */
export function runtimeUrl(text: string, policy: AddressPolicy): Checked<string> {
  const base = baseUrl(text, policy);
  if (!base.ok) return base;
  const { origin, path } = base.value;
  return good(origin + path.replace(/\/(?:http|cxf)$/, ''));
}

/** The address of a WorkflowServer, without a slash at the end and without the path of its Workflow API. */
export function workflowServerUrl(text: string, policy: AddressPolicy): Checked<string> {
  const base = baseUrl(text, policy);
  if (!base.ok) return base;
  const { origin, path } = base.value;
  return good(origin + path.replace(/\/workflowapi(?:\/.*)?$/i, ''));
}

/**
 * The GraphQL endpoint of a WorkflowGen, without a slash at the end. An address of the host or of the application is
 * completed; that of the schema, which people look at in a browser, is cut.
 */
export function graphqlUrl(text: string, policy: AddressPolicy): Checked<string> {
  const base = baseUrl(text, policy);
  if (!base.ok) return base;
  const { origin, path } = base.value;
  if (path === '') return good(`${origin}/wfgen/graphql`);
  return good(origin + path.replace(/\/wfgen$/i, '$&/graphql').replace(/\/graphql\/schema$/i, '/graphql'));
}

/** The base of any other API, without a slash at the end. */
export function httpApiUrl(text: string, policy: AddressPolicy): Checked<string> {
  const base = baseUrl(text, policy);
  return base.ok ? good(base.value.origin + base.value.path) : base;
}

/** Whether an address names a host alone. False for what is no URL: its own check will tell. */
export function hasNoPath(text: string): boolean {
  const address = parseUpstreamAddress(text, { allowInsecure: true });
  return address.ok && withoutTrailingSlashes(address.value.pathname) === '';
}

function baseUrl(text: string, policy: AddressPolicy): Checked<{ origin: string; path: string }> {
  const address = parseUpstreamAddress(text, policy);
  if (!address.ok) return address;
  const { origin, pathname, search, hash } = address.value;
  if (search !== '' || hash !== '') return bad('has a query or a fragment', 'Leave out what follows "?" or "#".');
  return good({ origin, path: withoutTrailingSlashes(pathname) });
}

/** Joins two paths so that what the end of the first and the beginning of the second share stands there once. */
function joinPaths(first: string, second: string): string {
  const head = segments(first);
  const tail = segments(second);
  if (endsWith(head, tail)) return asPath(head);
  for (let shared = Math.min(head.length, tail.length); shared > 0; shared -= 1) {
    if (endsWith(head, tail.slice(0, shared))) return asPath([...head, ...tail.slice(shared)]);
  }
  // The first path may also be the end of the second: /workflow/rest and /public/workflow/rest.
  return endsWith(tail, head) ? asPath(tail) : asPath([...head, ...tail]);
}

function endsWith(list: readonly string[], end: readonly string[]): boolean {
  return list.slice(Math.max(0, list.length - end.length)).join('/') === end.join('/');
}

function segments(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function asPath(parts: readonly string[]): string {
  return parts.map((part) => `/${part}`).join('');
}

function withoutTrailingSlashes(path: string): string {
  return path.replace(/(?<!\/)\/+$/, '');
}
