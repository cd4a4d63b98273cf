import { bad, good, type Checked } from './checked.ts';

/** The exact origin of a web page (RFC 6454): scheme, host, and port where it is not the default one. */
export function parseOrigin(text: string): Checked<string> {
  if (text === '*' || text.includes('*')) {
    return bad('has a wildcard', 'List each origin exactly, with scheme and port; wildcards are not taken.');
  }
  const url = /^https?:\/\/[^\s@\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return bad('is not an origin', 'Write scheme, host and port alone: https://intranet.example.com.');
  }
  return good(url.origin);
}

/** A host name or address with or without a port, in lower case, as it stands in the Host header. */
export function parseHost(text: string): Checked<string> {
  if (/^(?:[A-Za-z0-9](?:[\w.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/.test(text)) {
    return good(text.toLowerCase());
  }
  return bad('is not a host name', 'Write host names alone, without scheme, path or wildcard: flowgate.example.com.');
}
