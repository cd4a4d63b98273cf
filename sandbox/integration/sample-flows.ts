import { randomBytes, randomUUID } from 'node:crypto';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Flow } from './flow.ts';
import { flowFailure } from './integration-answers.ts';
import { echo, stream } from './mirror-flows.ts';

/** The product of SAP's tutorial. */
const products: Readonly<Record<string, object>> = {
  'HT-2000': {
    productIdentifier: 'HT-2000',
    name: '7" Widescreen Portable DVD Player w MP3',
    category: 'Portable Players',
    supplierName: 'Titanium',
    price: 249.99,
    currencyCode: 'EUR',
  },
};

/** The flows of the sandbox: one for each way in which a flow can behave. */
export const sampleFlows: readonly Flow[] = [
  { address: '/http/products', run: productDetails },
  { address: '/http/orders', csrfProtected: true, subpaths: true, run: orders },
  { address: '/http/failing', run: () => flowFailure(freshMplId()) },
  {
    // With "Return Exception to Sender" the exception stands before the sentence.
    address: '/http/failing-with-exception',
    run: () => flowFailure(freshMplId(), 'java.lang.IllegalStateException: receiver refused the message\n'),
  },
  { address: '/http/echo', subpaths: true, streamed: true, run: echo },
  { address: '/http/stream', streamed: true, run: stream },
  { address: '/http/denied', role: 'Orders.approve', run: () => jsonAnswer(200, {}) },
  {
    address: '/http/invoices',
    run: () => ({
      status: 200,
      headers: { 'Content-Type': 'application/xml' },
      body: '<invoice><id>90000001</id></invoice>',
    }),
  },
  { address: '/http/notifications', run: () => ({ status: 204 }) },
];

/** The id of a message's processing log, as the runtime makes them. */
function freshMplId(): string {
  return `AG${randomBytes(20).toString('base64url')}`;
}

async function productDetails(exchange: Exchange): Promise<Answer> {
  const id = await productIdentifier(exchange);
  if (id === undefined) {
    return jsonAnswer(400, { message: 'Send {"productIdentifier":"HT-2000"} as JSON.' });
  }
  const product = products[id];
  return product === undefined
    ? jsonAnswer(404, { message: `There is no product ${id}.` })
    : jsonAnswer(200, product, { SAP_MessageProcessingLogID: freshMplId() });
}

async function productIdentifier(exchange: Exchange): Promise<string | undefined> {
  const body = (await exchange.body()).toString('utf8');
  try {
    const { productIdentifier: id } = JSON.parse(body) as { productIdentifier?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Takes an order, and reads one back below its address. */
function orders(exchange: Exchange): Answer {
  if (exchange.method === 'GET' || exchange.method === 'HEAD') {
    return jsonAnswer(200, { path: exchange.path, orders: [] });
  }
  return jsonAnswer(201, { orderId: randomUUID(), status: 'accepted', path: exchange.path });
}
