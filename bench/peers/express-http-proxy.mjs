// Its README's use, with the body not parsed and its default agent (keep-alive, as of Node 19).
import express from 'express';
import proxy from 'express-http-proxy';

const app = express();
app.disable('x-powered-by');
app.use(proxy(process.env.TARGET, { parseReqBody: true, limit: '100mb' }));
app.listen(process.env.PORT, '127.0.0.1');
