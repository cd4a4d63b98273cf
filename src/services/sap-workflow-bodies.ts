import { Problem } from '../problems/problem.ts';
import type { JsonObject } from './operation.ts';

/** SAP's limit is 64, but ids of process automation name tenant, project and process and are longer. */
const MAX_DEFINITION_ID = 255;

/**
 * The engine answers 404 to a start without `definitionId`, which sends people looking for the wrong thing.
 *
 * @throws {Problem} `invalid-body`
 */
export function checkStart(body: JsonObject): void {
  requireText(body, 'definitionId', MAX_DEFINITION_ID, 'Name the workflow definition to start.');
  requireObject(body, 'context');
}

/** A message goes to one instance, or to those of a definition with a business key: never both. */
export function checkMessage(body: JsonObject): void {
  requireText(body, 'definitionId', 128, 'Name the message, as the workflow model calls it.');
  requireObject(body, 'context');
  const toInstance = body['workflowInstanceId'] !== undefined;
  const toDefinition = body['workflowDefinitionId'] !== undefined || body['businessKey'] !== undefined;
  if (toInstance === toDefinition)
    throw invalid(
      'The message names no receiver, or two.',
      'Give either "workflowInstanceId", or "workflowDefinitionId" and "businessKey".',
    );
  if (toInstance) requireText(body, 'workflowInstanceId', 64, 'It is the id of the instance that waits.');
  else {
    requireText(body, 'workflowDefinitionId', MAX_DEFINITION_ID, 'It goes with "businessKey".');
    requireText(body, 'businessKey', 255, 'It goes with "workflowDefinitionId".');
  }
}

export function checkCascade(body: JsonObject): void {
  onlyMembers(body, ['cascade']);
  if (body['cascade'] !== undefined && typeof body['cascade'] !== 'boolean')
    throw invalid('"cascade" is not true or false.', 'Send {"cascade":true}, {} or no body.');
}

export function checkTaskCompletion(body: JsonObject): void {
  onlyMembers(body, ['context', 'decision']);
  requireObject(body, 'context');
  if (body['decision'] !== undefined) requireText(body, 'decision', 255, 'It is the id of a button of the task.');
}

function requireText(body: JsonObject, name: string, maxLength: number, hint: string): void {
  const value = body[name];
  if (typeof value !== 'string' || value.trim() === '' || value.length > maxLength)
    throw invalid(`"${name}" is not a text of 1 to ${maxLength} characters.`, hint);
}

/** Checks a member that may be left out. */
function requireObject(body: JsonObject, name: string): void {
  const value = body[name];
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`"${name}" is not a JSON object.`, `Send {"${name}":{…}} or leave it out.`);
}

function onlyMembers(body: JsonObject, names: readonly string[]): void {
  if (Object.keys(body).every((name) => names.includes(name))) return;
  throw invalid('The body has members that are not known here.', `There are: ${names.join(', ')}.`);
}

function invalid(detail: string, hint: string): Problem {
  return new Problem('invalid-body', { detail, hint });
}
