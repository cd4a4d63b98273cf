import { Problem } from '../problems/problem.ts';

/** A credential that is not accepted: always a 401. */
export class RefusedCredential extends Problem {
  /**
   * Whether it may be one of many tries. These are counted per address; a genuine token that has expired, or that is
   * meant for somebody else, is not.
   */
  readonly isGuess: boolean;

  constructor(isGuess: boolean, detail: string, hint: string) {
    super('unauthenticated', { detail, hint });
    this.isGuess = isGuess;
  }
}
