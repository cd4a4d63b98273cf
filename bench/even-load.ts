import { Pool } from 'undici';
import { CONTEXT } from './upstream.ts';

/**
 * A program that sends starts evenly, whatever becomes of them, and prints what each took: what wrk and autocannon send
 * comes in bursts, and the latencies of a burst are those of its own queue.
 */

/** This program, too, is slow until it is compiled: what it sends so long is not counted. */
const WARM_UP_MS = 3500;

const [, , target = '', key = '', rateText = '1', secondsText = '1'] = process.argv;
const rate = Number(rateText);
const url = new URL(target);
const pool = new Pool(url.origin, { connections: 64, pipelining: 1 });
const headers = { 'x-api-key': key, 'content-type': 'application/json' };
const body = Buffer.from(CONTEXT);
/** Of each request: when it was sent, since the epoch, and how long it took, both in milliseconds. */
const taken: [number, number][] = [];
let failed = 0;
let sent = 0;
const startMs = performance.now();
const countedFromMs = startMs + WARM_UP_MS;
const endMs = countedFromMs + Number(secondsText) * 1000;

const timer = setInterval(() => {
  const nowMs = performance.now();
  const due = Math.floor(((Math.min(nowMs, endMs) - startMs) / 1000) * rate);
  for (; sent < due; sent++) send();
  if (nowMs < endMs) return;
  clearInterval(timer);
  setTimeout(finish, 500);
}, 1);

function send(): void {
  const sentMs = performance.now();
  let status = 0;
  const done = (): void => {
    if (sentMs < countedFromMs) return;
    taken.push([performance.timeOrigin + sentMs, performance.now() - sentMs]);
    if (status !== 201) failed++;
  };
  pool.dispatch(
    { path: url.pathname, method: 'POST', headers, body },
    {
      onRequestStart: () => {},
      onResponseStart: (_controller, statusCode) => (status = statusCode),
      onResponseData: () => {},
      onResponseEnd: done,
      onResponseError: done,
    },
  );
}

function finish(): void {
  process.stdout.write(JSON.stringify({ taken, failed }), () => process.exit(0));
}
