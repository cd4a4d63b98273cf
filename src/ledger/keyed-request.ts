import { createHash } from 'node:crypto';

/** A request with an `Idempotency-Key`, as far as it matters whether another one is the same. */
export interface KeyedRequest {
  readonly key: string;
  readonly caller: string;
  /** Who acts upstream, where the service wants to know it: one caller may stand for many people. */
  readonly identity: string | undefined;
  readonly service: string;
  readonly method: string;
  /** Of the route, such as `/api/workflow/definitions/:id/instances`. */
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly contentType: string | undefined;
  readonly body: Buffer | undefined;
}

/** What a key belongs to: the same text from somebody else, or on another route, is another key. SHA-256, hex. */
export function scopeOf({ caller, identity, method, template, service, key }: KeyedRequest): string {
  return sha256(JSON.stringify([caller, identity ?? null, method, template, service, key])).digest('hex');
}

/** Equal for the same request. SHA-256, hex. */
export function fingerprintOf({ contentType, params, query, body }: KeyedRequest): string {
  const sortedParams = Object.entries(params).sort(([one], [other]) => (one < other ? -1 : 1));
  const hash = sha256(`${JSON.stringify([contentType ?? null, sortedParams, query])}\n`);
  if (body !== undefined) hash.update(body);
  return hash.digest('hex');
}

function sha256(text: string) {
  return createHash('sha256').update(text);
}
