import type { Checked, Fault } from './checked.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** Collects what is found while the configuration is read, so that all of it can be told at once. */
export class Findings {
  readonly #problems: ConfigurationProblem[] = [];
  readonly #notices: string[] = [];
  /** The settings that are wrong, not merely missing. */
  readonly #wrong = new Set<string>();

  get problems(): readonly ConfigurationProblem[] {
    return this.#problems;
  }

  get notices(): readonly string[] {
    return this.#notices;
  }

  problem(setting: string, fault: Fault): void {
    this.#wrong.add(setting);
    this.#problems.push({ setting, problem: fault.problem, cure: fault.cure });
  }

  /**
   * Notes that something is missing, unless one of the settings that could have held it is wrong: then it is missing
   * only because of that, and a second problem would send the reader the wrong way.
   */
  missing(setting: string, fault: Fault, holders: readonly string[] = [setting]): void {
    if (!holders.some((holder) => this.isWrong(holder)))
      this.#problems.push({ setting, problem: fault.problem, cure: fault.cure });
  }

  /** Whether the setting, or one around it or inside it, has a value that is wrong. */
  isWrong(setting: string): boolean {
    return [...this.#wrong].some((wrong) => areRelated(wrong, setting));
  }

  /** The checked value, or `undefined` after its problem was noted. `field` says where in the setting it stands. */
  take<T>(setting: string, checked: Checked<T>, field?: string): T | undefined {
    if (checked.ok) return checked.value;
    const { problem, cure } = checked.fault;
    this.problem(setting, { problem: field === undefined ? problem : `${field} ${problem}`, cure });
    return undefined;
  }

  notice(text: string): void {
    this.#notices.push(text);
  }
}

/** Whether two settings are the same or one lies inside the other. */
function areRelated(one: string, other: string): boolean {
  return one === other || isInside(one, other) || isInside(other, one);
}

function isInside(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}
