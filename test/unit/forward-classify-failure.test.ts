import { describe, expect, it } from '@jest/globals';
import { classifyFailure, codeOf } from '../../src/forward/classify-failure.ts';
import type { TransportCause, TransportPhase } from '../../src/forward/transport-failure.ts';

function coded(code: string, message = 'words'): Error {
  return Object.assign(new Error(message), { code });
}

describe('classifyFailure', () => {
  it.each<[TransportPhase, string, TransportCause]>([
    ['connect', 'ECONNREFUSED', 'refused'],
    ['connect', 'ENOTFOUND', 'refused'],
    ['connect', 'EAI_AGAIN', 'refused'],
    ['connect', 'EHOSTUNREACH', 'refused'],
    ['connect', 'ENETUNREACH', 'refused'],
    ['connect', 'ECONNRESET', 'refused'],
    ['connect', 'ERR_SSL_WRONG_VERSION_NUMBER', 'refused'],
    ['connect', 'ETIMEDOUT', 'timeout'],
    ['connect', 'UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['connect', 'CERT_HAS_EXPIRED', 'certificate'],
    ['connect', 'SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
    ['connect', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate'],
    ['connect', 'ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
    ['connect', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'certificate'],
    ['answer-head', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate'],
    ['answer-head', 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'certificate'],
    ['answer-head', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'certificate'],
    ['send', 'ECONNRESET', 'reset'],
    ['send', 'EPIPE', 'reset'],
    ['answer-head', 'ECONNRESET', 'reset'],
    ['answer-head', 'ETIMEDOUT', 'reset'],
    ['answer-head', 'UND_ERR_SOCKET', 'reset'],
    ['answer-body', 'ECONNRESET', 'reset'],
    ['answer-body', 'UND_ERR_SOCKET', 'protocol'],
    ['answer-body', 'UND_ERR_BODY_TIMEOUT', 'timeout'],
    ['answer-head', 'UND_ERR_HEADERS_OVERFLOW', 'protocol'],
    ['send', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'caller-body'],
    ['connect', 'UND_ERR_CLOSED', 'aborted'],
    ['answer-head', 'UND_ERR_DESTROYED', 'aborted'],
  ])('in phase %s takes %s for %s', (phase, code, reason) => {
    expect(classifyFailure(coded(code), phase)).toEqual({ reason, code });
  });
});

describe('codeOf', () => {
  it('never gives a message, which may hold an address', () => {
    expect(codeOf(new Error('connect to 10.1.2.3'))).toBe('Error');
    expect(codeOf('connect to 10.1.2.3')).toBe('UNKNOWN');
    expect(codeOf(undefined)).toBe('UNKNOWN');
    expect(codeOf({ code: 42 })).toBe('UNKNOWN');
  });
});
