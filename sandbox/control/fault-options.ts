import { z } from 'zod';
import { badCredentialsForms } from '../authorization-server/xsuaa-answers.ts';
import { clientNames } from '../authorization-server/oauth-clients.ts';
import { instanceStatuses } from '../workflow/instance.ts';
import { operationNames } from '../workflow-server/api-operations.ts';
import { upstreamNames } from './canned-answers.ts';

const upstream = z.enum(upstreamNames);
const client = z.enum(clientNames);
const count = z.int().min(1);

/** Which requests a fault meets: by default all, until the sandbox is reset. */
const scope = {
  times: count.optional(),
  method: z.string().optional(),
  path: z.string().optional(),
};

/**
 * What each command of the control takes; the same objects go into the methods of `SandboxControl` and, as JSON, to
 * `POST /control/<command>`.
 */
export const faultOptions = {
  rotateSecret: z.strictObject({ client, secret: z.string().min(1).optional() }),
  setAuthorities: z.strictObject({
    client: client.optional(),
    authorities: z.union([z.array(z.string()), z.enum(['all', 'fresh'])]),
  }),
  badCredentialsForm: z.strictObject({ form: z.enum(badCredentialsForms) }),
  slow: z.strictObject({ upstream, ms: z.int().min(0), ...scope }),
  rateLimit: z.strictObject({ upstream, retryAfter: z.int().min(0).optional(), ...scope }),
  fail: z.strictObject({ upstream, status: z.int().min(500).max(599).optional(), ...scope }),
  html: z.strictObject({ upstream, ...scope }),
  redirect: z.strictObject({ upstream, location: z.string().optional(), ...scope }),
  garbage: z.strictObject({ upstream, ...scope }),
  unknownRoute: z.strictObject({ upstream, ...scope }),
  unknownZone: z.strictObject(scope),
  answer: z.strictObject({
    upstream,
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
    ...scope,
  }),
  resetConnection: z.strictObject({
    upstream,
    when: z.enum(['before-body', 'after-body', 'during-answer']),
    ...scope,
  }),
  upstream: z.strictObject({ upstream }),
  busy: z.strictObject({ client: z.enum(['workflow', 'processAutomation']).optional(), times: count }),
  setInstanceStatus: z.strictObject({ instanceId: z.string(), status: z.enum(instanceStatuses) }),
  denyOperations: z.strictObject({ operations: z.array(z.enum(operationNames)) }),
  nothing: z.strictObject({}),
} as const;

/** What a command takes, by its name. */
export type FaultOptions<K extends keyof typeof faultOptions> = z.infer<(typeof faultOptions)[K]>;
