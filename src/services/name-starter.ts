import { memberBytes } from './json-members.ts';
import { replaceMember } from './replace-member.ts';

/** Where the context of a start stands in the caller's body: it is the body, or a member of it. */
export type ContextPlace = 'body' | 'member';

/**
 * Writes who starts an instance into the context of the start. What the caller sent under that name is gone: nobody can
 * start something in another's name. All else keeps its bytes.
 *
 * @param as the name of the member
 */
export function nameStarter(body: Buffer, place: ContextPlace, as: string, starter: string): Buffer {
  const value = Buffer.from(JSON.stringify(starter));
  if (place === 'body') return replaceMember(body, as, value);
  const context = memberBytes(body, 'context') ?? Buffer.from('{}');
  return replaceMember(body, 'context', replaceMember(context, as, value));
}
