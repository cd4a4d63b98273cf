// node:http and undici's Pool.dispatch with nothing around it: the ceiling of any Node proxy.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(process.env.TARGET, { connections: 128 });

createServer((request, response) => {
  const headers = { accept: 'application/json' };
  if (request.headers['content-type']) headers['content-type'] = request.headers['content-type'];
  if (request.headers['content-length']) headers['content-length'] = request.headers['content-length'];
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  pool.dispatch(
    { method: request.method, path: request.url, headers, body: hasBody ? request : null },
    {
      onRequestStart() {},
      onResponseStart(controller, status, answered) {
        response.writeHead(status, {
          'content-type': answered['content-type'],
          'content-length': answered['content-length'],
        });
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) {
          controller.pause();
          response.once('drain', () => controller.resume());
        }
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        response.destroy();
      },
    },
  );
}).listen(process.env.PORT, '127.0.0.1');
