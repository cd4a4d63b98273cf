import { z } from 'zod';
import { bad, good, type Checked } from './checked.ts';
import type { IdentityConfig } from './config.ts';
import { checkedText, settings, text, type IssueParams } from './settings-schema.ts';

const shape = { from: z.literal('caller').optional(), claim: text().optional() };

const ONE_OF_BOTH = {
  problem: 'does not say who acts, or says it twice',
  cure: 'Write either "from: caller" or "claim: email", with a claim of your callers\' JWTs.',
} as const satisfies IssueParams;

/** Who acts upstream, of a service that takes it as a parameter or header. */
export const identitySchema = settings(shape)
  .refine(saysOnce, { params: ONE_OF_BOTH })
  .transform(({ claim }): IdentityConfig => ({ claim }));

/** Who acts upstream, of a service that takes it as a member of a workflow's context. */
export const contextIdentitySchema = settings({ ...shape, as: checkedText(parseMember) })
  .refine(saysOnce, { params: ONE_OF_BOTH })
  .transform(({ claim, as }) => ({ claim, as }));

function saysOnce({ from, claim }: { from?: unknown; claim?: unknown }): boolean {
  return (from === undefined) !== (claim === undefined);
}

function parseMember(name: string): Checked<string> {
  if (/^[\p{L}_][\p{L}\p{N}_.-]{0,99}$/u.test(name)) return good(name);
  return bad('is not a usable name', 'Name the member of the context that shall hold it, such as startedBy.');
}
