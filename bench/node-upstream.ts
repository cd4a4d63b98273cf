import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** The upstream where nginx is not installed: the same answers. */
const { PORT, FILES = '.', STARTED = '{}' } = process.env;
const list = readFileSync(join(FILES, 'list.json'));

createServer((request, response) => {
  request.resume();
  if (request.url?.startsWith('/http/') === true && request.method === 'GET') {
    const file = join(FILES, request.url);
    response.writeHead(200, { 'content-length': statSync(file).size, 'content-type': 'application/octet-stream' });
    createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(response);
    return;
  }
  request.once('end', () => {
    const isStart = request.url === '/rest/v1/workflow-instances';
    const body = isStart ? Buffer.from(STARTED) : list;
    response.writeHead(isStart ? 201 : 200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
}).listen(Number(PORT), '127.0.0.1');
