// Its README's basic use, with a keep-alive agent, which its documentation recommends for throughput.
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const app = express();
app.disable('x-powered-by');
app.use(
  createProxyMiddleware({
    target: process.env.TARGET,
    changeOrigin: true,
    agent: new Agent({ keepAlive: true, maxSockets: 128 }),
  }),
);
app.listen(process.env.PORT, '127.0.0.1');
