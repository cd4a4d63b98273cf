import type { Config } from '../../src/config/config.ts';
import { documentedApi } from '../../src/pages/documented-api.ts';
import { statusesOf } from '../../src/pages/openapi/problem-responses.ts';
import { operationProblems } from '../../src/pages/operation-problems.ts';
import type { ProblemCode } from '../../src/problems/problem-table.ts';

/** Looks at every problem that tests meet: the API description must have announced it, for that route and status. */
export class DocumentedProblems {
  /** Codes by method and route. */
  readonly #announced = new Map<string, readonly ProblemCode[]>();
  #surprises: string[] = [];

  announce(config: Config): void {
    const api = documentedApi(config);
    for (const { kind, operations } of api.services)
      for (const { operation, template } of operations)
        this.#announced.set(`${operation.method} ${template}`, operationProblems(operation, kind, api));
  }

  /** @param line of the log */
  look({ method, route, code, status }: Readonly<Record<string, unknown>>): void {
    const name = `${method === 'HEAD' ? 'GET' : String(method)} ${String(route)}`;
    const codes = this.#announced.get(name);
    if (codes === undefined || code === undefined) return;
    const announced = codes.find((candidate) => candidate === code);
    if (announced === undefined || !statusesOf(announced).includes(Number(status)))
      this.#surprises.push(`${name} answered ${Number(status)} ${JSON.stringify(code)}`);
  }

  /** What was not announced, since the last time. */
  takeSurprises(): string[] {
    const taken = [...new Set(this.#surprises)];
    this.#surprises = [];
    return taken;
  }
}
