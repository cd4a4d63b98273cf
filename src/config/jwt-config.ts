import type { Binding } from './binding.ts';
import type { JwtEntry } from './caller-schema.ts';
import type { CallerConfig, JwtConfig } from './config.ts';
import { takeBinding } from './find-binding.ts';
import type { Findings } from './findings.ts';
import { shownName } from './setting-name.ts';
import { parseUpstreamAddress } from './upstream-address.ts';

/** What a bound issuer says of itself, and of the tokens that are for this application. */
type BoundIssuer = Pick<JwtConfig, 'issuer' | 'jwksUrl' | 'audiences' | 'scopePrefix'>;

/**
 * Which tokens are a caller's: what its entry says, and what that leaves open from the binding that it names.
 *
 * @param setting of the entry: `callers.intranet.jwt`
 * @returns `undefined` after a problem was noted
 */
export function readJwt(
  entry: JwtEntry,
  setting: string,
  bindings: readonly Binding[],
  findings: Findings,
): JwtConfig | undefined {
  const bound = entry.binding === undefined ? undefined : readBinding(entry.binding, setting, bindings, findings);
  const issuer = entry.issuer ?? bound?.issuer;
  const audiences = entry.audience ?? bound?.audiences;
  if (entry.binding === undefined) {
    const cure = 'Write "iss" of the tokens, letter by letter; or name a bound xsuaa or identity service in "binding".';
    if (issuer === undefined) findings.missing(`${setting}.issuer`, { problem: 'is missing', cure });
    if (audiences === undefined) {
      const cure = 'Write what "aud" of the tokens must hold: without it tokens for any other application would do.';
      findings.missing(`${setting}.audience`, { problem: 'is missing', cure });
    }
  }
  if (issuer === undefined || audiences === undefined) return undefined;
  return {
    issuer,
    jwksUrl: entry.jwksUrl ?? (issuer === bound?.issuer ? bound.jwksUrl : undefined),
    audiences,
    claims: entry.claims ?? {},
    scopes: entry.scopes ?? [],
    scopePrefix: bound?.scopePrefix,
  };
}

function readBinding(
  name: string,
  setting: string,
  bindings: readonly Binding[],
  findings: Findings,
): BoundIssuer | undefined {
  const binding = takeBinding(name, `${setting}.binding`, bindings, findings);
  if (binding === undefined) return undefined;
  const { url, clientid: clientId, xsappname: appName } = binding.credentials;
  const address = typeof url === 'string' ? parseUpstreamAddress(url, { allowInsecure: false }) : undefined;
  if (address?.ok !== true || typeof clientId !== 'string' || clientId === '') {
    findings.problem(`${setting}.binding`, {
      problem: 'names a service that is no issuer: it has no usable "url" and "clientid"',
      cure: 'Name a bound service with the label xsuaa or identity.',
    });
    return undefined;
  }
  const base = address.value.href.replace(/\/$/, '');
  if (typeof appName !== 'string') return identityIssuer(base, clientId);
  return xsuaaIssuer(base, clientId, appName);
}

/** SAP Cloud Identity Services: its address is its issuer, and discovery tells the rest. */
function identityIssuer(url: string, clientId: string): BoundIssuer {
  return { issuer: url, jwksUrl: undefined, audiences: [clientId], scopePrefix: undefined };
}

/** XSUAA: its scopes begin with the name of the application that they belong to. */
function xsuaaIssuer(url: string, clientId: string, appName: string): BoundIssuer {
  return {
    issuer: `${url}/oauth/token`,
    jwksUrl: `${url}/token_keys`,
    audiences: [clientId, appName],
    scopePrefix: `${appName}.`,
  };
}

/** One issuer has one set of keys: callers that give it different ones contradict each other. */
export function checkKeySets(callers: readonly CallerConfig[], findings: Findings): void {
  const known = new Map<string, { readonly caller: string; readonly jwksUrl: string | undefined }>();
  for (const { name, jwt } of callers) {
    if (jwt === undefined) continue;
    const first = known.get(jwt.issuer);
    if (first === undefined) known.set(jwt.issuer, { caller: name, jwksUrl: jwt.jwksUrl });
    else if (first.jwksUrl !== jwt.jwksUrl) {
      findings.problem(`callers.${shownName(name)}.jwt`, {
        problem: `has the issuer of ${shownName(first.caller)}, but other keys`,
        cure: 'Give both callers the same "jwksUrl", or the same "binding".',
      });
    }
  }
}
