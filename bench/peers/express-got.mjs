// What many hand-written proxies are: Express, and got with a keep-alive agent, streamed both ways.
import { Agent } from 'node:http';
import { pipeline } from 'node:stream';
import express from 'express';
import got from 'got';

const agent = { http: new Agent({ keepAlive: true, maxSockets: 128 }) };
const app = express();
app.disable('x-powered-by');
app.use((request, response) => {
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const upstream = got.stream(`${process.env.TARGET}${request.url}`, {
    method: request.method,
    agent,
    retry: { limit: 0 },
    throwHttpErrors: false,
    headers: { 'content-type': request.headers['content-type'] },
  });
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode, { 'content-type': answer.headers['content-type'] });
  });
  if (hasBody) pipeline(request, upstream, response, () => {});
  else pipeline(upstream, response, () => {});
});
app.listen(process.env.PORT, '127.0.0.1');
