import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { sendAnswer } from './answer.ts';
import { Exchange } from './exchange.ts';
import { Faults } from './faults.ts';
import type { FaultEffect, ResetMoment } from './faults.ts';
import { Listener } from './listener.ts';
import { SeenRequests } from './seen-requests.ts';

export interface UpstreamOptions {
  /** The name under which a request is counted, such as `POST /workflow-instances`. */
  routeOf(method: string, path: string): string;
  /** Whether the handler reads the body itself, piece by piece. Else it is read whole, before any delay. */
  isStreamed?(path: string): boolean;
  handle(exchange: Exchange): Promise<void>;
}

/** One emulated server: where it listens, what it has seen, and which faults it shows. */
export class Upstream {
  readonly listener: Listener;
  readonly faults = new Faults();
  readonly seen = new SeenRequests();
  readonly #options: UpstreamOptions;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.listener = new Listener((request, response) => {
      void this.#serve(request, response);
    });
  }

  get url(): string {
    return this.listener.url;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The platform's router puts its own id on every answer.
    response.setHeader('X-Vcap-Request-Id', randomUUID());
    const exchange = new Exchange(request, response);
    this.seen.add(this.#options.routeOf(exchange.method, exchange.path), exchange.seen);
    try {
      await this.#answer(exchange);
    } catch (error) {
      fail(exchange, error);
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    if (this.faults.take(exchange, isResetAt(['before-body'])) !== undefined) {
      exchange.request.socket.resetAndDestroy();
      return;
    }
    if (this.#options.isStreamed?.(exchange.path) !== true) {
      await exchange.body();
    }
    const delay = this.faults.take(exchange, isDelay);
    if (delay !== undefined) {
      await wait(delay.ms, undefined, { ref: false });
    }
    const canned = this.faults.take(exchange, isAnswer);
    if (canned !== undefined) {
      sendAnswer(exchange.response, canned.answer);
      return;
    }
    const reset = this.faults.take(exchange, isResetAt(['after-body', 'during-answer']));
    if (reset !== undefined) {
      breakAnswer(exchange, reset.when);
    }
    await this.#options.handle(exchange);
  }
}

/** Lets the handler run, but its answer never arrives, or arrives by half. */
function breakAnswer({ request, response }: Exchange, when: ResetMoment): void {
  const writeForReal = response.write.bind(response);
  const cut = (chunk: unknown): void => {
    if (when === 'during-answer' && Buffer.isBuffer(chunk) && chunk.length > 1) {
      writeForReal(chunk.subarray(0, chunk.length / 2), () => request.socket.destroy());
    }
  };
  response.write = (chunk: unknown) => {
    cut(chunk);
    return true;
  };
  response.end = (chunk?: unknown) => {
    cut(chunk);
    if (!response.headersSent) {
      request.socket.resetAndDestroy();
    }
    return response;
  };
}

/** An error here is a fault of the sandbox itself, unless the client has just left. */
function fail({ request, response }: Exchange, error: unknown): void {
  if (request.destroyed && !request.complete) {
    return;
  }
  if (response.headersSent) {
    request.socket.destroy();
    return;
  }
  sendAnswer(response, { status: 500, body: `The sandbox itself failed: ${String(error)}` });
}

type EffectOf<K extends FaultEffect['kind']> = Extract<FaultEffect, { kind: K }>;

const isDelay = (effect: FaultEffect): effect is EffectOf<'delay'> => effect.kind === 'delay';
const isAnswer = (effect: FaultEffect): effect is EffectOf<'answer'> => effect.kind === 'answer';

function isResetAt(moments: readonly ResetMoment[]) {
  return (effect: FaultEffect): effect is EffectOf<'reset'> => effect.kind === 'reset' && moments.includes(effect.when);
}
