import type { ProblemCode } from '../../problems/problem-table.ts';
import type { Operation } from '../../services/operation.ts';
import { statusesOf } from '../openapi/problem-responses.ts';
import type { Recipe } from './recipes.ts';
import { serviceVariable } from './service-variables.ts';

/** Problems that say nothing against the request: the state of the instance is another by now. */
const STATE_PROBLEMS: readonly ProblemCode[] = ['upstream-conflict', 'message-not-consumed'];

/** Lines of a script that Postman runs after an answer. */
export type Script = readonly string[];

/** For every request of the collection. */
export const everyAnswerScript: Script = [
  "pm.test('carries a correlation id', () => {",
  "  pm.expect(pm.response.headers.get('x-correlation-id')).to.be.a('string');",
  '});',
  "if (pm.response.headers.get('content-type') === 'application/problem+json') {",
  '  const { title, detail, hint } = pm.response.json();',
  "  console.log([title, detail, hint].join(' | '));",
  '}',
];

/** For one request: whether it was answered as documented, and what it teaches. */
export function operationScript(
  service: string,
  operation: Operation,
  codes: readonly ProblemCode[],
  { learns = {}, keeps = false }: Recipe,
): Script {
  return [...statusTest(operation, codes), ...Object.entries(learns).flatMap(learning)];

  function learning([name, expression]: [string, string]): string[] {
    const variable = serviceVariable(service, name);
    const condition = `pm.response.code === ${operation.status}${keeps ? ` && !pm.variables.get('${variable}')` : ''}`;
    return [
      `if (${condition}) {`,
      '  const answer = pm.response.json();',
      `  const value = ${expression};`,
      `  if (value !== undefined) pm.collectionVariables.set('${variable}', value);`,
      '}',
    ];
  }
}

function statusTest(operation: Operation, codes: readonly ProblemCode[]): string[] {
  // Flows and other APIs answer with any status they like; a refusal of Flowgate's own is not their answer.
  if (operation.kind === 'forward' && operation.query.kind === 'pass')
    return [
      "pm.test('is answered by the service', () => {",
      '  pm.expect(pm.response.code).to.be.below(500);',
      `  pm.expect(pm.response.text()).to.not.include('"type":"/problems/');`,
      '});',
    ];
  const byState = STATE_PROBLEMS.filter((code) => codes.includes(code)).flatMap(statusesOf);
  const statuses = [operation.status, ...byState];
  return [
    `pm.test('is answered with ${statuses.join(' or ')}', () => {`,
    `  pm.expect(pm.response.code).to.be.oneOf(${JSON.stringify(statuses)});`,
    '});',
  ];
}
