// Serves the web app on http://localhost:8080, or on the port that is given: node examples/web-app/serve.js 8081
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript' };
const FILES = ['index.html', 'app.css', 'app.js', 'flowgate-client.js'];

const server = createServer(async (request, response) => {
  const name = request.url === '/' ? 'index.html' : request.url.slice(1);
  if (!FILES.includes(name)) return response.writeHead(404).end();
  response.setHeader('content-type', TYPES[name.split('.').at(-1)]);
  // Nothing from elsewhere runs in this page, so nothing can take the key out of it.
  response.setHeader(
    'content-security-policy',
    "default-src 'self'; connect-src *; img-src data:; frame-ancestors 'none'",
  );
  return response.end(await readFile(new URL(name, import.meta.url)));
});

server.listen(Number(process.argv[2] ?? 8080), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}`);
});
