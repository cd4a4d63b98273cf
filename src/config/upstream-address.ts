import { BlockList, isIP } from 'node:net';
import { bad, good, type Checked } from './checked.ts';

export interface AddressPolicy {
  /** Whether plain http is accepted beyond loopback (`ALLOW_INSECURE_UPSTREAMS`). */
  readonly allowInsecure: boolean;
}

/**
 * Addresses under which a cloud hands credentials to whoever asks from inside: the link-local networks (RFC 3927, RFC
 * 4291 section 2.5.6) and the metadata services that live elsewhere. Never an upstream, whatever is allowed otherwise.
 */
const metadataAddresses = new BlockList();
metadataAddresses.addSubnet('169.254.0.0', 16, 'ipv4');
metadataAddresses.addSubnet('fe80::', 10, 'ipv6');
metadataAddresses.addAddress('fd00:ec2::254', 'ipv6');
metadataAddresses.addAddress('100.100.100.200', 'ipv4');
// 169.254.0.0/16 as seen through NAT64 (RFC 6052, section 2.1).
metadataAddresses.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

const METADATA_NAMES: ReadonlySet<string> = new Set(['metadata', 'metadata.google.internal', 'instance-data']);

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet('127.0.0.0', 8, 'ipv4');
loopbackAddresses.addAddress('::1', 'ipv6');

const PLACEHOLDER = /[<>{}…]/;
const QUOTES = /^["'`“”„‘’«»]+|(?<!["'`“”„‘’«»])["'`“”„‘’«»]+$/g;

/** A value as it was pasted, without blanks and quotes around it. */
export function withoutQuotes(text: string): string {
  return text.trim().replaceAll(QUOTES, '').trim();
}

/** Whether a text still holds the marks of a template: `<tenant>`, `{id}`, `…`. */
export function hasPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

/** The absolute URL of an upstream or a token endpoint, or why requests must not go there. */
export function parseUpstreamAddress(text: string, policy: AddressPolicy): Checked<URL> {
  const pasted = withoutQuotes(text);
  if (hasPlaceholder(pasted)) {
    return bad('still holds a placeholder of a template', 'Replace what stands between <…> or {…} by your own value.');
  }
  if (/[\s\\\p{Cc}]/u.test(pasted)) {
    return bad('has blanks, line breaks or backslashes inside', 'Copy the address again, in one piece.');
  }
  if (!/^https?:\/\//i.test(pasted) || !URL.canParse(pasted)) {
    return bad('is not a complete URL', 'Write it with its scheme and host: https://host.example.com/path.');
  }
  return checkTarget(new URL(pasted), pasted, policy);
}

function checkTarget(url: URL, pasted: string, policy: AddressPolicy): Checked<URL> {
  if (/^[^/]*\/\/[^/?#]*@/.test(pasted)) {
    return bad('holds a user name or password', 'Take them out of the URL; credentials have settings of their own.');
  }
  if (isMetadataHost(url.hostname)) {
    return bad(
      'points to a link-local or metadata address',
      'Use the public address of the service; this one is refused whatever else is allowed.',
    );
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname) && !policy.allowInsecure) {
    return bad(
      'is plain http beyond loopback: secrets and tokens would travel in clear',
      'Use https, or set ALLOW_INSECURE_UPSTREAMS=true for a network that you trust.',
    );
  }
  return good(url);
}

/** Whether a host, as `URL.hostname` writes it, is this machine itself. */
function isLoopbackHost(hostname: string): boolean {
  const host = plainHost(hostname);
  return host === 'localhost' || host.endsWith('.localhost') || isListed(loopbackAddresses, host);
}

function isMetadataHost(hostname: string): boolean {
  const host = plainHost(hostname);
  return METADATA_NAMES.has(host) || isListed(metadataAddresses, host);
}

function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function isListed(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
