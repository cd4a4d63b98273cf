/**
 * The collection's variable for a path parameter of a service. What one request learns, the next one uses: the id that a
 * start answered with is `workflow_instanceId` in all requests below `/instances/:id`.
 *
 * @param path of the operation, below the service
 * @param param its parameter
 */
export function parameterVariable(service: string, path: string, param: string): string {
  const segments = path.split('/');
  const before = segments[segments.indexOf(`:${param}`) - 1] ?? '';
  return serviceVariable(service, param === 'id' ? `${before.replace(/s$/, '')}Id` : param);
}

export function serviceVariable(service: string, name: string): string {
  return `${service}_${name}`;
}

export function placeholder(variable: string): string {
  return `{{${variable}}}`;
}
