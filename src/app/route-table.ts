import type { Method, Operation } from '../services/operation.ts';

/** One route: an operation of a service, found by its path. */
interface Route<Service> {
  readonly service: Service;
  readonly operation: Operation;
  /** `/api/workflow/definitions/:id`: names the route in logs and documents. */
  readonly template: string;
}

/** The route of a path and method, and the parameters of its path, still encoded. */
export interface FoundRoute<Service> {
  readonly route: Route<Service>;
  readonly params: Readonly<Record<string, string>>;
  /** The segments that a final `**` stands for. */
  readonly rest: readonly string[] | undefined;
}

interface Node<Service> {
  readonly literals: Map<string, Node<Service>>;
  param: Node<Service> | undefined;
  leaf: Leaf<Service> | undefined;
  rest: Leaf<Service> | undefined;
}

interface Leaf<Service> {
  readonly routes: Map<Method, Route<Service>>;
  /** Names of the parameters, per method: two templates of one shape may name them differently. */
  readonly names: Map<Method, readonly string[]>;
}

/**
 * The routes below `/api`, as a tree of path segments: finding one costs the same with one service and with two hundred.
 * Literal segments are compared as they were sent, with case; a parameter takes any one segment that is not empty.
 */
export class RouteTable<Service> {
  readonly #root: Node<Service> = emptyNode();

  /** @param path the whole template, such as `/api/workflow/definitions/:id` */
  add(path: string, service: Service, operation: Operation): void {
    const names: string[] = [];
    let node = this.#root;
    const segments = path.slice(1).split('/');
    const isRest = segments.at(-1) === '**';
    for (const segment of isRest ? segments.slice(0, -1) : segments) {
      if (segment.startsWith(':')) names.push(segment.slice(1));
      node = segment.startsWith(':') ? (node.param ??= emptyNode()) : literalChild(node, segment);
    }
    const leaf = isRest ? (node.rest ??= emptyLeaf()) : (node.leaf ??= emptyLeaf());
    leaf.routes.set(operation.method, { service, operation, template: path });
    leaf.names.set(operation.method, names);
  }

  /**
   * Finds the route of a path and method. Literals go before parameters, parameters before the rest.
   *
   * @returns the methods that the path takes where it does not take this one; `undefined` where there is no such path
   */
  find(segments: readonly string[], method: Method): FoundRoute<Service> | readonly Method[] | undefined {
    const leaves: Candidate<Service>[] = [];
    collect(this.#root, segments, 0, [], leaves);
    if (leaves.length === 0) return undefined;
    for (const { leaf, values, rest } of leaves) {
      const route = leaf.routes.get(method);
      if (route) return { route, params: named(leaf.names.get(method) ?? [], values), rest };
    }
    return [...new Set(leaves.flatMap(({ leaf }) => [...leaf.routes.keys()]))];
  }
}

interface Candidate<Service> {
  readonly leaf: Leaf<Service>;
  readonly values: readonly string[];
  readonly rest: readonly string[] | undefined;
}

function collect<Service>(
  node: Node<Service>,
  segments: readonly string[],
  at: number,
  values: readonly string[],
  found: Candidate<Service>[],
): void {
  const segment = segments[at];
  if (segment === undefined) {
    if (node.leaf) found.push({ leaf: node.leaf, values, rest: undefined });
    return;
  }
  const literal = node.literals.get(segment);
  if (literal) collect(literal, segments, at + 1, values, found);
  if (node.param && segment !== '') collect(node.param, segments, at + 1, [...values, segment], found);
  if (node.rest) found.push({ leaf: node.rest, values, rest: segments.slice(at) });
}

function literalChild<Service>(node: Node<Service>, segment: string): Node<Service> {
  const known = node.literals.get(segment);
  if (known) return known;
  const child = emptyNode<Service>();
  node.literals.set(segment, child);
  return child;
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}

function emptyNode<Service>(): Node<Service> {
  return { literals: new Map(), param: undefined, leaf: undefined, rest: undefined };
}

function emptyLeaf<Service>(): Leaf<Service> {
  return { routes: new Map(), names: new Map() };
}
