import { createServer, type RequestListener, type Server } from 'node:http';

/** Over the 90 s for which Cloud Foundry's router keeps idle connections: ours must not be the side that closes. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_MS = 10_000;
const CHECK_EVERY_MS = 2_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/**
 * The HTTP server with limits that hold before a request exists. Bodies have deadlines of their own, per route, so
 * Node's limit over the whole request is off.
 */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: false, // refused by ourselves, with a problem that says so
      joinDuplicateHeaders: false,
    },
    listener,
  );
  server.maxHeadersCount = MAX_HEADERS;
  // Without a listener Node sends 100 Continue before anyone has looked at the credential.
  server.on('checkContinue', (request, response) => {
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue();
    });
    listener(request, response);
  });
  return server;
}
