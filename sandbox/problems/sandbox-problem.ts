import type { ProblemCode } from '../../src/problems/problem-table.ts';
import type { Sandbox } from '../start-sandbox.ts';

/** A request to Flowgate. `{instance}` in its path stands for a workflow instance that runs. */
export interface ProblemRequest {
  readonly method?: string;
  readonly path: string;
  /** JSON, unless the headers say otherwise. */
  readonly body?: string;
  /** Beside the API key; `x-api-key: undefined` sends none. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** What differs from the configuration of the first run. */
interface ProblemSettings {
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the text of `flowgate.yaml`. */
  readonly file?: string;
}

/** Something that goes wrong at a request, or that would without Flowgate. */
export interface RequestProblem {
  readonly kind: 'request';
  /** What people see of it, in one line. */
  readonly symptom: string;
  readonly settings?: (sandbox: Sandbox) => ProblemSettings;
  /** Done before the first request. */
  readonly prepares?: (sandbox: Sandbox) => unknown;
  /** Sent before anything breaks, so that a token is there. */
  readonly before?: ProblemRequest;
  /** @param instance the id of the instance that `{instance}` stands for, where the request has it */
  readonly breaks?: (sandbox: Sandbox, instance: string | undefined) => unknown;
  readonly request: ProblemRequest;
  /** The answer: a status, and the code of the problem. Without a code Flowgate has mended it and nobody sees it. */
  readonly expect: { readonly status: number; readonly code?: ProblemCode };
}

/** A configuration with which Flowgate does not start. */
export interface SettingsProblem {
  readonly kind: 'settings';
  readonly symptom: string;
  readonly settings: (sandbox: Sandbox) => ProblemSettings;
  /** The setting that the report names. */
  readonly expect: { readonly setting: string };
}

export type SandboxProblem = RequestProblem | SettingsProblem;

export type SandboxProblems = Readonly<Record<string, SandboxProblem>>;

/** Requests that many problems are shown with. */
export const requests = {
  start: {
    method: 'POST',
    path: '/api/workflow/definitions/onboarding/instances',
    body: '{"employee":"Ada Lovelace"}',
  },
  definitions: { path: '/api/workflow/definitions' },
  context: { path: '/api/workflow/instances/{instance}/context' },
  product: {
    method: 'POST',
    path: '/api/integration/flows/product-details',
    body: '{"productIdentifier":"HT-2000"}',
  },
  order: { method: 'POST', path: '/api/integration/flows/orders', body: '{"product":"HT-2000","quantity":1}' },
  schemes: { path: '/api/approvals/definitions' },
  process: { method: 'POST', path: '/api/approvals/definitions/TestScheme/instances', body: '{}' },
} as const satisfies Record<string, ProblemRequest>;
