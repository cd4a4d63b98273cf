/** What is wrong with a setting and how to mend it, in plain words. Never holds the setting's value. */
export interface Fault {
  readonly problem: string;
  readonly cure: string;
}

/** The answer of a check: the value in its final form, or what is wrong with it. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

export function good<T>(value: T): Checked<T> {
  return { ok: true, value };
}

export function bad(problem: string, cure: string): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: { problem, cure } };
}
