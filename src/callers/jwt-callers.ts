import { hash } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyResult } from 'jose';
import type { JwtConfig } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { Caller } from './caller.ts';
import { identityClaims } from './identity.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { RefusedCredential } from './refused-credential.ts';
import { matchesCaller } from './token-match.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Asymmetric ones alone: a verifier that also took HS256 could be handed the public key as a secret (RFC 8725, 2.1). */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

/** What clocks may differ by. */
const TOLERANCE_S = 30;

/** What an access token calls itself (RFC 9068, section 2.1): a logout or DPoP token must not pass for one (RFC 8725, 3.11). */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt', 'application/jwt']);

/** A caller and the tokens that are its. */
export interface JwtCaller {
  readonly config: JwtConfig;
  readonly caller: Caller;
}

interface Issuer {
  readonly keys: IssuerKeys;
  /** In the order of the file. */
  readonly callers: JwtCaller[];
}

/** The callers that come with JWTs, by the issuers of these. */
export class JwtCallers {
  readonly #issuers = new Map<string, Issuer>();
  readonly #verified = new VerifiedTokens();
  readonly #identityClaims: readonly string[];

  /**
   * @param callers in the order of the file
   * @param claimsOfIdentities the claims that services take for an identity
   */
  constructor(callers: readonly JwtCaller[], claimsOfIdentities: readonly string[]) {
    this.#identityClaims = claimsOfIdentities;
    for (const { config, caller } of callers) {
      const { issuer, jwksUrl } = config;
      const known = this.#issuers.get(issuer);
      if (known) known.callers.push({ config, caller });
      else this.#issuers.set(issuer, { keys: new IssuerKeys(issuer, jwksUrl), callers: [{ config, caller }] });
    }
  }

  /** The caller of a token that has been verified before, without looking at its signature again. */
  remembered(token: string): Caller | undefined {
    return this.#verified.get(digestOf(token));
  }

  /**
   * Verifies a token: signature, issuer, times, and whose it is: that of the first caller in the file whose audience,
   * claims and scopes it has.
   *
   * @throws {RefusedCredential}
   * @throws {Problem} `token-unavailable` when the issuer's keys cannot be fetched
   */
  async verify(token: string): Promise<Caller> {
    const issuer = this.#issuers.get(claimedIssuer(token));
    if (issuer === undefined) throw otherIssuer();
    const { payload, protectedHeader } = await verifySignature(token, issuer.keys);
    const type: unknown = protectedHeader.typ; // whatever its issuer wrote
    if (!TYPES.has(typeof type === 'string' ? type.toLowerCase() : type)) throw notForHere();
    const match = issuer.callers.find(({ config }) => matchesCaller(payload, config));
    if (match === undefined) throw notForHere();
    const caller = { ...match.caller, claims: identityClaims(payload, this.#identityClaims) };
    this.#verified.add(digestOf(token), caller, ((payload.exp ?? 0) + TOLERANCE_S) * 1000);
    return caller;
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}

/** Which issuer a token names, unverified: it only decides whose keys are tried. */
function claimedIssuer(token: string): string {
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch {
    throw malformed();
  }
  return typeof claims.iss === 'string' ? claims.iss : '';
}

async function verifySignature(token: string, keys: IssuerKeys): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys.find, {
      algorithms: ALGORITHMS,
      clockTolerance: TOLERANCE_S,
      requiredClaims: ['exp'],
    });
  } catch (error) {
    throw error instanceof Problem ? error : explain(error);
  }
}

/** jose looks at times and claims only after the signature, so what it says of them is about a genuine token. */
function explain(error: unknown): RefusedCredential {
  if (error instanceof errors.JWTExpired)
    return refused(false, 'The JWT has expired.', 'Get a new one from its issuer.');
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf'
      ? refused(false, 'The JWT is not valid yet.', 'Compare the clocks of its issuer and of this server.')
      : refused(false, `The claim "${error.claim}" of the JWT is missing or not usable.`, 'Its issuer must set it.');
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused(
      true,
      'The JWT is not signed in a way that is taken here.',
      'Algorithms of the families RS, PS, ES and EdDSA are taken.',
    );
  if (error instanceof errors.JWKSNoMatchingKey)
    return refused(
      true,
      'The JWT is signed with a key that its issuer does not publish.',
      'Get a new one from its issuer.',
    );
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return refused(
      true,
      "The JWT does not say which of its issuer's keys it is signed with.",
      'Its issuer must set "kid" in the header.',
    );
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused(true, 'The signature of the JWT is wrong.', 'Send it whole, as its issuer made it.');
  return malformed();
}

function malformed(): RefusedCredential {
  return refused(
    true,
    'The bearer token is not a JWT that can be read.',
    'Send Authorization: Bearer <JWT>, signed by its issuer.',
  );
}

function otherIssuer(): RefusedCredential {
  return refused(
    true,
    'The bearer token is not accepted: no caller of this server is configured for its issuer.',
    'The issuer must be written in the configuration exactly as it is in the token, final slash included. Or send x-api-key: <key>.',
  );
}

function notForHere(): RefusedCredential {
  return refused(
    false,
    'The JWT is genuine, but it belongs to no caller of this server.',
    'Its audience, claims and scopes must be those of a caller in the configuration ("jwt").',
  );
}

function refused(isGuess: boolean, detail: string, hint: string): RefusedCredential {
  return new RefusedCredential(isGuess, detail, hint);
}
