// A typed client: paths, parameters, bodies and problem codes are those of your own server.
//
//   FLOWGATE=http://localhost:3000 KEY=<your key> node examples/typed-client/client.ts
import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { paths } from './flowgate.d.ts';

const { FLOWGATE = 'http://localhost:3000', KEY = '' } = process.env;

const flowgate = createClient<paths>({ baseUrl: FLOWGATE, headers: { 'x-api-key': KEY } });

const started = await flowgate.POST('/api/workflow/definitions/{id}/instances', {
  params: { path: { id: 'onboarding' }, header: { 'Idempotency-Key': randomUUID() } },
  body: { employee: 'Ada Lovelace', department: 'Research' },
});
if (started.error) {
  // The compiler knows the codes of this route; another one would not compile.
  if (started.error.code === 'definition-not-found') console.error('Deploy the workflow "onboarding" first.');
  throw new Error(`${started.error.title}: ${started.error.hint}`);
}
const { id, status } = started.data;
console.log(`started ${id}: ${status}`);

const listed = await flowgate.GET('/api/workflow/instances', {
  params: { query: { definitionId: 'onboarding', status: ['RUNNING', 'COMPLETED'], top: 5, count: true } },
});
if (listed.error) throw new Error(listed.error.hint);
console.log(`${listed.response.headers.get('x-total-count')} instances, the newest ${listed.data[0]?.startedAt}`);

const product = await flowgate.POST('/api/integration/flows/product-details', {
  body: { productIdentifier: 'HT-2000' },
  headers: { 'content-type': 'application/json' },
});
if (product.error) throw new Error(product.error.hint);
console.log('product', JSON.stringify(product.data));
