import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { Problem } from '../../src/problems/problem.ts';
import type { AccessToken } from '../../src/tokens/access-token.ts';
import { TokenCache } from '../../src/tokens/token-cache.ts';
import { TokenFailure } from '../../src/tokens/token-failure.ts';
import { TokenSource } from '../../src/tokens/token-source.ts';
import { TokenSources } from '../../src/tokens/token-sources.ts';
import { accessToken, FakeClock, tokenClient } from '../support/token-fixtures.ts';

/** What may happen, in any order and at any speed of the authorization server. */
type Step =
  | { readonly kind: 'get' }
  | { readonly kind: 'refuse'; readonly status: 401 | 403; readonly which: number }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'set-wall'; readonly seconds: number }
  | { readonly kind: 'land' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.constant<Step>({ kind: 'get' }), weight: 5 },
  fc.record({
    kind: fc.constant('refuse' as const),
    status: fc.constantFrom(401 as const, 403 as const),
    which: fc.nat(20),
  }),
  fc.record({ kind: fc.constant('advance' as const), seconds: fc.double({ min: 0, max: 120, noNaN: true }) }),
  fc.record({ kind: fc.constant('set-wall' as const), seconds: fc.integer({ min: -100_000, max: 100_000 }) }),
  { arbitrary: fc.constant<Step>({ kind: 'land' }), weight: 3 },
);

/** What the authorization server does with one request: a life in seconds, or a failure. */
const outcome = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 100 }), weight: 4 },
  fc.constantFrom('down' as const, 'refused' as const, 'reset' as const),
);

const problems = {
  down: new Problem('token-unavailable', {
    detail: '',
    hint: '',
    cause: new TokenFailure('status', 'answer', 'x', 500),
  }),
  refused: new Problem('credentials-rejected', { detail: '', hint: '' }),
  reset: new Problem('token-unavailable', {
    detail: '',
    hint: '',
    cause: new TokenFailure('connection', 'answer', 'ECONNRESET'),
  }),
};

interface Issued {
  readonly startMs: number;
  readonly lifeSeconds: number;
}

/** The monotonic end of a token, by the rule: life less min(5 s, 10 %). */
function endMs({ startMs, lifeSeconds }: Issued): number {
  return startMs + lifeSeconds * 1000 - Math.min(5000, lifeSeconds * 100);
}

function nextOf(outcomes: fc.Stream<number | keyof typeof problems>): number | keyof typeof problems {
  const next = outcomes.next();
  return next.done === true ? 'down' : next.value;
}

class Run {
  readonly clock = new FakeClock();
  readonly issued = new Map<string, Issued>();
  readonly used: AccessToken[] = [];
  readonly forcedAtMs: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  expiredUses = 0;
  strangeErrors = 0;
  readonly source: TokenSource;
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler, outcomes: () => number | keyof typeof problems) {
    this.#scheduler = scheduler;
    this.source = new TokenSource(tokenClient(), {
      cache: new TokenCache(),
      key: 't:model',
      clock: this.clock,
      random: () => 0.5,
      sleep: () => scheduler.schedule(Promise.resolve(), 'sleep'),
      onEvent: (event) => event.type === 'refused' && this.forcedAtMs.push(this.clock.monotonicMs()),
      request: async () => {
        this.inFlight += 1;
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
        const startMs = this.clock.monotonicMs();
        const requestedAtMs = this.clock.wallMs();
        const next = outcomes();
        await scheduler.schedule(Promise.resolve(), 'request');
        this.inFlight -= 1;
        if (typeof next === 'string') throw problems[next];
        const value = `token-${this.issued.size + 1}`;
        this.issued.set(value, { startMs, lifeSeconds: next });
        return accessToken(value, { lifeSeconds: next, requestedAtMs });
      },
    });
  }

  async take(current: Step): Promise<void> {
    switch (current.kind) {
      case 'get':
        this.#get();
        return;
      case 'refuse': {
        const token = this.used.at(-1 - current.which);
        if (token !== undefined && this.source.refuse(token, current.status)) this.#get();
        return;
      }
      case 'advance':
        this.clock.advanceSeconds(current.seconds);
        return;
      case 'set-wall':
        this.clock.setWallBy(current.seconds);
        return;
      case 'land':
        if (this.#scheduler.count() > 0) await this.#scheduler.waitOne();
        // No time passes between an answer and its use by those who wait.
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
    }
  }

  #get(): void {
    const got = this.source.get();
    if (got instanceof Promise) {
      got.then(
        (token) => this.#use(token),
        (error: unknown) => {
          if (!(error instanceof Problem)) this.strangeErrors += 1;
        },
      );
    } else {
      this.#use(got);
    }
  }

  #use(token: AccessToken): void {
    const issued = this.issued.get(token.value);
    if (issued === undefined) throw new Error('a token from nowhere');
    if (this.clock.monotonicMs() >= endMs(issued)) this.expiredUses += 1;
    this.used.push(token);
  }
}

describe('a token source, whatever happens', () => {
  it('has at most one request in flight, never uses an expired token, and forces no refresh twice in 5 s', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(outcome),
        async (scheduler, steps, outcomes) => {
          const run = new Run(scheduler, () => nextOf(outcomes));
          for (const current of steps) await run.take(current);
          await scheduler.waitIdle();
          expect(run.mostInFlight).toBeLessThanOrEqual(1);
          expect([run.expiredUses, run.strangeErrors]).toEqual([0, 0]);
          const gaps = run.forcedAtMs.map((at, i) => at - (run.forcedAtMs[i - 1] ?? -Infinity));
          expect(gaps.every((gap) => gap >= 5000)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('sends each client its own token, however the fetches interleave', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), { maxLength: 40 }),
        async (scheduler, asks) => {
          const clock = new FakeClock();
          let bad = 0;
          const sources = new TokenSources({
            clock,
            maxTokens: 2,
            request: ({ clientId }) => scheduler.schedule(Promise.resolve(accessToken(`of-${clientId}`)), clientId),
          });
          const answers = asks.map(async ([clientId, late]) => {
            if (late) clock.advanceSeconds(30);
            const token = await sources.for(tokenClient({ clientId })).get();
            if (token.value !== `of-${clientId}`) bad += 1;
          });
          await scheduler.waitIdle();
          await Promise.all(answers);
          expect(bad).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});
