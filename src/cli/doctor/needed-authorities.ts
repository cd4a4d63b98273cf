import { Grants } from '../../callers/grants.ts';
import type { Config } from '../../config/config.ts';
import type { Offer, Operation } from '../../services/operation.ts';

/** The operations of a service that some caller may call. */
export function grantedOperations({ service, operations }: Offer, config: Config): Operation[] {
  const allowLists = config.callers.map(({ allow }) => allow);
  const grants = [...allowLists, ...(config.allowAnonymous ? [undefined] : [])].map((allow) => new Grants(allow));
  return operations.filter(({ method, path }) =>
    grants.some((granted) => granted.reaches(method, `/api/${service}${path}`)),
  );
}

/** What the OAuth client needs for these operations: each authority with the first route that needs it. */
export function neededAuthorities(operations: readonly Operation[]): Map<string, string> {
  const needed = new Map<string, string>();
  for (const { authorities, method, path } of operations)
    for (const authority of authorities) if (!needed.has(authority)) needed.set(authority, `${method} ${path}`);
  return needed;
}

/** `A (for GET /a), B (for POST /b)` */
export function listed(needed: ReadonlyMap<string, string>, names: readonly string[]): string {
  return names.map((name) => `${name} (for ${needed.get(name) ?? 'none'})`).join(', ');
}
