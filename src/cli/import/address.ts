/** What kind of service an address belongs to, as far as it tells. */
export type AddressKind = 'sap-workflow' | 'sap-integration' | 'http';

/** By the hosts and paths of SAP's service keys. */
export function kindOfAddress(url: URL): AddressKind {
  const { hostname, pathname } = url;
  if (hostname.startsWith('api.workflow-sap.') || /\/workflow-service\/rest\b|\/workflow\/rest\b/.test(pathname))
    return 'sap-workflow';
  return /\.it-cpi[a-z0-9]*-rt\./.test(hostname) ? 'sap-integration' : 'http';
}

/** An address as it was written, but without a user name and a password in it: they would be copied in clear. */
export function withoutUserInfo(text: string): string {
  return text.replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1');
}

/** An address without user info, query and fragment, and without a slash at its end. */
export function plainAddress(url: URL): string {
  return `${url.origin}${url.pathname.replace(/(?<!\/)\/+$/, '')}`;
}
