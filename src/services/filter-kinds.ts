import type { Filter } from './query.ts';

/** Kinds of filters that lists of several engines have. */

/** JSON Schema of a moment, for documents. */
export const instantSchema = { type: 'string', examples: ['2026-01-31T08:00:00.000Z'] } as const;

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

export function text(description: string): Filter {
  return { description, repeatable: false, toUpstream: (value) => value };
}

export function texts(names: readonly string[], description: (name: string) => string): [string, Filter][] {
  return names.map((name) => [name, text(description(name))]);
}

/** Text of one form. @param takes says the form, to finish "It takes …" */
export function textOf(pattern: RegExp, takes: string, description: string): Filter {
  return {
    description,
    repeatable: false,
    toUpstream(value) {
      if (!pattern.test(value)) throw new RangeError(`It takes ${takes}.`);
      return value;
    },
  };
}

export function wholeNumber(max: number, description: string): Filter {
  return {
    description,
    repeatable: false,
    schema: { type: 'integer', minimum: 0, maximum: max },
    toUpstream(value) {
      if (!/^\d{1,9}$/.test(value) || Number(value) > max)
        throw new RangeError(`It takes a whole number from 0 to ${max}.`);
      return value;
    },
  };
}

/**
 * A moment in ISO 8601, in the form with milliseconds and in UTC.
 *
 * @throws {RangeError} for anything else
 */
export function isoInstant(value: string): string {
  const instant = ISO_TIME.test(value) ? new Date(value) : undefined;
  if (instant === undefined || Number.isNaN(instant.getTime()))
    throw new RangeError('It takes a time such as 2026-01-31T08:00:00.000Z.');
  return instant.toISOString();
}
