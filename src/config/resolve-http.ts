import type { HttpRouteConfig, HttpServiceConfig } from './config.ts';
import type { HttpEntry } from './file-schema.ts';
import { DEFAULT_MAX_BODY_BYTES } from './flow-config.ts';
import { routeShape } from './http-route.ts';
import { entrySetting, locateServiceUrl, type ServiceContext } from './service-context.ts';
import { buildTokenClient } from './token-client.ts';
import { httpApiUrl } from './urls.ts';

/** A plain HTTP API, complete; `undefined` after problems were noted. */
export function resolveHttp(
  context: ServiceContext,
  entry: HttpEntry,
  defaultTimeoutMs: number,
): HttpServiceConfig | undefined {
  const { plan, findings, policy } = context;
  const found = locateServiceUrl(context, 'url of the API');
  const apiUrl = found && findings.take(found.setting, httpApiUrl(found.text, policy), found.field);
  const token = buildTokenClient(context);
  const routes = entry.routes ?? [];
  checkTwins(context, routes);
  if (apiUrl === undefined || token === undefined) return undefined;
  if (routes.length === 0) findings.notice(`The service ${plan.name} has no routes yet, so it offers nothing to call.`);
  return {
    kind: 'http',
    name: plan.name,
    source: plan.from,
    token,
    apiUrl,
    routes,
    timeoutMs: entry.timeout ?? defaultTimeoutMs,
    maxBodyBytes: entry.maxBody ?? DEFAULT_MAX_BODY_BYTES,
    headers: [...new Set(entry.headers ?? [])],
    responseHeaders: [...new Set(entry.responseHeaders ?? [])],
  };
}

function checkTwins(context: ServiceContext, routes: readonly HttpRouteConfig[]): void {
  const shapes = routes.map(routeShape);
  for (const [index, shape] of shapes.entries()) {
    if (shapes.indexOf(shape) === index) continue;
    context.findings.problem(`${entrySetting(context, 'routes')}[${index}]`, {
      problem: 'has the method and the path of an earlier route',
      cure: 'Names of parameters do not tell two routes apart: change one of the paths, or leave one out.',
    });
  }
}
