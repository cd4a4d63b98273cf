import type { Exchange } from '../http/exchange.ts';
import { rawItems, rawMember, rawMembers } from '../workflow/raw-json.ts';
import { OperationFailure, RequestFailure } from './api-answers.ts';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The parameters of a call, by name in any case; what stands in a JSON body goes over what stands in the URL. */
export class ApiParameters {
  /** Lower-case names, and values as JSON text. */
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** The value as it was written; `undefined` for null, too. */
  raw(name: string): string | undefined {
    const value = this.#values.get(name.toLowerCase());
    return value === 'null' ? undefined : value;
  }

  /** The value as text; an empty one counts as not given. */
  text(name: string): string | undefined {
    const raw = this.raw(name);
    const value: unknown = raw === undefined ? undefined : JSON.parse(raw);
    if (value === undefined || value === '') {
      return undefined;
    }
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  /** @throws OperationFailure when it is not given */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) {
      throw new OperationFailure(`Parameter '${name.toLowerCase()}' is required!`);
    }
    return value;
  }

  /** @throws OperationFailure when there is no GUID */
  processId(): string {
    const id = this.text('processId');
    if (id === undefined || !guid.test(id)) {
      throw new OperationFailure("Parameter 'processid' is required and must be GUID!");
    }
    return id;
  }

  /** The parameters of the process: names, and values as they were written. */
  processParameters(): ReadonlyMap<string, string> {
    const items = rawItems(this.raw('parameters') ?? '[]');
    return new Map(
      items.map((item) => [JSON.parse(rawMember(item, 'name') ?? '""') as string, rawMember(item, 'value') ?? 'null']),
    );
  }
}

/** @param id what follows the operation in the path */
export async function readParameters(exchange: Exchange, id: string | undefined): Promise<ApiParameters> {
  const values = new Map<string, string>();
  const add = (name: string, json: string): unknown => values.set(name.toLowerCase(), json);
  for (const [name, value] of exchange.query) {
    add(name, JSON.stringify(value));
  }
  if (id !== undefined) {
    add('processId', JSON.stringify(decodeURIComponent(id)));
  }
  for (const [name, json] of exchange.method === 'POST' ? await bodyMembers(exchange) : []) {
    add(name, json);
  }
  return new ApiParameters(values);
}

async function bodyMembers(exchange: Exchange): Promise<[name: string, json: string][]> {
  const body = (await exchange.body()).toString('utf8');
  const type = exchange.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') {
    return [...new URLSearchParams(body)].map(([name, value]) => [name, JSON.stringify(value)]);
  }
  if (type !== 'application/json') {
    throw new RequestFailure(`Content type ${type ?? ''} is not supported`);
  }
  return jsonMembers(body);
}

function jsonMembers(body: string): [name: string, json: string][] {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return rawMembers(body).map(({ key, value }) => [key, value]);
    }
  } catch {
    // Told below.
  }
  throw new OperationFailure('Invalid request body type');
}
