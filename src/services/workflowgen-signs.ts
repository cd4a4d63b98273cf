import type { Refusal } from './operation.ts';
import { readGraphql, type GraphqlAnswer } from './workflowgen-answer.ts';

/**
 * How graphql-js, up to 16 and from 17 on, begins a complaint about the value of a variable; the text quotes what the
 * caller sent. "Of type … used in position expecting …" is not among it: that is about the document.
 */
export const VARIABLE_TEXT = /^Variable "\$\w{1,100}" (?:(?:got|has) invalid value|of (?:required|non-null) type )/;

/** That the user for whom it is done lacks a right. No stable code is known for it. */
export const PERMISSION_TEXT =
  /\b(?:not authori[sz]ed|unauthori[sz]ed|forbidden|access (?:is )?denied|permission|not allowed|insufficient (?:rights|privileges))\b/i;

/** That something named is not there. "Unknown" is not among it: that is how graphql-js speaks of names in a document. */
export const ABSENT_TEXT = /\b(?:not found|does not exist|doesn't exist)\b/i;

/** The GraphQL answer, if it is one. Servers answer errors without data with 200, 400 or 500; what comes with 502 to 504 is a gateway's own. */
export function graphqlOf({ answer, json }: Refusal): GraphqlAnswer | undefined {
  return answer.status > 500 ? undefined : readGraphql(json);
}

/** Whether one of the errors, at least, says so. */
export function someError(refusal: Refusal, matches: (message: string) => boolean): boolean {
  return graphqlOf(refusal)?.errors.some(matches) ?? false;
}

/** Whether there is an error, whatever it says. */
export function hasErrors(refusal: Refusal): boolean {
  return (graphqlOf(refusal)?.errors.length ?? 0) > 0;
}

/** What the start's mutation has answered: `null` means that no request was made. */
export function created(refusal: Refusal): unknown {
  return graphqlOf(refusal)?.data?.['createRequest'];
}

/** `null`, or absent. */
export function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

/** Whether some field was answered, whatever failed beside it. */
export function hasData(refusal: Refusal): boolean {
  return Object.values(graphqlOf(refusal)?.data ?? {}).some((value) => value !== null);
}

/**
 * Whether a sentence is about the process that was to be started. No stable code is known for it, so the sentence must name the process of the request, and no data of it.
 */
export function namesProcess(text: string, { params }: Refusal): boolean {
  return /\bprocess\b/i.test(text) && text.includes(params['id'] ?? '\n') && !/\b(?:data|parameter)\b/i.test(text);
}
