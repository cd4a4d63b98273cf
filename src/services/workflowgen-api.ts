import type { WorkflowgenConfig } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { OperationInput, OperationRequest } from './operation.ts';

/** Printable ASCII without blanks around it: what a header carries unchanged (RFC 9110, section 5.5). */
const HEADER_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** What all operations of the GraphQL API have in common: its answers are read before anything of them passes. */
export const graphqlOperation = {
  kind: 'forward',
  authorities: [],
  passes: () => false,
  answerHeaders: [],
} as const;

/** Makes the one request that the GraphQL API takes: a POST to its one address. */
export type WorkflowgenApi = (
  input: OperationInput,
  body: { readonly contentType: string; readonly bytes: Buffer | undefined },
) => OperationRequest;

export function workflowgenApi({ apiKey }: WorkflowgenConfig): WorkflowgenApi {
  return ({ headers, identity }, { contentType, bytes }) => ({
    method: 'POST',
    path: '', // the base of the service is the whole address
    headers: {
      accept: 'application/json',
      'content-type': contentType,
      ...(headers['accept-language'] === undefined ? {} : { 'accept-language': headers['accept-language'] }),
      ...(apiKey === undefined ? {} : { 'x-wfgen-graphql-api-key': apiKey.reveal() }),
      ...(identity === undefined ? {} : { 'x-wfgen-impersonate-username': userName(identity) }),
    },
    ...(bytes === undefined ? {} : { body: bytes }),
  });
}

/** @throws {Problem} `forbidden`: to leave the header out would be to act as somebody else */
function userName(identity: string): string {
  if (HEADER_TEXT.test(identity)) return identity;
  throw new Problem('forbidden', {
    detail: 'The name of the caller cannot be handed to WorkflowGen: it holds characters that no header carries.',
    hint: 'Let "identity" of the service name a claim with a plain user name, such as an e-mail address.',
  });
}
