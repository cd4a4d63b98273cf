import { readVariable, type Environment } from './environment-variables.ts';
import { isJsonObject, parseJsonObject } from './json-object.ts';

/** Where this server runs, as far as the environment tells. */
export interface Platform {
  readonly isCloudFoundry: boolean;
  /** On a platform, or told to be in production: conveniences that weaken security are refused. */
  readonly isProduction: boolean;
  /** The first route of the application, without scheme: `flowgate.cfapps.eu10.hana.ondemand.com`. */
  readonly firstRoute: string | undefined;
}

export function readPlatform(environment: Environment): Platform {
  const application = readVariable(environment, 'VCAP_APPLICATION');
  const isCloudFoundry = application !== undefined;
  return {
    isCloudFoundry,
    isProduction:
      isCloudFoundry ||
      readVariable(environment, 'KUBERNETES_SERVICE_HOST') !== undefined ||
      readVariable(environment, 'NODE_ENV') === 'production',
    firstRoute: application === undefined ? undefined : firstRouteOf(application),
  };
}

function firstRouteOf(application: string): string | undefined {
  const description = parseJsonObject(application);
  if (!isJsonObject(description)) return undefined;
  const routes = description['application_uris'] ?? description['uris'];
  const first: unknown = Array.isArray(routes) ? routes[0] : undefined;
  // A route may have a path; our own origin has none.
  return typeof first === 'string' ? first.split('/')[0] || undefined : undefined;
}
