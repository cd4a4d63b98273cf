import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { codeOf } from '../../forward/classify-failure.ts';
import { Deadline } from '../../forward/deadline.ts';
import { certificateFinding } from './certificate-finding.ts';
import { clockFinding } from './clock-finding.ts';
import { failed, ok, warning, type Finding } from './finding.ts';
import { placeOf } from './place-of.ts';
import { socketFinding } from './socket-finding.ts';

export interface HostCheck {
  readonly findings: readonly Finding[];
  /** Whether it makes sense to ask it for more: a connection comes about that may be trusted. */
  readonly usable: boolean;
}

/** What each look may take, milliseconds. */
const LIMIT_MS = 3_000;

/** Too short for an answer, but not for a sign that there is none: a time of 0 would be none at all. */
const LEAST_MS = 100;

/** All that is asked of one host, milliseconds. */
const WHOLE_MS = 8_000;

/** Looks at a host from the outside in: name, port, certificate, clock. Ends with the first that fails. */
export async function checkHost({ protocol, hostname, port, origin }: URL): Promise<HostCheck> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isSecure = protocol === 'https:';
  const number = port === '' ? (isSecure ? 443 : 80) : Number(port);
  const deadline = new Deadline(WHOLE_MS, 'the doctor itself');
  const looks: readonly ((limitMs: number) => Promise<Finding>)[] = [
    (limitMs) => nameFinding(host, limitMs),
    (limitMs) => portFinding(host, number, limitMs),
    (limitMs) => (isSecure ? certificateFinding(host, number, limitMs) : Promise.resolve(withoutTls(host, number))),
    (limitMs) => clockFinding(origin, limitMs),
  ];
  const findings: Finding[] = [];
  for (const look of looks) {
    const finding = await look(Math.max(LEAST_MS, Math.min(LIMIT_MS, deadline.remainingMs())));
    findings.push(finding);
    if (finding.mark === 'failed' && finding.step !== 'clock') return { findings, usable: false };
  }
  return { findings, usable: true };
}

async function nameFinding(host: string, limitMs: number): Promise<Finding> {
  if (isIP(host) !== 0) return ok('name', `${host} is an address, not a name`);
  try {
    const addresses = await within(lookup(host, { all: true }), limitMs);
    if (addresses !== undefined)
      return ok('name', `${host}: ${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'}`);
    return failed('name', `${host} was not looked up within ${limitMs / 1000} s.`, NAME_CURE);
  } catch (error) {
    return failed('name', `${host} is not known (${codeOf(error)}).`, NAME_CURE);
  }
}

const NAME_CURE =
  'Compare the host with the service key, letter by letter. If it is right, this machine needs another DNS or a VPN to know it.';

function portFinding(host: string, port: number, limitMs: number): Promise<Finding> {
  const place = placeOf(host, port);
  const startMs = performance.now();
  return socketFinding(limitMs, noConnection(place, `within ${limitMs / 1000} s`), (tell) => {
    const socket = connect({ host, port });
    socket.on('connect', () => tell(ok('port', `${place} answers in ${Math.round(performance.now() - startMs)} ms`)));
    socket.on('error', (error) => tell(noConnection(place, `(${codeOf(error)})`)));
    return socket;
  });
}

function noConnection(place: string, why: string): Finding {
  return failed(
    'port',
    `No connection to ${place} ${why}.`,
    'Compare host and port with the service key. If they are right, the service is down, or a firewall stands in between.',
  );
}

function withoutTls(host: string, port: number): Finding {
  const isLoopback = host === 'localhost' || host.endsWith('.localhost') || host === '::1' || host.startsWith('127.');
  const place = placeOf(host, port);
  if (isLoopback) return ok('certificate', `${place} speaks plain http, on this machine alone`);
  return warning(
    'certificate',
    `${place} speaks plain http: secrets and tokens travel in clear.`,
    'Use the https address. ALLOW_INSECURE_UPSTREAMS is for networks that you trust.',
  );
}

/** `undefined` when the time is over first; a lookup cannot be called off. */
async function within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
