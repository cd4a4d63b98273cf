import { Problem } from '../problems/problem.ts';
import { identifier } from '../services/identifier.ts';
import { anySegment } from '../services/path-segment.ts';
import { decodeSegment } from './request-target.ts';
import type { FoundRoute } from './route-table.ts';

/**
 * The parameters of a matched path, decoded once and checked against what they may be.
 *
 * @returns the parameters by name, and the segments of a final `**` under `rest`, encoded again
 * @throws {Problem} `invalid-parameter`
 */
export function operationParams({ route, params, rest }: FoundRoute<unknown>): Record<string, string> {
  const checked = Object.entries(params).map(([name, encoded]): [string, string] => {
    const value = decodeSegment(encoded);
    const { pattern, takes } = route.operation.paramPatterns?.[name] ?? identifier;
    if (!pattern.test(value)) throw invalidParam(name, takes);
    return [name, value];
  });
  if (rest !== undefined) checked.push(['rest', rest.map(encodedAgain).join('/')]);
  return Object.fromEntries(checked);
}

/** The path of the matched route with its parameters decoded: what grants are decided on. */
export function routeSegments({ route, params, rest }: FoundRoute<unknown>): string[] {
  const segments = route.template.slice(1).split('/');
  return segments.flatMap((segment) => {
    if (segment === '**') return (rest ?? []).map(decodeSegment);
    return segment.startsWith(':') ? [decodeSegment(params[segment.slice(1)] ?? '')] : [segment];
  });
}

function encodedAgain(encoded: string): string {
  const segment = decodeSegment(encoded);
  if (!anySegment.pattern.test(segment))
    throw new Problem('invalid-parameter', {
      detail: 'The path below the flow holds an empty, dotted or unusable segment.',
      hint: 'Each segment has 1 to 255 characters, none of them a slash, a backslash, a percent sign or a control character.',
    });
  return encodeURIComponent(segment);
}

function invalidParam(name: string, takes: string): Problem {
  return new Problem('invalid-parameter', {
    detail: `The path parameter "${name}" is not valid.`,
    hint: `It takes ${takes}.`,
  });
}
