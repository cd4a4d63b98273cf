import { callerProblems } from './problems/caller-problems.ts';
import { flowProblems } from './problems/flow-problems.ts';
import { graphqlProblems } from './problems/graphql-problems.ts';
import type { ProblemRequest, SandboxProblem } from './problems/sandbox-problem.ts';
import { setUpProblems } from './problems/set-up-problems.ts';
import { tokenProblems } from './problems/token-problems.ts';
import { workflowProblems } from './problems/workflow-problems.ts';

/** What can be made to go wrong on demand: `npm run sandbox -- --problem <name>`. */
export const sandboxProblems = {
  ...setUpProblems,
  ...tokenProblems,
  ...workflowProblems,
  ...flowProblems,
  ...graphqlProblems,
  ...callerProblems,
};

export type SandboxProblemName = keyof typeof sandboxProblems;

/** @throws Error in words for people when there is no problem of that name */
export function findProblem(name: string): SandboxProblem {
  if (!isProblemName(name)) throw new Error(`There is no problem "${name}". \`--problem list\` shows them all.`);
  return sandboxProblems[name];
}

function isProblemName(name: string): name is SandboxProblemName {
  return Object.hasOwn(sandboxProblems, name);
}

/** All names, with what people see and what Flowgate answers. */
export function problemList(): string {
  const lines = Object.entries(sandboxProblems).map(
    ([name, problem]) => `  ${name.padEnd(36)}${problem.symptom}\n  ${''.padEnd(36)}-> ${expectation(problem)}`,
  );
  return `npm run sandbox -- --problem <name>\n\n${lines.join('\n')}\n`;
}

/** What Flowgate makes of it, in words. */
export function expectation(problem: SandboxProblem): string {
  if (problem.kind === 'settings') return `Flowgate does not start (status 78) and names ${problem.expect.setting}`;
  const { status, code } = problem.expect;
  return code === undefined ? `${status}: nothing to be seen of it` : `${status} ${code}`;
}

/** The headers of a request to Flowgate. */
export function headersOf({ body, headers = {} }: ProblemRequest, apiKey: string): Record<string, string> {
  const usual = { 'x-api-key': apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const all = Object.entries({ ...usual, ...headers });
  return Object.fromEntries(all.filter((header): header is [string, string] => header[1] !== undefined));
}

/** What curl is called with to send it. */
export function curlArguments(url: string, request: ProblemRequest, apiKey: string): string[] {
  const { method = 'GET', path, body } = request;
  const headers = Object.entries(headersOf(request, apiKey)).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [
    '-sS',
    '-i',
    '-w',
    String.raw`\n`,
    ...(method === 'GET' ? [] : ['-X', method]),
    ...headers,
    ...(body === undefined ? [] : ['-d', body]),
    `${url}${path}`,
  ];
}
