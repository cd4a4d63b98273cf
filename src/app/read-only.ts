import type { IncomingMessage } from 'node:http';
import { Problem } from '../problems/problem.ts';

/**
 * For routes of our own, which are only read. HEAD works where GET does: Node leaves the body out by itself.
 *
 * @throws {Problem} `method-not-allowed`
 */
export function refuseWrites({ method }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return;
  throw new Problem('method-not-allowed', {
    detail: 'The route exists, but not with this method.',
    hint: 'Use one of the methods in Allow.',
    allow: ['GET', 'HEAD'],
  });
}
