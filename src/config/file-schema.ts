import { z } from 'zod';
import { bad, good, type Checked } from './checked.ts';
import type { ClientAuthentication } from './config.ts';
import {
  parseAnswerHeaderName,
  parseHeaderValue,
  parseRequestHeaderName,
  parseTokenHeaderName,
} from './header-names.ts';
import { contextIdentitySchema, identitySchema } from './identity-schema.ts';
import { parseHttpRoute } from './http-route.ts';
import { parseBoolean, parseDuration, parseInteger, parseSize } from './quantities.ts';
import { checked, secret, settings, text } from './settings-schema.ts';

/** What an upstream's flow may be called with. */
const FLOW_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const HIGHEST_CONCURRENCY = 100_000;

/** Names that the client credentials request sets itself (RFC 6749, sections 2.3.1 and 4.4.2; RFC 7523, section 2.2). */
const OWN_TOKEN_PARAMS: readonly string[] = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
];

const CLIENT_AUTHENTICATIONS = [
  'client_secret_post',
  'client_secret_basic',
  'client_secret_json',
  'private_key_jwt',
  'tls_client_auth',
] as const satisfies readonly ClientAuthentication[];

/** The name of a flow: it becomes a path segment, so it must not be made of dots. */
export function parseFlowName(name: string): Checked<string> {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return good(name);
  return bad(
    'is not a usable name',
    'Use up to 64 letters, digits, ".", "_" and "-", and begin with a letter or digit.',
  );
}

function parseTokenParamName(name: string): Checked<string> {
  if (OWN_TOKEN_PARAMS.includes(name)) return bad('is set by the token request itself', 'Take it out of params.');
  return good(name);
}

/** A record key is text that our parser accepts; it stays as it is written. */
function nameOf(parse: (name: string) => Checked<string>) {
  return z.string().superRefine((name, context) => {
    const result = parse(name);
    if (!result.ok) context.addIssue({ code: 'custom', params: result.fault });
  });
}

const tokenSchema = settings({
  url: text().optional(),
  clientId: z.string().optional(),
  clientSecret: secret().optional(),
  nextClientSecret: secret().optional(),
  auth: z.enum(CLIENT_AUTHENTICATIONS).optional(),
  basicEncoding: z.enum(['rfc6749', 'raw']).optional(),
  assertionAudience: text().optional(),
  params: z.record(nameOf(parseTokenParamName), checked(good)).optional(),
  headers: z.record(nameOf(parseTokenHeaderName), checked(parseHeaderValue)).optional(),
  key: text().optional(),
  certificate: text().optional(),
});

const flowSchema = settings({
  address: text(),
  methods: z.array(z.enum(FLOW_METHODS)).min(1).optional(),
  subpaths: checked(parseBoolean).optional(),
  csrf: z.enum(['auto', 'always', 'off']).optional(),
  timeout: checked(parseDuration).optional(),
  maxBody: checked(parseSize).optional(),
  idempotent: checked(parseBoolean).optional(),
  passErrors: checked(parseBoolean).optional(),
  headers: z.array(checked(parseRequestHeaderName)).optional(),
  responseHeaders: z.array(checked(parseAnswerHeaderName)).optional(),
});

/** Where an entry's client and address come from: a binding, a service key, or spelled out. */
const sourceShape = {
  binding: text().optional(),
  key: text().optional(),
  url: text().optional(),
  token: tokenSchema.optional(),
};

const sapWorkflowSchema = settings({
  kind: z.literal('sap-workflow'),
  ...sourceShape,
  environmentId: text().optional(),
  apiKey: secret().optional(),
  restPath: text().optional(),
  identity: contextIdentitySchema.optional(),
});

const sapIntegrationSchema = settings({
  kind: z.literal('sap-integration'),
  ...sourceShape,
  flows: z.record(nameOf(parseFlowName), flowSchema).optional(),
});

const workflowServerSchema = settings({
  kind: z.literal('workflow-server'),
  ...sourceShape,
  accessToken: secret().optional(),
  administration: checked(parseBoolean).optional(),
  identity: identitySchema.optional(),
});

const graphqlOperationSchema = settings({
  document: text(),
  timeout: checked(parseDuration).optional(),
  maxBody: checked(parseSize).optional(),
});

const workflowgenSchema = settings({
  kind: z.literal('workflowgen'),
  ...sourceShape,
  apiKey: secret().optional(),
  identity: identitySchema.optional(),
  operations: z.record(nameOf(parseFlowName), graphqlOperationSchema).optional(),
});

const httpSchema = settings({
  kind: z.literal('http'),
  ...sourceShape,
  routes: z.array(checked(parseHttpRoute)).optional(),
  timeout: checked(parseDuration).optional(),
  maxBody: checked(parseSize).optional(),
  headers: z.array(checked(parseRequestHeaderName)).optional(),
  responseHeaders: z.array(checked(parseAnswerHeaderName)).optional(),
});

export const serviceSchema = z.discriminatedUnion('kind', [
  sapWorkflowSchema,
  sapIntegrationSchema,
  workflowServerSchema,
  workflowgenSchema,
  httpSchema,
]);

const concurrency = checked((value) => parseInteger(value, 1, HIGHEST_CONCURRENCY));

export const limitsSchema = settings({
  body: checked(parseSize).optional(),
  concurrency: concurrency.optional(),
  perService: concurrency.optional(),
  timeout: checked(parseDuration).optional(),
});

export type ServiceEntry = SapWorkflowEntry | SapIntegrationEntry | WorkflowServerEntry | WorkflowgenEntry | HttpEntry;
export type TokenEntry = z.output<typeof tokenSchema>;
export type SapWorkflowEntry = z.output<typeof sapWorkflowSchema>;
export type SapIntegrationEntry = z.output<typeof sapIntegrationSchema>;
export type WorkflowServerEntry = z.output<typeof workflowServerSchema>;
export type WorkflowgenEntry = z.output<typeof workflowgenSchema>;
export type HttpEntry = z.output<typeof httpSchema>;
export type FlowEntry = z.output<typeof flowSchema>;
