/** `/api/workflow/definitions/:id` as OpenAPI writes it: `/api/workflow/definitions/{id}`; a final `**` becomes `{rest}`. */
export function openApiPath(template: string): string {
  return template.replace(/\/\*\*$/, '/{rest}').replaceAll(/:(\w+)/g, '{$1}');
}

/** The names of the parameters of a template, in order. */
export function pathParameterNames(template: string): string[] {
  return [...openApiPath(template).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}
