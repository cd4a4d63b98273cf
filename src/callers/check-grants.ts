import { editDistance } from '../config/closest-name.ts';
import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';
import type { CallerConfig } from '../config/config.ts';
import type { Offer } from '../services/operation.ts';
import { canReach, EXPLAIN, parsePattern } from './grant-pattern.ts';

interface NamedRoute {
  readonly method: string;
  /** Such as `/api/workflow/definitions/:id`. */
  readonly template: string;
}

/** Routes beside those of services that a caller must be granted by name. */
const OWN_ROUTES: readonly NamedRoute[] = [
  { method: 'GET', template: '/metrics' },
  { method: 'GET', template: '/status' },
];

/** A segment too many or too few weighs as much as so many letters. */
const SEGMENT_WEIGHT = 8;

/** @throws {ConfigurationError} with what `grantProblems` finds */
export function checkGrants(callers: readonly CallerConfig[], offers: readonly Offer[]): void {
  const problems = grantProblems(callers, offers);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/**
 * Compares the `allow` lists with the routes that there are: a pattern that matches none of them is a slip, and whoever
 * made it would find out by a 403.
 *
 * @returns each such pattern, with the nearest route
 */
export function grantProblems(callers: readonly CallerConfig[], offers: readonly Offer[]): ConfigurationProblem[] {
  const routes = [
    ...offers.flatMap(({ service, operations }) =>
      operations.flatMap(({ method, path }) =>
        [method, EXPLAIN].map((method) => ({ method, template: `/api/${service}${path}` })),
      ),
    ),
    ...OWN_ROUTES,
  ];
  return callers.flatMap(({ name, allow = [] }) =>
    allow.flatMap((text, at) => problemOf(text, `callers.${name}.allow[${at}]`, routes) ?? []),
  );
}

function problemOf(text: string, setting: string, routes: readonly NamedRoute[]): ConfigurationProblem | undefined {
  const pattern = parsePattern(text);
  if (routes.some(({ method, template }) => canReach(pattern, method, template.slice(1).split('/')))) return undefined;
  return {
    setting,
    problem: 'matches no route of this server',
    cure: `The nearest route is "${closestRoute(text, routes)}". "flowgate openapi" lists all of them.`,
  };
}

function closestRoute(text: string, routes: readonly NamedRoute[]): string {
  const [method = '', path = ''] = text.split(' ', 2);
  const wanted = path.slice(1).split('/');
  const ranked = routes
    .map((route) => ({ route, distance: distance(method, wanted, route) }))
    .sort((one, other) => one.distance - other.distance);
  const nearest = ranked[0]?.route;
  return nearest === undefined ? '' : `${nearest.method} ${nearest.template.replaceAll(/:\w+/g, '*')}`;
}

function distance(method: string, wanted: readonly string[], route: NamedRoute): number {
  const segments = route.template.slice(1).split('/');
  const ofSegments = segments.map((segment, at) => {
    const other = wanted[at];
    if (other === undefined || other === '*' || segment.startsWith(':') || segment === '**') return 0;
    return other === '**' ? 0 : editDistance(other, segment);
  });
  const ofMethod = method === '*' || method === route.method || (method === 'HEAD' && route.method === 'GET') ? 0 : 1;
  const ofLength = SEGMENT_WEIGHT * Math.abs(segments.length - wanted.length);
  return ofMethod + ofLength + ofSegments.reduce((sum, part) => sum + part, 0);
}
