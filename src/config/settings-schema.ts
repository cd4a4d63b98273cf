import { z } from 'zod';
import { bad, good, type Checked } from './checked.ts';
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
  return z
    .union([z.string(), z.number(), z.boolean()])
    .transform((value, context): T => valueOrIssue(parse(String(value)), context));
}

/** Text that is read by a parser of ours. Numbers are refused: YAML may have changed them already. */
export function checkedText<T>(parse: (text: string) => Checked<T>) {
  return z.string().transform((value, context): T => valueOrIssue(parse(value), context));
}

/** Text that is not empty, without blanks around it. Numbers are refused: YAML may have changed them already. */
export function text() {
  return z.string().trim().min(1);
}

/** Text that must not be printed. It is kept as it is: blanks around it are a problem, not silently cut. */
export function secret() {
  return checkedText(parseSecret);
}

/** A secret as it was copied, or the sign that it was copied badly. */
export function parseSecret(text: string): Checked<Secret> {
  if (text === '') return bad('is empty', 'Give it a value, or leave the setting out.');
  if (text !== text.trim()) return bad('has blanks or a line break around it', 'Copy the secret again, alone.');
  return good(new Secret(text));
}

function valueOrIssue<T>(result: Checked<T>, context: z.RefinementCtx): T {
  if (result.ok) return result.value;
  context.addIssue({ code: 'custom', params: result.fault });
  return z.NEVER;
}
