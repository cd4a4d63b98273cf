// Serves the page on http://localhost:8080, or on the port that is given: node serve.js 8081
//
// What a bundler would do is done here in two lines: the types are taken out of page.ts, and the library is found.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';

const JAVASCRIPT = 'text/javascript';

const FILES = {
  '/': ['text/html; charset=utf-8', () => read('index.html')],
  '/page.css': ['text/css', () => read('page.css')],
  '/page.js': [
    JAVASCRIPT,
    async () => stripTypeScriptTypes(await read('page.ts')).replace("'openapi-fetch'", "'./openapi-fetch.js'"),
  ],
  '/openapi-fetch.js': [JAVASCRIPT, () => read('node_modules/openapi-fetch/dist/index.mjs')],
};

function read(path) {
  return readFile(new URL(path, import.meta.url), 'utf8');
}

const server = createServer(async (request, response) => {
  const [type, content] = Object.hasOwn(FILES, request.url) ? FILES[request.url] : [];
  if (content === undefined) return response.writeHead(404).end();
  response.setHeader('content-type', type);
  // Nothing from elsewhere runs in this page, so nothing can take the key out of it.
  response.setHeader(
    'content-security-policy',
    "default-src 'self'; connect-src *; img-src data:; frame-ancestors 'none'",
  );
  return response.end(await content());
});

server.listen(Number(process.argv[2] ?? 8080), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}`);
});
