import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { isSuccess, parseJson } from './answers.ts';
import { memberBytes } from './json-members.ts';

/** Refusals are short; a longer answer is not searched for one. */
const REFUSAL_BYTES = 64 * 1024;

const OPEN_BRACE = 0x7b;

/** A token that is refused in an error text: only sentences that say nothing else count. */
const TOKEN_TEXT =
  /^(?:error: )?(?:(?:the )?(?:access |bearer )?token|jwt)(?: is| has)?(?: expired| invalid| not valid| malformed)[.!]?$|^(?:expired|invalid) (?:access |bearer )?token[.!]?$/i;

/** A GraphQL answer (spec.graphql.org, October 2021, section 7.1). */
export interface GraphqlAnswer {
  /** `undefined` where it is `null` or absent: then nothing was done, or nothing can be said of it. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** Of every error its message; empty where there is none. Not made for callers. */
  readonly errors: readonly string[];
}

/** Reads a parsed body; `undefined` where it is no GraphQL answer. */
export function readGraphql(json: unknown): GraphqlAnswer | undefined {
  if (typeof json !== 'object' || json === null || !('data' in json || 'errors' in json)) return undefined;
  const { data, errors } = json as { data?: unknown; errors?: unknown };
  if (errors !== undefined && errors !== null && !Array.isArray(errors)) return undefined;
  return {
    data: isObject(data) ? data : undefined,
    errors: (errors ?? []).map((error: unknown) =>
      isObject(error) && typeof error['message'] === 'string' ? error['message'] : '',
    ),
  };
}

/** The GraphQL answer of a success, with the bytes of its `data`. */
export function readSuccess(answer: BufferedAnswer): (GraphqlAnswer & { readonly dataBytes: Buffer }) | undefined {
  if (!isSuccess(answer) || answer.truncated) return undefined;
  const graphql = readGraphql(parseJson(answer));
  const dataBytes = graphql?.data && memberBytes(answer.body, 'data');
  return graphql && dataBytes && { ...graphql, dataBytes };
}

/** The bytes of a nested member: `memberOf(data, 'createRequest', 'request')`. */
export function memberOf(object: Buffer, ...path: readonly string[]): Buffer | undefined {
  let value: Buffer | undefined = object;
  for (const key of path) value = value?.[0] === OPEN_BRACE ? memberBytes(value, key) : undefined;
  return value;
}

/**
 * Whether the token was refused and nothing was done. Authentication comes before GraphQL, so a 401 says so, whatever
 * its body; some servers answer 200 or 400 with an error text and no data instead.
 */
export function refusesToken(answer: BufferedAnswer): boolean {
  if (answer.status === 401) return true;
  if (answer.body.length > REFUSAL_BYTES || !answer.body.includes('"errors"')) return false;
  const graphql = readGraphql(parseJson(answer));
  return graphql !== undefined && saysTokenRefused(graphql);
}

export function saysTokenRefused({ data, errors }: GraphqlAnswer): boolean {
  return data === undefined && errors.length > 0 && errors.every((message) => TOKEN_TEXT.test(message.trim()));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
