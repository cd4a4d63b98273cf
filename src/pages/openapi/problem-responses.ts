import { STATUS_CODES } from 'node:http';
import { problemTable, retryAfterCodes, type ProblemCode } from '../../problems/problem-table.ts';
import { problemTexts } from '../../problems/problem-texts.ts';
import type { JsonSchema } from '../shapes/shape.ts';

/** A Response Object (OpenAPI 3.1, section 4.8.17). */
export type ResponseObject = Readonly<Record<string, unknown>>;

/** Codes that come with more statuses than that of the problem table. */
const STATUSES: Partial<Record<ProblemCode, readonly number[]>> = {
  // The checks before a route is looked for: whatever the path is, it can be refused so.
  'invalid-request': [400, 414, 417, 431, 501, 505],
  'outcome-unknown': [502, 504],
  'upstream-invalid-request': [400, 413, 415],
};

const FIRST_LETTER = 'a'.codePointAt(0) ?? 0;

/** The statuses with which a problem may come. */
export function statusesOf(code: ProblemCode): readonly number[] {
  return STATUSES[code] ?? [problemTable[code].status];
}

/**
 * The answers to what goes wrong, each once: most operations share them. They become components with names such as
 * `Problem502` and, for another choice of codes, `Problem502b`.
 */
export class ProblemResponses {
  readonly #byName = new Map<string, ResponseObject>();
  /** By status and codes. */
  readonly #names = new Map<string, string>();

  /** References for the answers of one operation, by status. */
  refs(codes: readonly ProblemCode[]): Record<string, ResponseObject> {
    const byStatus = new Map<number, ProblemCode[]>();
    for (const code of codes)
      for (const status of statusesOf(code)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    const sorted = [...byStatus].sort(([one], [other]) => one - other);
    return Object.fromEntries(
      sorted.map(([status, ofStatus]) => [
        String(status),
        { $ref: `#/components/responses/${this.#nameOf(status, ofStatus)}` },
      ]),
    );
  }

  /** All that was referred to, by name. */
  components(): Record<string, ResponseObject> {
    return Object.fromEntries(this.#byName);
  }

  #nameOf(status: number, codes: readonly ProblemCode[]): string {
    const key = `${status} ${codes.join(' ')}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const number = [...this.#names.keys()].filter((other) => other.startsWith(`${status} `)).length;
    const name = `Problem${status}${number === 0 ? '' : String.fromCodePoint(FIRST_LETTER + number)}`;
    this.#names.set(key, name);
    this.#byName.set(name, problemResponse(status, codes));
    return name;
  }
}

function problemResponse(status: number, codes: readonly ProblemCode[]): ResponseObject {
  const mayWait = codes.some((code) => retryAfterCodes.has(code));
  return {
    description: codes.map((code) => `\`${code}\`: ${titleOf(code, status)}`).join('. '),
    headers: {
      'x-correlation-id': { $ref: '#/components/headers/CorrelationId' },
      ...(mayWait ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } : {}),
    },
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties: { code: { enum: codes } } }],
        },
        examples: Object.fromEntries(
          codes.map((code) => [code, { $ref: `#/components/examples/${exampleName(code, status)}` }]),
        ),
      },
    },
  };
}

/** A title says the same of every occurrence; where a code has several statuses, the reason phrase tells them apart. */
function titleOf(code: ProblemCode, status: number): string {
  const { title } = problemTable[code];
  return status === problemTable[code].status ? title : `${title} (${STATUS_CODES[status]})`;
}

function exampleName(code: ProblemCode, status: number): string {
  return status === problemTable[code].status ? code : `${code}-${status}`;
}

/** One example of every problem, and of each further status that it has. */
export function problemExamples(): Record<string, unknown> {
  return Object.fromEntries(
    (Object.keys(problemTable) as ProblemCode[]).flatMap((code) =>
      statusesOf(code).map((status) => [
        exampleName(code, status),
        { summary: titleOf(code, status), value: problemExample(code, status) },
      ]),
    ),
  );
}

/** What a problem looks like on the wire. */
export function problemExample(code: ProblemCode, status: number = problemTable[code].status): Record<string, unknown> {
  const { title, source, retryable } = problemTable[code];
  const { meaning, checks } = problemTexts[code];
  return {
    type: `/problems/${code}`,
    title,
    status,
    code,
    source,
    retryable,
    detail: meaning,
    hint: checks[0],
    correlationId: '5f0c7a52-2f63-4f0a-9d3e-8f6a1c0b7d11',
  };
}

/** RFC 9457, with the members that Flowgate adds. */
export const problemSchema: JsonSchema = {
  type: 'object',
  description: 'Why there is no better answer (RFC 9457). Clients branch on `code` and `retryable`.',
  required: ['type', 'title', 'status', 'code', 'source', 'retryable', 'detail', 'hint', 'correlationId'],
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'a page that says what it means' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    source: { type: 'string', enum: ['caller', 'flowgate', 'token', 'upstream'] },
    service: { type: 'string' },
    retryable: { type: 'boolean', description: 'whether the same request may succeed when it is sent again' },
    detail: { type: 'string', description: 'what went wrong this time' },
    hint: { type: 'string', description: 'what to do about it' },
    correlationId: { type: 'string' },
    upstream: {
      type: 'object',
      description: 'what may be told of the answer of the service',
      properties: {
        status: { type: 'integer' },
        requestId: { type: 'string' },
        messageProcessingLogId: { type: 'string' },
        error: { description: "the service's own error, where it may be shown" },
      },
    },
  },
};
