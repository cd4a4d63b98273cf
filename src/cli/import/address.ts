import type { Draft, ServiceDraft } from './draft.ts';

/** What kind of service an address belongs to, as far as it tells. */
export type ServiceKind = ServiceDraft['kind'];

/** Kinds whose routes are Flowgate's own: nothing of the API behind is passed through. */
export const ENGINES: ReadonlySet<ServiceKind> = new Set(['sap-workflow', 'workflow-server', 'workflowgen']);

/** The name that WorkflowServer has for the one client of its API. */
const WORKFLOW_SERVER_CLIENT = 'workflowapi';

/** By the hosts and paths of SAP's service keys, the address of WorkflowGen's API, and the client of WorkflowServer's. */
export function kindOfService(url: URL, clientId: string | undefined): ServiceKind {
  const { hostname, pathname, href } = url;
  if (clientId === WORKFLOW_SERVER_CLIENT) return 'workflow-server';
  if (/\/graphql\/?$/.test(pathname) && /wfgen|workflowgen/i.test(href)) return 'workflowgen';
  if (/^api\.workflow-sap\.|^spa-api-gateway-/.test(hostname) || /\/workflow(?:-service)?\/rest\b/.test(pathname))
    return 'sap-workflow';
  return /\.it-cpi[a-z0-9]*-rt\./.test(hostname) ? 'sap-integration' : 'http';
}

/** An address as it may stand in a file: without user info and query, which may be secrets. That they are lost is told. */
export function writableAddress(text: string, about: string, draft: Draft): string {
  const address = text.trim();
  const plain = address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/[?#][\s\S]*$/, '');
  if (plain !== address) draft.note(about, 'what stands before "@" or after "?" in an address of it is left out');
  return plain;
}

/** An address without user info, query and fragment, and without a slash at its end. */
export function plainAddress(url: URL): string {
  return `${url.origin}${url.pathname.replace(/(?<!\/)\/+$/, '')}`;
}
