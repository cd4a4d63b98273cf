import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import { newestVersion } from './definition.ts';
import type { Definition, DefinitionVersion } from './definition.ts';
import { listAnswer } from './list-query.ts';
import type { WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';
import { technicalError } from './workflow-error.ts';
import type { WorkflowRoute } from './workflow-route.ts';

const list = 'WORKFLOW_DEFINITION_GET';
const sample = 'WORKFLOW_DEFINITION_GET_SAMPLE_CONTEXT';

export const definitionRoutes: readonly WorkflowRoute[] = [
  { method: 'GET', path: '/workflow-definitions', authority: list, handle: listDefinitions },
  {
    method: 'GET',
    path: '/workflow-definitions/:id',
    authority: list,
    handle: (call, engine) => {
      const definition = definitionOf(call, engine);
      return jsonAnswer(200, definitionJson(definition, newestVersion(definition)));
    },
  },
  {
    method: 'GET',
    path: '/workflow-definitions/:id/versions',
    authority: list,
    handle: (call, engine) => {
      const definition = definitionOf(call, engine);
      const versions = definition.versions.map(({ version }) => definitionJson(definition, version));
      return jsonAnswer(200, versions);
    },
  },
  {
    method: 'GET',
    path: '/workflow-definitions/:id/versions/:version',
    authority: list,
    handle: (call, engine) => {
      const definition = definitionOf(call, engine);
      return jsonAnswer(200, definitionJson(definition, versionOf(call, definition).version));
    },
  },
  {
    method: 'GET',
    path: '/workflow-definitions/:id/sample-contexts/default-start-context',
    authority: sample,
    handle: (call, engine) => sampleContext(definitionOf(call, engine)),
  },
  {
    method: 'GET',
    path: '/workflow-definitions/:id/versions/:version/sample-contexts/default-start-context',
    authority: sample,
    handle: (call, engine) => {
      const definition = definitionOf(call, engine);
      versionOf(call, definition);
      return sampleContext(definition);
    },
  },
];

/** The deployed definition with this id, where the request's environment has it. @throws WorkflowError 404 */
export function findDefinition(id: unknown, call: WorkflowCall, engine: WorkflowEngine): Definition {
  const definition = visibleDefinitions(call, engine).find((candidate) => candidate.id === id);
  if (definition === undefined) {
    throw definitionNotFound(id);
  }
  return definition;
}

function definitionOf(call: WorkflowCall, engine: WorkflowEngine): Definition {
  return findDefinition(call.params['id'], call, engine);
}

function versionOf(call: WorkflowCall, definition: Definition): DefinitionVersion {
  const version = definition.versions.find((candidate) => candidate.version === call.params['version']);
  if (version === undefined) {
    throw definitionNotFound(definition.id);
  }
  return version;
}

function visibleDefinitions(call: WorkflowCall, engine: WorkflowEngine): readonly Definition[] {
  return engine.definitions.filter(({ environmentId }) => environmentId === call.environmentId);
}

function listDefinitions(call: WorkflowCall, engine: WorkflowEngine): Answer {
  return listAnswer(visibleDefinitions(call, engine), call.query, {
    orderFields: ['name', 'createdAt', 'id', 'version', 'createdBy'],
    defaultOrder: 'name asc',
    sortKeys: (definition) => {
      const { id, name, version, createdAt, createdBy } = definitionJson(definition, newestVersion(definition));
      return { id, name, version, createdAt, createdBy };
    },
    toJson: (definition) => definitionJson(definition, newestVersion(definition)),
  });
}

function definitionJson(definition: Definition, version: string) {
  const createdAt = definition.versions.find((candidate) => candidate.version === version)?.createdAt ?? '';
  return {
    id: definition.id,
    version,
    name: definition.name,
    createdBy: 'sb-clone-deployer!b12345|workflow!b10150',
    createdAt,
    jobs: [],
    applicationScope: 'own',
  };
}

function sampleContext(definition: Definition): Answer {
  return jsonAnswer(200, {
    id: 'default-start-context',
    content: definition.sampleContext,
    modelElementId: 'startevent1',
  });
}

function definitionNotFound(id: unknown): Error {
  const name = typeof id === 'string' ? `'${id}'` : 'null';
  return technicalError(404, `The workflow definition with ID ${name} could not be found.`, {
    code: 'definition.not.found',
  });
}
