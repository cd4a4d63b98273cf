import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { jsonAnswer, sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import { Exchange } from '../http/exchange.ts';
import { Listener } from '../http/listener.ts';
import { upstreamNames } from './canned-answers.ts';
import type { UpstreamName } from './canned-answers.ts';
import { faultOptions } from './fault-options.ts';
import type { SandboxControl } from './sandbox-control.ts';

type Command = (body: unknown, control: SandboxControl) => unknown;

/** A command whose body must fit `schema`; what it returns is the answer's body. */
function command<S extends z.ZodType>(
  schema: S,
  run: (control: SandboxControl, options: z.output<S>) => unknown,
): Command {
  return (body, control) => run(control, schema.parse(body));
}

const commands: Readonly<Record<string, Command>> = {
  'expire-tokens': command(faultOptions.nothing, (control) => control.expireTokens()),
  'revoke-tokens': command(faultOptions.nothing, (control) => control.revokeTokens()),
  'rotate-secret': command(faultOptions.rotateSecret, (control, options) => ({
    clientSecret: control.rotateSecret(options),
  })),
  authorities: command(faultOptions.setAuthorities, (control, options) => control.setAuthorities(options)),
  'bad-credentials-form': command(faultOptions.badCredentialsForm, (control, options) =>
    control.badCredentialsForm(options),
  ),
  slow: command(faultOptions.slow, (control, options) => control.slow(options)),
  'rate-limit': command(faultOptions.rateLimit, (control, options) => control.rateLimit(options)),
  fail: command(faultOptions.fail, (control, options) => control.fail(options)),
  html: command(faultOptions.html, (control, options) => control.html(options)),
  redirect: command(faultOptions.redirect, (control, options) => control.redirect(options)),
  garbage: command(faultOptions.garbage, (control, options) => control.garbage(options)),
  'unknown-route': command(faultOptions.unknownRoute, (control, options) => control.unknownRoute(options)),
  'unknown-zone': command(faultOptions.unknownZone, (control, options) => control.unknownZone(options)),
  answer: command(faultOptions.answer, (control, options) => control.answer(options)),
  'reset-connection': command(faultOptions.resetConnection, (control, options) => control.resetConnection(options)),
  down: command(faultOptions.upstream, (control, options) => control.down(options)),
  up: command(faultOptions.upstream, (control, options) => control.up(options)),
  busy: command(faultOptions.busy, (control, options) => control.busy(options)),
  'instance-status': command(faultOptions.setInstanceStatus, (control, options) => ({
    found: control.setInstanceStatus(options),
  })),
  'restart-workflow-server': command(faultOptions.nothing, (control) => control.restartWorkflowServer()),
  'deny-operations': command(faultOptions.denyOperations, (control, options) => control.denyOperations(options)),
  'forget-csrf-tokens': command(faultOptions.nothing, (control) => control.forgetCsrfTokens()),
  reset: command(faultOptions.nothing, (control) => control.reset()),
};

/** The control over HTTP: `POST /control/<command>`, `GET /control/counters`, `GET /control/requests/<upstream>`. */
export class ControlServer {
  readonly listener: Listener;
  readonly #control: SandboxControl;

  constructor(control: SandboxControl) {
    this.#control = control;
    this.listener = new Listener((request, response) => {
      void this.#serve(request, response);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      sendAnswer(response, await this.#answer(new Exchange(request, response)));
    } catch (error) {
      sendAnswer(response, refusal(error));
    }
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    if (exchange.header('origin') !== undefined) {
      // Loopback is open to every page in a browser on this machine, and none has business here.
      return jsonAnswer(403, { error: 'The control takes no requests from web pages.' });
    }
    const [, root, name = '', subject] = exchange.path.split('/');
    if (root !== 'control') {
      return notFound;
    }
    if (exchange.method === 'GET' && name === 'counters') {
      return jsonAnswer(200, this.#control.counters());
    }
    if (exchange.method === 'GET' && name === 'requests' && isUpstreamName(subject)) {
      return this.#lastRequest(subject);
    }
    const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (exchange.method !== 'POST' || run === undefined) {
      return notFound;
    }
    const text = (await exchange.body()).toString('utf8');
    const result = await run(text === '' ? {} : JSON.parse(text), this.#control);
    return result === undefined ? { status: 204 } : jsonAnswer(200, result);
  }

  #lastRequest(upstream: UpstreamName): Answer {
    const last = this.#control.lastRequest(upstream);
    return last === undefined
      ? jsonAnswer(404, { error: 'This upstream has seen no request yet.' })
      : jsonAnswer(200, { ...last, rawBody: last.rawBody.toString('utf8') });
  }
}

const notFound: Answer = jsonAnswer(404, {
  error:
    'No such command. There are GET /control/counters, GET /control/requests/<upstream> and POST /control/<command>.',
  commands: Object.keys(commands),
  upstreams: upstreamNames,
});

function isUpstreamName(name: string | undefined): name is UpstreamName {
  return upstreamNames.some((upstream) => upstream === name);
}

function refusal(error: unknown): Answer {
  if (error instanceof z.ZodError) {
    return jsonAnswer(400, { error: z.prettifyError(error) });
  }
  if (error instanceof SyntaxError) {
    return jsonAnswer(400, { error: 'The body is not JSON.' });
  }
  return jsonAnswer(500, { error: String(error) });
}
