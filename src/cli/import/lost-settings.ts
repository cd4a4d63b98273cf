import { isJsonObject, type JsonObject } from '../../config/json-object.ts';
import type { Draft } from './draft.ts';

/** What an approuter's file may say at its top that has no counterpart here, and why. */
const AT_TOP: Readonly<Record<string, string>> = {
  welcomeFile: 'pages are not served: put them on a web server or a CDN',
  authenticationMethod: 'callers come with an API key or a JWT; there is no log-on page',
  login: 'there is no log-on page and no session',
  logout: 'there is no log-on page and no session',
  sessionTimeout: 'there is no session',
  websockets: 'WebSockets are not forwarded',
  errorPage: 'errors are application/problem+json',
  cors: 'put the origins into CORS_ORIGINS, or into "origins" of a caller: exact ones, without wildcards',
  compression: 'answers pass as the service compresses them',
  responseHeaders: 'every answer has headers of its own; those of flows and http services pass by "responseHeaders"',
  pluginMetadataEndpoint: 'there is no such endpoint',
  whitelistService: 'there is no such endpoint',
  services: 'services come from their keys or bindings',
  destinations: 'there is no session that a destination could be logged out of',
};

/** The same for a route. */
const OF_ROUTE: Readonly<Record<string, string>> = {
  scope: 'scopes of users: give each caller an "allow" list of its own, or a caller with "jwt" and "scopes"',
  identityProvider: 'people log on elsewhere: callers come with an API key or a JWT',
  dynamicIdentityProvider: 'people log on elsewhere: callers come with an API key or a JWT',
  replace: 'texts inside of files are not replaced: nothing static is served',
  cacheControl: 'every answer has Cache-Control: no-store',
  preferLocal: 'there is nothing local that could be preferred',
};

/** What is carried over, or said of a route in another way. */
const OF_ROUTE_READ = new Set([
  'source',
  'target',
  'destination',
  'httpMethods',
  'csrfProtection',
  'authenticationType',
  'service',
  'endpoint',
  'localDir',
]);

export function noteLostSettings(xsApp: JsonObject, draft: Draft): void {
  noteAll(xsApp, AT_TOP, undefined, draft);
  for (const name of Object.keys(xsApp))
    if (name !== 'routes' && !Object.hasOwn(AT_TOP, name)) draft.note(name, NOT_KNOWN);
}

const NOT_KNOWN = 'it is not known here, and not carried over';

/** @param about how notes call the route */
export function noteLostOfRoute(route: JsonObject, about: string, draft: Draft): void {
  const { source, csrfProtection, authenticationType } = route;
  noteAll(route, OF_ROUTE, about, draft);
  for (const name of Object.keys(route))
    if (!OF_ROUTE_READ.has(name) && !Object.hasOwn(OF_ROUTE, name)) draft.note(about, `${name}: ${NOT_KNOWN}`);
  if (isJsonObject(source) && source['matchCase'] === false)
    draft.note(about, 'matchCase: paths are compared with case');
  if (authenticationType === 'none')
    draft.note(about, 'authenticationType none: every caller needs a credential; ALLOW_ANONYMOUS is for trials only');
  else draft.note(about, 'authenticationType: people do not log on here; callers come with an API key or a JWT');
  if (csrfProtection !== false)
    draft.note(about, 'csrfProtection: not needed here, as no cookie is a credential; pages must not ask for a token');
}

function noteAll(
  settings: JsonObject,
  reasons: Readonly<Record<string, string>>,
  about: string | undefined,
  draft: Draft,
): void {
  for (const [name, reason] of Object.entries(reasons)) {
    if (!Object.hasOwn(settings, name)) continue;
    if (about === undefined) draft.note(name, reason);
    else draft.note(about, `${name}: ${reason}`);
  }
}
