// Its README's use; undici with as many connections as the others.
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const server = Fastify({ logger: false, bodyLimit: 100 * 1024 * 1024 });
await server.register(proxy, { upstream: process.env.TARGET, undici: { connections: 128, pipelining: 1 } });
await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
