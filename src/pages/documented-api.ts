import type { Config, ServiceConfig } from '../config/config.ts';
import { offerOf } from '../services/offers.ts';
import type { Method, Operation } from '../services/operation.ts';
import { ownRoutes, type OwnRoute } from './own-routes.ts';
import type { JsonSchema, Shape } from './shapes/shape.ts';
import { shapesOf } from './shapes/shapes-of.ts';

/** What the documents are made from: this configuration's services with their operation tables, and nothing secret. */
export interface DocumentedApi {
  /** This server's own origin. */
  readonly publicUrl: string;
  readonly services: readonly DocumentedService[];
  readonly ownRoutes: readonly OwnRoute[];
  /** What callers show to prove who they are. */
  readonly takes: { readonly apiKeys: boolean; readonly jwts: boolean; readonly nobody: boolean };
  /** Whether the server answers for listed hosts only. */
  readonly hasHosts: boolean;
  /** Whether several instances share their state. */
  readonly hasStore: boolean;
}

export interface DocumentedService {
  readonly name: string;
  readonly kind: ServiceConfig['kind'];
  readonly operations: readonly DocumentedOperation[];
  /** By name, for `$ref` in shapes. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

export interface DocumentedOperation {
  readonly operation: Operation;
  /** The whole path: `/api/workflow/definitions/:id`. */
  readonly template: string;
  readonly shape: Shape;
}

/** Whether a caller may call a route, with some parameters at least. */
export type Reaches = (method: Method, template: string) => boolean;

/** All that this configuration offers. */
export function documentedApi(config: Config): DocumentedApi {
  return {
    publicUrl: config.publicUrl,
    services: config.services.map(documentedService),
    ownRoutes,
    takes: {
      apiKeys: config.callers.some(({ apiKeyDigests }) => apiKeyDigests.length > 0),
      jwts: config.callers.some(({ jwt }) => jwt !== undefined),
      nobody: config.allowAnonymous,
    },
    hasHosts: config.allowedHosts !== undefined,
    hasStore: config.store !== undefined,
  };
}

/** What one caller may call of it. Services of which nothing is left are left out, too. */
export function reachableApi(api: DocumentedApi, reaches: Reaches): DocumentedApi {
  const services = api.services
    .map((service) => ({
      ...service,
      operations: service.operations.filter(({ operation, template }) => reaches(operation.method, template)),
    }))
    .filter(({ operations }) => operations.length > 0);
  return {
    ...api,
    services,
    ownRoutes: api.ownRoutes.filter(({ needs, path }) => needs !== 'grant' || reaches('GET', path)),
  };
}

function documentedService(service: ServiceConfig): DocumentedService {
  const { schemas, operations: shapes } = shapesOf(service);
  const { operations } = offerOf(service);
  return {
    name: service.name,
    kind: service.kind,
    schemas,
    operations: operations.map((operation) => ({
      operation,
      template: `/api/${service.name}${operation.path}`,
      shape: shapes[operation.id] ?? {},
    })),
  };
}
