import type { DocumentedApi, DocumentedService } from '../documented-api.ts';
import type { OwnRoute } from '../own-routes.ts';
import { firstValue, LAST, recipeOf } from './recipes.ts';
import { requestItem, testEvent, type PostmanItem } from './request-item.ts';
import { parameterVariable, serviceVariable } from './service-variables.ts';
import { everyAnswerScript } from './test-script.ts';

const DESCRIPTION = `Set baseUrl and apiKey in an environment, or in the variables of this collection. Each folder runs from top to bottom: what one request answers with is used by the next. WorkflowGen does not list its processes: put the name of one into <service>_definitionId. What the paths of another API take is in variables of its name, such as <service>_productId. Mind that a run starts, changes and ends workflows for real.`;

/** The routes of this configuration as a Postman collection (format 2.1), a folder for each service. */
export function postmanCollection(api: DocumentedApi): Record<string, unknown> {
  return {
    info: {
      name: 'Flowgate',
      description: DESCRIPTION,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: authOf(api),
    variable: [
      { key: 'baseUrl', value: api.publicUrl },
      { key: credentialVariable(api), value: '' },
      ...api.services.flatMap(serviceVariables),
    ],
    event: [testEvent(everyAnswerScript)],
    item: [
      ...api.services.map((service) => folder(service, api)),
      { name: 'Flowgate', description: 'Beside the services', item: api.ownRoutes.map(ownRouteItem) },
    ],
  };
}

/** The variables that people fill in, as an environment of their own: one for each server. */
export function postmanEnvironment(api: DocumentedApi): Record<string, unknown> {
  return {
    name: `Flowgate at ${new URL(api.publicUrl).host}`,
    values: [
      { key: 'baseUrl', value: api.publicUrl, type: 'default', enabled: true },
      { key: credentialVariable(api), value: '', type: 'secret', enabled: true },
    ],
    _postman_variable_scope: 'environment',
  };
}

function authOf(api: DocumentedApi): PostmanItem {
  const value = `{{${credentialVariable(api)}}}`;
  if (!takesKeys(api)) return { type: 'bearer', bearer: [{ key: 'token', value, type: 'string' }] };
  return {
    type: 'apikey',
    apikey: [
      { key: 'key', value: 'x-api-key', type: 'string' },
      { key: 'value', value, type: 'string' },
      { key: 'in', value: 'header', type: 'string' },
    ],
  };
}

function credentialVariable(api: DocumentedApi): string {
  return takesKeys(api) ? 'apiKey' : 'token';
}

/** A key is the simpler of two; without callers at all it does no harm. */
function takesKeys({ takes }: DocumentedApi): boolean {
  return takes.apiKeys || !takes.jwts;
}

function folder(service: DocumentedService, api: DocumentedApi): PostmanItem {
  const rank = (id: string): number => LAST.indexOf(id);
  const sorted = [...service.operations].sort((one, other) => rank(one.operation.id) - rank(other.operation.id));
  return { name: service.name, item: sorted.map((documented) => requestItem(documented, service, api)) };
}

/** All variables that the requests of a service use. */
function serviceVariables(service: DocumentedService): PostmanItem[] {
  const names = new Set<string>();
  for (const { operation } of service.operations) {
    for (const [, param = ''] of operation.path.matchAll(/:(\w+)/g))
      names.add(parameterVariable(service.name, operation.path, param));
    for (const learnt of Object.keys(recipeOf(service, operation.id).learns ?? {}))
      names.add(serviceVariable(service.name, learnt));
  }
  return [...names].map((key) => ({ key, value: firstValue(key.slice(service.name.length + 1)) }));
}

function ownRouteItem({ path, summary, needs }: OwnRoute): PostmanItem {
  const segments = path.slice(1).split('/');
  return {
    name: `GET ${path}`,
    event: [testEvent(["pm.test('is answered with 200', () => {", '  pm.response.to.have.status(200);', '});'])],
    request: {
      method: 'GET',
      description: summary,
      ...(needs === 'nothing' ? { auth: { type: 'noauth' } } : {}),
      header: [],
      url: {
        raw: `{{baseUrl}}${path}`,
        host: ['{{baseUrl}}'],
        path: segments,
        variable: segments.includes(':code') ? [{ key: 'code', value: 'authority-missing' }] : [],
      },
    },
    response: [],
  };
}
