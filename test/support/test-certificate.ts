import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A certificate and its key, PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Default: valid now. */
  readonly notAfter?: Date;
  /** IPv4 addresses and DNS names it is good for. Default: loopback. */
  readonly names?: readonly string[];
  /** Whether it may sign others, too. */
  readonly authority?: boolean;
}

/** Those made so far: each has a name of its own, because authorities are looked up by name. */
let made = 0;

/**
 * Makes a self-signed certificate with a fresh key (X.509 version 3, ECDSA P-256; RFC 5280), so that no key has to be
 * kept with the tests and none expires.
 */
export function makeCertificate(options: CertificateOptions = {}): TestCertificate {
  const { notAfter = new Date(Date.now() + 3_600_000), names = ['127.0.0.1', 'localhost'], authority = true } = options;
  made += 1;
  const notBefore = new Date(Math.min(notAfter.getTime() - 7_200_000, Date.now() - 3_600_000));
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(publicKey, notBefore, notAfter, names, authority);
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  const base64 = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** TBSCertificate: RFC 5280, section 4.1. */
function certificateBody(key: KeyObject, from: Date, to: Date, names: readonly string[], authority: boolean): Buffer {
  const commonName = sequence(oid('550403'), der(0x0c, Buffer.from(`flowgate test ${made}`)));
  const name = sequence(der(0x31, commonName));
  const extensions = sequence(
    sequence(oid('551d11'), der(0x04, sequence(...names.map(generalName)))),
    sequence(oid('551d13'), der(0x04, authority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence())),
  );
  return sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.from([0x01, ...Buffer.from(String(Date.now() % 1e9))])),
    ecdsaWithSha256,
    name,
    sequence(time(from), time(to)),
    name,
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
}

/** Subject alternative name: RFC 5280, section 4.2.1.6. */
function generalName(name: string): Buffer {
  const octets = name.split('.').map(Number);
  const isAddress = octets.length === 4 && octets.every((octet) => octet >= 0 && octet <= 255);
  return isAddress ? der(0x87, Buffer.from(octets)) : der(0x82, Buffer.from(name));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function integer(value: Buffer): Buffer {
  return der(0x02, value);
}

function bitString(value: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), value]));
}

/** GeneralizedTime, which reaches beyond 2049: `YYYYMMDDHHMMSSZ`. */
function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return der(0x18, Buffer.from(`${text}Z`));
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
