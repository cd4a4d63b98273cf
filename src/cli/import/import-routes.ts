import { isJsonObject, type JsonObject } from '../../config/json-object.ts';
import { ENGINES, kindOfService, plainAddress } from './address.ts';
import { addEngineRoute, addFlow, addHttpRoute, type CarriedRoute, type TargetService } from './carry-route.ts';
import { tokenOf } from './destination-token.ts';
import type { Draft, ServiceDraft } from './draft.ts';
import { noteLostOfRoute, noteLostSettings } from './lost-settings.ts';
import type { Destination } from './read-destinations.ts';
import { convertRoute, type ConvertedRoute } from './route-pattern.ts';

/** Reads `xs-app.json` of @sap/approuter: each destination in use becomes a service, each route one of its routes. */
export function importRoutes(xsApp: JsonObject, destinations: readonly Destination[], draft: Draft): void {
  noteLostSettings(xsApp, draft);
  const services = new Map<string, TargetService | undefined>();
  const listed = listOf(xsApp['routes']);
  const routes = listed.filter(isJsonObject);
  for (const [at, route] of listed.entries()) {
    if (!isJsonObject(route)) {
      draft.note(`route ${at + 1}`, 'it is no route: no JSON object');
      continue;
    }
    const about = `route ${at + 1} (${sourceOf(route)})`;
    const wanted = destinationOf(route, about, draft);
    if (wanted === undefined) continue;
    if (!services.has(wanted)) services.set(wanted, addService(wanted, destinations, routes, draft));
    const service = services.get(wanted);
    if (service) carry(route, about, service, draft);
    else draft.note(about, `its destination ${wanted} is not carried over`);
  }
  for (const { name } of destinations)
    if (!services.has(name)) draft.note(`destination ${name}`, 'no route leads to it, so it is not carried over');
}

function sourceOf({ source }: JsonObject): string {
  const path = isJsonObject(source) ? source['path'] : source;
  return typeof path === 'string' ? path : 'without a source';
}

/** The destination of a route; `undefined` after it was noted that it has none. */
function destinationOf(route: JsonObject, about: string, draft: Draft): string | undefined {
  const { destination, localDir, service } = route;
  if (typeof destination === 'string') return destination;
  if (localDir !== undefined)
    draft.note(about, 'localDir: static content is not served; put it on a web server or a CDN');
  else if (typeof service === 'string') draft.note(about, `service ${service}: ${OWN_SERVICES.get(service) ?? BY_KEY}`);
  else draft.note(about, 'it has no destination');
  return undefined;
}

/** What an approuter itself offers as a service. */
const OWN_SERVICES: ReadonlyMap<string, string> = new Map([
  ['html5-apps-repo-rt', 'static content is not served; put it on a web server or a CDN'],
  ['sap-approuter-userapi', 'nobody logs on here, so there is no user to tell of'],
]);

const BY_KEY = 'give its key or binding to Flowgate; "flowgate import key.json" makes the entry';

/** A destination that is chosen by the path of each request. */
const DYNAMIC = '*';

function addService(
  wanted: string,
  destinations: readonly Destination[],
  routes: readonly JsonObject[],
  draft: Draft,
): TargetService | undefined {
  const about = `destination ${wanted}`;
  const destination = destinations.find(({ name }) => name === wanted);
  const url = URL.parse(destination?.get('url') ?? '');
  if (destination === undefined || url === null) {
    draft.note(about, whyNoAddress(wanted, destination));
    return undefined;
  }
  const made = tokenOf(destination, draft.nameFor(wanted), draft);
  if ('reason' in made) {
    draft.note(about, made.reason);
    return undefined;
  }
  if (url.username !== '' || url.password !== '')
    draft.note(about, 'the user name and password in its URL are left out');
  if (url.search !== '') draft.note(about, 'the query in its URL is left out');
  const kind = kindOfService(url, destination.get('clientId'));
  const members = kind === 'sap-integration' ? { flows: {} } : kind === 'http' ? { routes: [] } : {};
  const entry: ServiceDraft = { kind, url: serviceUrl(kind, url), token: made.token, ...members };
  const name = draft.addService(wanted, entry);
  return { name, entry, url, prefix: commonPrefix(wanted, name, routes) };
}

function whyNoAddress(wanted: string, destination: Destination | undefined): string {
  if (wanted === DYNAMIC)
    return 'the path of each request names it there: here each destination needs routes of its own';
  if (destination === undefined) return 'it is not among the destinations: export it, and import again';
  const type = destination.get('type') ?? 'HTTP';
  return type === 'HTTP' ? 'its URL is not one' : `Type ${type}: only HTTP is carried over`;
}

/** `/catalogue` where all routes to the destination of that name begin so: the service's name says it already. */
function commonPrefix(destination: string, service: string, routes: readonly JsonObject[]): string {
  const ofDestination = routes.filter((route) => route['destination'] === destination).map(plainRoute);
  const paths = ofDestination.flatMap((converted) => ('route' in converted ? [converted.route.path] : []));
  return paths.every((path) => path.startsWith(`/${service}/`)) ? `/${service}` : '';
}

/** The base of a runtime has no path: that of the destination goes into the addresses of its flows. */
function serviceUrl(kind: string, url: URL): string {
  return kind === 'sap-integration' ? url.origin : plainAddress(url);
}

function carry(route: JsonObject, about: string, service: TargetService, draft: Draft): void {
  const converted = plainRoute(route);
  if ('reason' in converted) {
    draft.note(about, converted.reason);
    return;
  }
  for (const remark of converted.route.remarks) draft.note(about, remark);
  noteLostOfRoute(route, about, draft);
  const carried: CarriedRoute = { ...converted.route, about, methods: methodsOf(route['httpMethods']) };
  if (ENGINES.has(service.entry.kind)) addEngineRoute(carried, service, draft);
  else if (service.entry.kind === 'sap-integration') addFlow(carried, service, draft);
  else addHttpRoute(carried, service, draft);
}

function plainRoute(route: JsonObject): ConvertedRoute {
  const { target } = route;
  return convertRoute(sourceOf(route), typeof target === 'string' ? target : undefined);
}

function methodsOf(httpMethods: unknown): readonly string[] | undefined {
  if (!Array.isArray(httpMethods)) return undefined;
  const names = (httpMethods as readonly unknown[]).filter((method) => typeof method === 'string');
  return names.map((name) => name.toUpperCase());
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
