import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { codeOf } from '../../forward/classify-failure.ts';
import { failed, ok, warning, type Finding } from './finding.ts';
import { placeOf } from './place-of.ts';
import { socketFinding } from './socket-finding.ts';

const STEP = 'certificate';
const DAY_MS = 86_400_000;
/** Time enough to have a certificate renewed. */
const SOON_DAYS = 14;

const CURES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Whoever runs the host must renew it. Check the clock of this machine, too.',
  CERT_NOT_YET_VALID: 'Check the clock of this machine. Else whoever runs the host must replace the certificate.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Compare the host in the address with the service key: the certificate is for another.',
};

const UNTRUSTED =
  'For a private certificate authority set NODE_EXTRA_CA_CERTS to its PEM file. Otherwise something stands in between that reads along.';

const WANTS_CERTIFICATE = /ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/;

const MEANINGS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host',
};

/**
 * Shakes hands by TLS and looks at the certificate, as the server would. Nothing is sent, so a bad certificate can be
 * looked at without harm.
 */
export function certificateFinding(host: string, port: number, limitMs: number): Promise<Finding> {
  const place = placeOf(host, port);
  const late = noHandshake(place, `none came about within ${limitMs / 1000} s`);
  return socketFinding(limitMs, late, (tell) => {
    const socket = connect({
      host,
      port,
      // Node checks all the same and says what it found. It would hide the certificate otherwise.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    socket.on('secureConnect', () => tell(judge(socket, place)));
    socket.on('error', (error) => tell(refusedHandshake(place, codeOf(error))));
    socket.on('end', () => tell(noHandshake(place, 'the connection was closed')));
    return socket;
  });
}

function judge(socket: TLSSocket, place: string): Finding {
  const endMs = Date.parse(socket.getPeerCertificate().valid_to);
  const day = Number.isNaN(endMs) ? 'an unknown day' : new Date(endMs).toISOString().slice(0, 10);
  if (!socket.authorized) {
    // The declarations promise an error; it is its code.
    const code = String(socket.authorizationError);
    const what = MEANINGS[code] ?? 'is not trusted';
    const detail = `That of ${place} ${what} (${code}; it ends on ${day}).`;
    return failed(STEP, detail, CURES[code] ?? UNTRUSTED);
  }
  const days = Math.floor((endMs - Date.now()) / DAY_MS);
  const detail = `${place}: ${days} days left, until ${day}`;
  if (days >= SOON_DAYS || Number.isNaN(days)) return ok(STEP, detail);
  return warning(STEP, detail, 'Whoever runs the host should renew it now: calls fail from that day on.');
}

/** Up to TLS 1.2 a server that wants a client certificate ends the handshake (RFC 5246, section 7.4.6). */
function refusedHandshake(place: string, code: string): Finding {
  if (WANTS_CERTIFICATE.test(code))
    return warning(
      STEP,
      `${place} does not finish the handshake (${code}): it may ask for a client certificate.`,
      'Right for a token endpoint with token.auth: tls_client_auth; see whether a token comes below. Else take the address that asks for none.',
    );
  if (code !== 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION') return noHandshake(place, code);
  const detail = `${place} speaks no TLS of version 1.2 or later (${code}).`;
  return failed(STEP, detail, 'Whoever runs the host must let it speak TLS 1.2 or 1.3.');
}

function noHandshake(place: string, why: string): Finding {
  return failed(
    STEP,
    `${place} makes no TLS handshake (${why}).`,
    'Is it a port for plain http, or does a firewall cut in? Compare scheme and port of the address.',
  );
}
