import { z } from 'zod';
import type { Checked } from './checked.ts';
import { Secret } from './secret.ts';

/** What our own checks attach to an issue, for `settings-issues.ts` to read. */
export type IssueParams =
  { readonly problem: string; readonly cure: string } | { readonly knownSettings: readonly string[] };

/** An object in which each setting that is not known is an issue of its own, with the known names. */
export function settings<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  const params: IssueParams = { knownSettings: Object.keys(shape) };
  const unknownSetting = z.custom<never>(() => false, { params });
  return z.object(shape).catchall(unknownSetting);
}

/** A scalar that is read by a parser of ours. Numbers and switches may be written with or without quotes. */
export function checked<T>(parse: (text: string) => Checked<T>) {
  return z.union([z.string(), z.number(), z.boolean()]).transform((value, context): T => {
    const result = parse(String(value));
    if (result.ok) return result.value;
    addIssue(context, result.fault);
    return z.NEVER;
  });
}

/** Text that is not empty, without blanks around it. Numbers are refused: YAML may have changed them already. */
export function text() {
  return z.string().trim().min(1);
}

/** Text that must not be printed. It is kept as it is: blanks around it are a problem, not silently cut. */
export function secret() {
  return z
    .string()
    .min(1)
    .transform((value, context): Secret => {
      if (value === value.trim()) return new Secret(value);
      addIssue(context, { problem: 'has blanks or a line break around it', cure: 'Copy the value again, alone.' });
      return z.NEVER;
    });
}

/**
 * A setting of the public contract that is refused because it is not built yet. To build it, put its real schema in this
 * one's place.
 */
export function notSupportedYet() {
  return z.custom<never>(() => false, { params: NOT_SUPPORTED_YET }).optional();
}

export const NOT_SUPPORTED_YET = {
  problem: 'is not supported yet',
  cure: 'Leave it out; this version cannot do it.',
} as const satisfies IssueParams;

function addIssue(context: z.RefinementCtx, params: IssueParams): void {
  context.addIssue({ code: 'custom', params });
}
