import { isIPv6 } from 'node:net';

/** Host and port as they stand in an address: an IPv6 address in brackets (RFC 3986, section 3.2.2). */
export function placeOf(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
