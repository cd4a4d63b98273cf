// Its README's use, with the body streamed instead of read first, and its default agent (keep-alive, as of Node 19).
import express from 'express';
import proxy from 'express-http-proxy';

const app = express();
app.disable('x-powered-by');
app.use(proxy(process.env.TARGET, { parseReqBody: false }));
app.listen(process.env.PORT, '127.0.0.1');
