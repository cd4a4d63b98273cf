import { randomBytes } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { tomcatPage } from './integration-answers.ts';

interface CsrfSession {
  readonly address: string;
  /** Name and value of each cookie, as a client has to send them back. */
  readonly cookies: readonly string[];
}

/** The CSRF protection of a sender: a token belongs to one address, and holds only together with its cookies. */
export class CsrfSessions {
  readonly #sessions = new Map<string, CsrfSession>();

  /** The answer to `X-CSRF-Token: Fetch`: 200 and stop, the flow does not run. */
  fetchToken(address: string): Answer {
    const token = randomBytes(16).toString('hex').toUpperCase();
    const cookies = freshCookies();
    this.#sessions.set(token, { address, cookies });
    return { status: 200, headers: { 'X-CSRF-Token': token, 'Set-Cookie': withAttributes(cookies) } };
  }

  /** Whether a request carries a token of this address and all of its cookies. */
  accepts(exchange: Exchange, address: string): boolean {
    const session = this.#sessions.get(exchange.header('x-csrf-token') ?? '');
    const sent = new Set((exchange.header('cookie') ?? '').split(';').map((cookie) => cookie.trim()));
    return session !== undefined && session.address === address && session.cookies.every((cookie) => sent.has(cookie));
  }

  /** The refusal that asks for the handshake. */
  refusal(): Answer {
    return tomcatPage(403, 'Forbidden', { 'X-CSRF-Token': 'required', 'Set-Cookie': withAttributes(freshCookies()) });
  }

  /** Makes every token useless, as a restart of the runtime does. */
  forget(): void {
    this.#sessions.clear();
  }
}

/** Three are usual: the session, and two with which routers find the same instance again. */
function freshCookies(): string[] {
  const value = (): string => randomBytes(12).toString('hex').toUpperCase();
  return [`JSESSIONID=${value()}`, `__VCAP_ID__=${value().toLowerCase()}`, `BIGipServer~it-rt=${value()}`];
}

function withAttributes(cookies: readonly string[]): string[] {
  return cookies.map((cookie) => `${cookie}; Path=/; Secure; HttpOnly`);
}
