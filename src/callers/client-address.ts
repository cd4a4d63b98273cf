import { isIPv4, isIPv6 } from 'node:net';

/** An address as some proxies write it into X-Forwarded-For: with the port of the client, an IPv6 one in brackets. */
const WITH_PORT = /^(?:\[([^\]]{2,64})\]|([^:]{7,15}))(?::\d{1,5})?$/;

/** An IPv4 address in the form of IPv6 (RFC 4291, section 2.5.5.2). */
const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/**
 * What stands for a client in counters: its IPv4 address, or the /64 network of an IPv6 address, because whoever has one
 * address of such a network has all of them (RFC 6177). Whatever is no address counts as one and the same: else a client
 * would be another one with each new word for it.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (isIPv4(address)) return address;
  const [, inBrackets, plain] = WITH_PORT.exec(address) ?? [];
  const bare = inBrackets ?? plain ?? address;
  const four = MAPPED.exec(bare)?.[1] ?? bare;
  if (isIPv4(four)) return four;
  return isIPv6(bare) ? network64(bare) : 'unknown';
}

function network64(address: string): string {
  const [bare = ''] = address.split('%', 1);
  const [head = '', tail] = bare.split('::', 2);
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  // An IPv4 address at the end takes the place of two groups.
  const length = before.length + after.length + (bare.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: Math.max(0, 8 - length) }, () => '0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function groups(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
