import type { UpstreamFacts } from '../problems/problem.ts';
import type { Refusal } from './operation.ts';
import { shownName, shownText } from './shown-text.ts';

/** The runtime's error codes without their prefix, such as `definition.not.found`. */
export function errorCode({ json }: Refusal): string {
  const code = errorOf(json)?.['code'];
  return typeof code === 'string' ? code.replace(/^bpm\.workflowruntime\./, '') : '';
}

/** The runtime's error as it came; `undefined`: the answer has none. */
function errorOf(json: unknown): Record<string, unknown> | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const error = (json as { error?: unknown }).error;
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : undefined;
}

/** Whether an answer is the runtime's own, `{"error":{…}}`, and not that of a router, a gateway or a web server. */
export function isRuntimeAnswer({ json }: Refusal): boolean {
  return errorOf(json) !== undefined;
}

/** The members of the runtime's error that are made for callers: `TechnicalError` of its specification. */
export function callersError({ json, answer }: Refusal): UpstreamFacts {
  const error = errorOf(json);
  if (error === undefined || answer.status >= 500) return {};
  const { details } = error;
  const shown = {
    ...member('code', shownName(error['code'])),
    ...member('message', shownText(error['message'])),
    ...member('logId', shownName(error['logId'])),
    ...(Array.isArray(details) ? { details: details.slice(0, 20).map(callersDetail) } : {}),
  };
  return Object.keys(shown).length === 0 ? {} : { error: shown };
}

function callersDetail(detail: unknown): Record<string, string> {
  if (typeof detail !== 'object' || detail === null) return {};
  const { severity, message } = detail as { severity?: unknown; message?: unknown };
  return { ...member('severity', shownName(severity)), ...member('message', shownText(message)) };
}

function member(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

/** The message of the runtime's error; empty where it has none. */
export function messageOf({ json }: Refusal): string {
  const message = errorOf(json)?.['message'];
  return typeof message === 'string' ? message : '';
}
