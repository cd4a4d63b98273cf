type Components = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The components that a document refers to, and those that these refer to in turn: a caller is shown nothing that is
 * not about its own routes.
 *
 * @param paths the part of the document where the references begin
 * @param all by section, such as `schemas`, and name
 */
export function usedComponents(paths: unknown, all: Components): Record<string, Record<string, unknown>> {
  const used: Record<string, Record<string, unknown>> = {};
  const search = (part: unknown): void => {
    for (const [, section = '', name = ''] of JSON.stringify(part).matchAll(/"#\/components\/(\w+)\/([\w.-]+)"/g)) {
      const component = all[section]?.[name];
      const found = (used[section] ??= {});
      if (component === undefined || name in found) continue;
      found[name] = component;
      search(component);
    }
  };
  search(paths);
  return used;
}
