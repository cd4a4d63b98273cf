import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';

/** A deployed integration flow with an HTTPS sender. */
export interface Flow {
  /** Below the host, lower case: addresses are compared without case. */
  readonly address: string;
  /** Whether the sender takes any suffix (`/orders/*`). */
  readonly subpaths?: boolean;
  /** Whether the sender asks for a CSRF token. The product's default is yes. */
  readonly csrfProtected?: boolean;
  /** The role that the sender asks for. */
  readonly role?: string;
  /** Whether the flow reads its message piece by piece. */
  readonly streamed?: boolean;
  /** Returns the answer, or writes it itself and returns nothing. */
  run(exchange: Exchange): Promise<Answer | undefined> | Answer;
}
