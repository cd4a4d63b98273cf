import type { Answer } from '../http/answer.ts';
import { attributesOf, instanceJson, instanceStatuses } from './instance.ts';
import type { Instance } from './instance.ts';
import {
  badParameter,
  expandsAttributes,
  given,
  givenList,
  listAnswer,
  matchesAttributes,
  matchesExactly,
  matchesText,
  matchesTime,
} from './list-query.ts';
import type { WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';

const defaultStatuses: readonly string[] = ['RUNNING', 'ERRONEOUS'];

/** The instances that the query asks for. Unknown parameters are ignored, as the service does. */
export function listInstances(call: WorkflowCall, engine: WorkflowEngine): Answer {
  const { query } = call;
  const statuses = wantedStatuses(query);
  const found = engine
    .instances()
    .filter((instance) => instance.definition.environmentId === call.environmentId)
    .filter((instance) => statuses.includes(instance.status) && matches(query, instance));
  const expand = expandsAttributes(query);
  return listAnswer(found, query, {
    orderFields: [
      'id',
      'definitionId',
      'definitionVersion',
      'startedAt',
      'completedAt',
      'startedBy',
      'subject',
      'businessKey',
    ],
    defaultOrder: 'startedAt desc',
    sortKeys: sortKeys,
    toJson: (instance) => instanceJson(instance, expand),
  });
}

function sortKeys(instance: Instance) {
  const { id, definitionVersion, startedAt, completedAt, startedBy, subject, businessKey } = instance;
  const definitionId = instance.definition.id;
  return { id, definitionId, definitionVersion, startedAt, completedAt, startedBy, subject, businessKey };
}

function matches(query: URLSearchParams, instance: Instance): boolean {
  const { id, startedBy, subject, businessKey } = instance;
  const definitionId = instance.definition.id;
  return (
    Object.entries({
      id,
      definitionId,
      definitionVersion: instance.definitionVersion,
      startedBy,
      subject,
      businessKey,
      // Every instance of the sandbox is its own root: none was started by another.
      rootInstanceId: id,
    }).every(([name, value]) => matchesExactly(query, name, value)) &&
    // … so none has a parent, and none belongs to a project.
    ['parentInstanceId', 'projectId', 'projectVersion'].every((name) => given(query, name) === undefined) &&
    matchesTime(query, 'started', instance.startedAt) &&
    matchesTime(query, 'completed', instance.completedAt) &&
    matchesText(query, [id, definitionId, subject, startedBy, businessKey]) &&
    matchesAttributes(query, attributesOf(instance))
  );
}

/** Any case; without the parameter only what still runs. */
function wantedStatuses(query: URLSearchParams): readonly string[] {
  const wanted = givenList(query, 'status').map((status) => status.toUpperCase());
  if (!wanted.every((status) => (instanceStatuses as readonly string[]).includes(status))) {
    throw badParameter('status');
  }
  return wanted.length === 0 ? defaultStatuses : wanted;
}
