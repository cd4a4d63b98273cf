import type { ForwardOperation } from './operation.ts';

/**
 * Whether a request may be sent again after it may have been carried out (RFC 9110, section 9.2.2): what reads, what
 * replaces the same by the same, and what the operator declared to be harmless.
 *
 * @param method of the request upstream
 */
export function mayHappenTwice({ effect, repeatable = false }: ForwardOperation, method: string): boolean {
  return effect === 'read' || (effect === 'change' && method === 'PUT') || repeatable;
}
