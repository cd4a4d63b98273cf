import type { Draft, ServiceDraft } from './draft.ts';
import type { PlainRoute } from './route-pattern.ts';

/** A route of an approuter whose paths are plain. */
export interface CarriedRoute extends PlainRoute {
  /** For notes: `route 3 (^/api/(.*)$)`. */
  readonly about: string;
  /** `undefined`: all. */
  readonly methods: readonly string[] | undefined;
}

/** The service that a destination became. */
export interface TargetService {
  readonly name: string;
  readonly entry: ServiceDraft;
  /** The address of the destination. */
  readonly url: URL;
  /** What is left out at the beginning of its paths. */
  readonly prefix: string;
}

const FORWARDED = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The routes in front of a workflow engine are Flowgate's own: nothing of its API is passed through. */
export function addEngineRoute({ about, path }: CarriedRoute, { name: service }: TargetService, draft: Draft): void {
  draft.allow.add(`* /api/${service}/**`);
  draft.moved.set(
    path,
    `/api/${service}: its routes are in the README, such as POST /api/${service}/definitions/:id/instances`,
  );
  draft.note(
    about,
    `the workflow API is not passed through; "allow" grants all routes of ${service} for now: narrow it`,
  );
}

/** A path that leads to the address of a sender becomes a flow. */
export function addFlow(route: CarriedRoute, { name: service, entry, url }: TargetService, draft: Draft): void {
  const { about, path, target, isPrefix } = route;
  const address = `${url.pathname.replace(/\/$/, '')}${target}`.replace(/\/(?:\*\*)?$/, '');
  if (address.includes(':') || !/^\/(?:http|cxf)\/./.test(address)) {
    draft.note(about, 'it does not lead to the address of one sender (/http/… or /cxf/…): add its flows by hand');
    return;
  }
  const flows = entry['flows'] as Record<string, unknown>;
  const flow = draftName(address, Object.keys(flows));
  const methods = usableMethods(route, draft) ?? ['POST'];
  flows[flow] = { address, methods, ...(isPrefix ? { subpaths: true } : {}) };
  if (route.methods === undefined)
    draft.note(about, `it took every method; the flow ${flow} takes POST: add others to "methods"`);
  const publicPath = `/api/${service}/flows/${flow}`;
  for (const method of methods)
    for (const below of isPrefix ? ['', '/**'] : ['']) draft.allow.add(`${method} ${publicPath}${below}`);
  draft.moved.set(path, `${publicPath}${isPrefix ? '/**' : ''}`);
}

export function addHttpRoute(route: CarriedRoute, { name: service, entry, prefix }: TargetService, draft: Draft): void {
  const { about, target } = route;
  if (target === '/') {
    draft.note(about, 'it leads to the address itself, without a path, which plain routes cannot say');
    return;
  }
  const path = route.path.slice(prefix.length);
  const routes = entry['routes'] as string[];
  const methods = usableMethods(route, draft) ?? FORWARDED;
  if (route.methods === undefined) draft.note(about, 'it took every method: take away those that are not needed');
  for (const method of methods) {
    const line = `${method} ${path} -> ${target}`;
    noteOrder(about, line, routes, draft);
    if (routes.some((known) => known.startsWith(`${method} ${path} `)))
      draft.note(about, `${method}: an earlier route has that path`);
    else routes.push(line);
    draft.allow.add(`${method} /api/${service}${path.replaceAll(/:\w+/g, '*')}`);
  }
  draft.moved.set(route.path, `/api/${service}${path}`);
}

function usableMethods({ methods, about }: CarriedRoute, draft: Draft): string[] | undefined {
  if (methods === undefined) return undefined;
  const lost = methods.filter((method) => !FORWARDED.includes(method) && method !== 'HEAD');
  if (lost.length > 0) draft.note(about, `${lost.join(', ')}: not forwarded`);
  return [...new Set(methods.map((method) => (method === 'HEAD' ? 'GET' : method)))].filter((method) =>
    FORWARDED.includes(method),
  );
}

/** There the first route that matched was taken; here it is the one that says more of the path. */
function noteOrder(about: string, line: string, routes: readonly string[], draft: Draft): void {
  const [method = '', path = ''] = line.split(' ');
  const isCovered = routes.some((known) => {
    const [knownMethod, knownPath = ''] = known.split(' ');
    return knownMethod === method && knownPath.endsWith('/**') && path.startsWith(knownPath.slice(0, -2));
  });
  if (isCovered)
    draft.note(about, 'an earlier route took its paths so far; now this one does, because it says more of them');
}

function draftName(address: string, taken: readonly string[]): string {
  const words = address
    .split('/')
    .slice(2)
    .filter((word) => word !== '');
  const name =
    words
      .join('-')
      .replaceAll(/[^A-Za-z0-9._-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '') || 'flow';
  let free = name;
  for (let at = 2; taken.includes(free); at++) free = `${name}-${at}`;
  return free;
}
