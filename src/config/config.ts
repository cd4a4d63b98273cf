import type { Secret } from './secret.ts';
import type { StoreConfig } from './store-config.ts';

/** Everything that is known before the first request. Made by `loadConfig`, complete and frozen. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  readonly services: readonly ServiceConfig[];
  readonly callers: readonly CallerConfig[];
  /** Exact origins for callers that name none of their own. */
  readonly corsOrigins: readonly string[];
  /** How many proxies in front may be believed about the client's address. */
  readonly trustedProxyHops: number;
  /** Lower-case host names, with a port where one was given; `undefined`: any host. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Our own origin, such as `https://flowgate.example.com`. */
  readonly publicUrl: string;
  readonly allowAnonymous: boolean;
  readonly allowInsecureUpstreams: boolean;
  readonly limits: Limits;
  /** The Redis in which several instances share state; `undefined`: each instance has its own. */
  readonly store: StoreConfig | undefined;
  /** What a person who starts the server should know: which service came from where, what was left out. */
  readonly notices: readonly string[];
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Limits {
  /** Largest JSON body, in bytes. */
  readonly bodyBytes: number;
  /** Requests at once, over all services. */
  readonly concurrency: number;
  /** Requests at once to one service. */
  readonly perService: number;
  /** The one deadline of a request, unless its flow says otherwise. */
  readonly timeoutMs: number;
}

export type ServiceConfig =
  SapWorkflowConfig | SapIntegrationConfig | WorkflowServerConfig | WorkflowgenConfig | HttpServiceConfig;

interface ServiceBase {
  /** Its routes live below `/api/<name>`. */
  readonly name: string;
  /** Where the entry came from, for people: `WORKFLOW_SERVICE_KEY`, `binding my-workflow`, `flowgate.yaml`. */
  readonly source: string;
  readonly token: TokenClient;
  /** Who acts upstream; without it nobody does, and routes that need somebody do not exist. */
  readonly identity?: IdentityConfig | undefined;
}

/** Who acts upstream: the caller by its name, or the person that a claim of the caller's JWT names. */
export interface IdentityConfig {
  /** The claim, such as `email`; `undefined`: the caller's name. */
  readonly claim: string | undefined;
}

export interface SapWorkflowConfig extends ServiceBase {
  readonly kind: 'sap-workflow';
  /** `as`: the member of the context of a start that holds who started it. */
  readonly identity?: (IdentityConfig & { readonly as: string }) | undefined;
  /** Base of the REST API with its version, no trailing slash: `https://…/workflow-service/rest/v1`. */
  readonly apiUrl: string;
  /** SAP Build Process Automation: a shared or named environment … */
  readonly environmentId: string | undefined;
  /** … and its API key. */
  readonly apiKey: Secret | undefined;
}

export interface SapIntegrationConfig extends ServiceBase {
  readonly kind: 'sap-integration';
  /** Base of the runtime, no trailing slash: `https://<tenant>.it-cpi001-rt.cfapps.eu10.hana.ondemand.com`. */
  readonly runtimeUrl: string;
  readonly flows: readonly FlowConfig[];
}

/** Optimajet WorkflowServer. */
export interface WorkflowServerConfig extends Omit<ServiceBase, 'token'> {
  readonly kind: 'workflow-server';
  /** Address of the server, without `/workflowapi` and without a slash at the end: `https://wfs.example.com`. */
  readonly url: string;
  /** `undefined` where `accessToken` stands in for it. */
  readonly token: TokenClient | undefined;
  /** The API access token of servers up to 8.x without OpenID Connect: it travels in the body of every request. */
  readonly accessToken: Secret | undefined;
  /** Whether deleting instances and setting their states exist as routes. */
  readonly administration: boolean;
}

export type FlowMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface FlowConfig {
  readonly name: string;
  /** The path of the sender, such as `/http/products`. */
  readonly address: string;
  readonly methods: readonly FlowMethod[];
  /** Whether paths below the flow's route are taken, and appended to the address. */
  readonly subpaths: boolean;
  readonly csrf: 'auto' | 'always' | 'off';
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Whether a message may be sent twice without harm. */
  readonly idempotent: boolean;
  /** Whether the flow's own 5xx answers pass as they are. */
  readonly passErrors: boolean;
  /** Request headers that pass beside the standard ones, lower case. */
  readonly headers: readonly string[];
  /** Answer headers that pass beside the standard ones, lower case. */
  readonly responseHeaders: readonly string[];
}

export interface WorkflowgenConfig extends ServiceBase {
  readonly kind: 'workflowgen';
  /** The GraphQL endpoint, complete: `https://…/wfgen/graphql`. */
  readonly graphqlUrl: string;
  /** The second key that WorkflowGen asks for where `GraphqlApiKeyEnabled` is on. */
  readonly apiKey: Secret | undefined;
  readonly operations: readonly GraphqlOperationConfig[];
}

/** A GraphQL document that callers run by its name: they send its variables, never a document. */
export interface GraphqlOperationConfig {
  readonly name: string;
  readonly document: GraphqlDocument;
  readonly timeoutMs: number;
  /** Largest form with uploads, in bytes. */
  readonly maxBodyBytes: number;
}

/** A document that has been parsed and checked: one operation, with the fragments that it uses. */
export interface GraphqlDocument {
  readonly text: string;
  readonly type: 'query' | 'mutation';
  readonly variables: readonly GraphqlVariable[];
}

export interface GraphqlVariable {
  readonly name: string;
  readonly type: GraphqlType;
  readonly hasDefault: boolean;
  /** Whether it is a file: of type `Upload` (GraphQL multipart request specification). */
  readonly isUpload: boolean;
}

export type GraphqlType =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'list'; readonly of: GraphqlType }
  | { readonly kind: 'non-null'; readonly of: GraphqlType };

/** Any other API: the routes that the configuration names, and nothing else of it. */
export interface HttpServiceConfig extends ServiceBase {
  readonly kind: 'http';
  /** Base of the API, no trailing slash: `https://api.example.com`. */
  readonly apiUrl: string;
  readonly routes: readonly HttpRouteConfig[];
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Request headers that pass beside the standard ones, lower case. */
  readonly headers: readonly string[];
  /** Answer headers that pass beside the standard ones, lower case. */
  readonly responseHeaders: readonly string[];
}

export interface HttpRouteConfig {
  readonly method: FlowMethod;
  /** Below `/api/<name>`: literal segments, `:name` for one, a final `**` for the rest. */
  readonly path: string;
  /** Below the base of the API, with the same names. */
  readonly target: string;
}

export type ClientAuthentication =
  'client_secret_post' | 'client_secret_basic' | 'client_secret_json' | 'private_key_jwt' | 'tls_client_auth';

/** An OAuth client and where it gets its tokens (RFC 6749, section 4.4). */
export interface TokenClient {
  /** The token endpoint, or with `discovery` the document that names it; complete, without a query. */
  readonly url: string;
  /** `url` is that of a server's OpenID configuration (OpenID Connect Discovery 1.0, section 4). */
  readonly discovery?: boolean;
  readonly clientId: string;
  readonly auth: ClientAuthentication;
  readonly clientSecret: Secret | undefined;
  /** Tried when the first is refused, so that a secret can be replaced without a gap. */
  readonly nextClientSecret?: Secret | undefined;
  /** How `client_secret_basic` writes id and secret: form-encoded as RFC 6749 section 2.3.1 says (default), or as they are. */
  readonly basicEncoding?: 'rfc6749' | 'raw';
  /** PEM, for `tls_client_auth`; with `private_key_jwt`, names the key. Read anew with every token request. */
  readonly certificate: Secret | undefined;
  /** The private key, PEM, for `tls_client_auth` and `private_key_jwt`. Read anew with every token request. */
  readonly key: Secret | undefined;
  /** The audience of client assertions (`private_key_jwt`); `undefined`: the token endpoint. */
  readonly assertionAudience?: string;
  /** Further form parameters: `audience`, `resource`, `scope`. */
  readonly params: Readonly<Record<string, string>>;
  /** Further headers of the token request, such as `x-zid`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The longest time a token is used, in seconds: SAP advises 2 h, because its signing keys overlap that long. */
  readonly maxLifeSeconds: number;
}

export interface CallerConfig {
  readonly name: string;
  /** SHA-256 of each key, hex: the plain text is not kept. */
  readonly apiKeyDigests: readonly string[];
  /** `METHOD /path` patterns; `undefined`: every `/api` route (the callers of `API_KEYS`). */
  readonly allow: readonly string[] | undefined;
  /** The tokens that this caller comes with, beside its keys or in their place. */
  readonly jwt?: JwtConfig | undefined;
  /** Exact web origins from which it may be called; `undefined`: those of `CORS_ORIGINS`. */
  readonly origins?: readonly string[] | undefined;
  readonly rateLimit?: RateLimit | undefined;
}

/** What a JWT must say to be a caller's (RFC 7519, RFC 9068). */
export interface JwtConfig {
  /** `iss`, exactly. */
  readonly issuer: string;
  /** Where the issuer's keys are; `undefined`: found by discovery. */
  readonly jwksUrl: string | undefined;
  /** One of them must be among the token's `aud`. */
  readonly audiences: readonly string[];
  /** Claims and the value that each must have, or must have among its values. */
  readonly claims: Readonly<Record<string, string>>;
  /** Scopes that the token must have, all of them. */
  readonly scopes: readonly string[];
  /** What stands before the names of this application's scopes, with its dot: `my-app!t1.` (XSUAA). */
  readonly scopePrefix: string | undefined;
}

/** So many requests in any window of so many seconds; they may come in one burst. */
export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}
