import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkGrants } from '../../src/callers/check-grants.ts';
import { canReach, parsePattern } from '../../src/callers/grant-pattern.ts';
import { Grants } from '../../src/callers/grants.ts';
import { ConfigurationError } from '../../src/config/configuration-error.ts';
import type { Offer, Operation } from '../../src/services/operation.ts';

function allows(allow: readonly string[] | undefined, method: string, path: string): boolean {
  return new Grants(allow).allows(method, path.slice(1).split('/'));
}

describe('a grant', () => {
  it.each([
    ['GET /api/workflow/definitions', 'GET', '/api/workflow/definitions', true],
    ['GET /api/workflow/definitions', 'POST', '/api/workflow/definitions', false],
    ['GET /api/workflow/definitions', 'GET', '/api/workflow/definitions/x', false],
    ['GET /api/workflow/definitions', 'GET', '/api/workflow/Definitions', false],
    ['* /api/workflow/definitions', 'DELETE', '/api/workflow/definitions', true],
    ['GET /api/*/definitions', 'GET', '/api/workflow/definitions', true],
    ['GET /api/*/definitions', 'GET', '/api/a/b/definitions', false],
    ['GET /api/workflow/**', 'GET', '/api/workflow/a', true],
    ['GET /api/workflow/**', 'GET', '/api/workflow/a/b/c', true],
    ['GET /api/workflow/**', 'GET', '/api/workflow', false],
    ['GET /api/workflow/**', 'GET', '/api/workflows/a', false],
    ['GET /api/w.rkflow/**', 'GET', '/api/workflow/a', false],
    ['* /**', 'GET', '/api/workflow/a', true],
    ['* /**', 'GET', '/metrics', false],
    ['GET /*', 'GET', '/metrics', false],
    ['GET /metrics', 'GET', '/metrics', true],
    ['* /status', 'GET', '/status', true],
  ])('%s: %s %s is %s', (pattern, method, path, expected) => {
    expect(allows([pattern], method, path)).toBe(expected);
  });

  it('of nobody allows nothing', () => {
    expect(allows([], 'GET', '/api/workflow/definitions')).toBe(false);
  });

  it('of every /api route is not one of /metrics and /status', () => {
    expect(allows(undefined, 'GET', '/api/workflow/definitions')).toBe(true);
    expect(allows(undefined, 'GET', '/metrics')).toBe(false);
    expect(allows(undefined, 'GET', '/status')).toBe(false);
  });
});

const SEGMENTS = ['api', 'workflow', 'a', 'b', 'c'];
const segment = fc.constantFrom(...SEGMENTS);

/** A pattern, a route and a path of that route, with some of its parameters the same as literals of the pattern. */
const patternText = fc
  .tuple(
    fc.constantFrom('*', 'GET', 'POST'),
    fc.array(fc.oneof(segment, fc.constant('*')), { minLength: 1, maxLength: 5 }),
    fc.boolean(),
  )
  .map(([method, segments, isPrefix]) => `${method} /${[...segments, ...(isPrefix ? ['**'] : [])].join('/')}`);

const route = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  template: fc
    .tuple(fc.array(fc.oneof(segment, fc.constantFrom(':id', ':x')), { minLength: 1, maxLength: 5 }), fc.boolean())
    .map(([segments, endsOpen]) => `/${['api', ...segments, ...(endsOpen ? ['**'] : [])].join('/')}`),
});

const filled = fc
  .tuple(route, fc.array(segment, { minLength: 12, maxLength: 12 }), fc.integer({ min: 1, max: 3 }))
  .map(([{ method, template }, values, restLength]) => {
    const path = template
      .slice(1)
      .split('/')
      .flatMap((part, at) => {
        if (part === '**') return values.slice(6, 6 + restLength);
        return part.startsWith(':') ? [values[at] ?? 'a'] : [part];
      });
    return { method, template, path };
  });

describe('what is decided before the first request', () => {
  it('is what is decided on the path of each request', () => {
    fc.assert(
      fc.property(fc.array(patternText, { maxLength: 3 }), filled, (allow, { method, template, path }) => {
        const grants = new Grants(allow);
        expect(grants.allowsRoute(method, template, () => path)).toBe(grants.allows(method, path));
      }),
      { numRuns: 3000 },
    );
  });

  it('never rules out a route of which some path is granted', () => {
    fc.assert(
      fc.property(patternText, filled, (pattern, { method, template, path }) => {
        const grants = new Grants([pattern]);
        if (grants.allows(method, path)) expect(grants.reaches(method, template)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('finds a path for each route that it does not rule out', () => {
    fc.assert(
      fc.property(patternText, route, (text, { method, template }) => {
        const pattern = parsePattern(text);
        const segments = template.slice(1).split('/');
        fc.pre(canReach(pattern, method, segments));
        // Each parameter takes what the pattern wants there; an open end takes as much as the pattern needs.
        const needed = Math.max(segments.length, pattern.segments.length + (pattern.isPrefix ? 1 : 0));
        const path = Array.from({ length: needed }, (_, at) => {
          const own = segments[at];
          if (own !== undefined && own !== '**' && !own.startsWith(':')) return own;
          const wanted = pattern.segments[at];
          return wanted === undefined || wanted === '*' ? 'any' : wanted;
        });
        expect(new Grants([text]).allows(method, path)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('does not take a pattern for the parameter whose name it has', () => {
    const grants = new Grants(['GET /api/x/:id']);
    expect(grants.allowsRoute('GET', '/api/x/:id', () => ['api', 'x', 'anything'])).toBe(false);
  });
});

function offer(...routes: readonly string[]): Offer {
  const operations = routes.map((text) => {
    const [method, path] = text.split(' ');
    return { method, path } as Operation;
  });
  return { service: 'workflow', operations, refusalRules: [] };
}

const offers = [
  offer(
    'GET /definitions',
    'GET /definitions/:id',
    'POST /definitions/:id/instances',
    'GET /instances/:id',
    'POST /flows/x/**',
  ),
];

function problems(...allow: readonly string[]): readonly { setting: string; cure: string }[] {
  try {
    checkGrants([{ name: 'hr', apiKeyDigests: [], allow }], offers);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

describe('checking grants against the routes', () => {
  it.each([
    'GET /api/workflow/definitions',
    '* /api/workflow/**',
    '* /**',
    'POST /api/workflow/definitions/onboarding/instances',
    'POST /api/*/*/*/instances',
    'POST /api/workflow/flows/x/a/b/c',
    'POST /api/workflow/flows/x/**',
    'GET /metrics',
    'GET /status',
    '* /status',
  ])('takes %s', (pattern) => {
    expect(problems(pattern)).toEqual([]);
  });

  it.each([
    ['GET /api/workflow/definition', 'GET /api/workflow/definitions'],
    ['POST /api/workflow/definitions/onboarding/instance', 'POST /api/workflow/definitions/*/instances'],
    ['POST /api/workflow/instances/1', 'GET /api/workflow/instances/*'],
    ['GET /api/workflows/definitions', 'GET /api/workflow/definitions'],
    ['HEAD /api/workflow/definitions', 'GET /api/workflow/definitions'],
    ['POST /api/workflow/flows/x', 'POST /api/workflow/flows/x/**'],
    ['GET /metric', 'GET /metrics'],
    ['POST /metrics', 'GET /metrics'],
    ['GET /metrics/**', 'GET /metrics'],
    ['DELETE /api/workflow/instances/**', 'GET /api/workflow/instances/*'],
  ])('refuses %s and offers %s', (pattern, nearest) => {
    expect(problems(pattern)).toMatchObject([{ setting: 'callers.hr.allow[0]' }]);
    expect(problems(pattern)[0]?.cure).toContain(`"${nearest}"`);
  });

  it('tells of all of them at once, without their text', () => {
    const found = problems('GET /nowhere-1', 'GET /metrics', 'GET /nowhere-2');
    expect(found.map(({ setting }) => setting)).toEqual(['callers.hr.allow[0]', 'callers.hr.allow[2]']);
    expect(JSON.stringify(found)).not.toContain('nowhere');
  });

  it('has nothing to say of callers that may call every route', () => {
    expect(() => checkGrants([{ name: 'all', apiKeyDigests: [], allow: undefined }], offers)).not.toThrow();
  });
});
