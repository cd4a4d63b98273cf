import type { Answer } from '../http/answer.ts';
import type { WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';

/** One resource of the API as data: what the token must hold, and what it does. */
export interface WorkflowRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below `/v1`; `:name` is one segment. */
  readonly path: string;
  /** Every authority that the call needs; some depend on what the body asks for. */
  readonly authority: string | ((call: WorkflowCall) => readonly string[]);
  handle(call: WorkflowCall, engine: WorkflowEngine): Answer;
}

export interface RouteMatch {
  readonly route: WorkflowRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** The route for a path below `/v1`; a final slash does not matter. */
export function matchRoute(routes: readonly WorkflowRoute[], method: string, path: string): RouteMatch | undefined {
  // A server that answers GET answers HEAD alike (RFC 9110, section 9.3.2).
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const route of routes) {
    const params = route.method === wanted ? matchPath(route.path, path) : undefined;
    if (params !== undefined) {
      return { route, params };
    }
  }
  return undefined;
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const expected = template.split('/');
  const actual = path.replace(/\/$/, '').split('/');
  if (expected.length !== actual.length) {
    return undefined;
  }
  const params: Record<string, string> = {};
  for (const [index, name] of expected.entries()) {
    const segment = actual[index] ?? '';
    if (name.startsWith(':')) {
      params[name.slice(1)] = decode(segment);
    } else if (name !== segment) {
      return undefined;
    }
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
