/**
 * An upstream for load, as a process of its own: it gives tokens, and answers every other request with 201 after some
 * milliseconds. Tells its port to the process that forked it, and ends with that.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const LATENCY_MS = 20;

const created = JSON.stringify({
  id: '7d3f1c2a-0b1c-11ef-9e92-0a9e5a06c0de',
  definitionId: 'onboarding',
  status: 'RUNNING',
});
const token = JSON.stringify({ access_token: 'a-token-for-load', token_type: 'bearer', expires_in: 3600 });

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  const isToken = request.url === '/oauth/token';
  const body = isToken ? token : created;
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  setTimeout(() => response.writeHead(isToken ? 200 : 201, headers).end(body), LATENCY_MS);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
