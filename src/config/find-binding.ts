import type { Binding } from './binding.ts';
import type { Findings } from './findings.ts';

/** The bindings of that name; those that have it only as another name count where none has it as its own. */
export function findBindings(bindings: readonly Binding[], name: unknown): readonly Binding[] {
  const named = bindings.filter((binding) => binding.name === name);
  return named.length > 0 ? named : bindings.filter(({ aliases }) => aliases.some((alias) => alias === name));
}

/** The one binding of that name; `undefined` after it was noted that there is none, or more than one. */
export function takeBinding(
  name: string,
  setting: string,
  bindings: readonly Binding[],
  findings: Findings,
): Binding | undefined {
  const [binding, ...others] = findBindings(bindings, name);
  if (binding !== undefined && others.length === 0) return binding;
  const names = bindings.map((binding) => binding.name).join(', ');
  findings.problem(setting, {
    problem: binding === undefined ? 'names no service that is bound' : 'names more than one bound service',
    cure: `Bound are: ${names === '' ? 'none' : names}.`,
  });
  return undefined;
}
