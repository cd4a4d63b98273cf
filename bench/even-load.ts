import { Agent, request } from 'node:http';
import { CONTEXT } from './upstream.ts';

/**
 * A program that sends starts evenly, whatever becomes of them, and prints how long they took: what autocannon sends
 * at a rate comes in bursts, and the latencies of a burst are those of its own queue.
 */
const [, , url = '', key = '', rateText = '1', secondsText = '1'] = process.argv;
const rate = Number(rateText);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const headers = { 'x-api-key': key, 'content-type': 'application/json', 'content-length': CONTEXT.length };
const latencies: number[] = [];
let failed = 0;
let sent = 0;
const startMs = performance.now();
const endMs = startMs + Number(secondsText) * 1000;

const timer = setInterval(() => {
  const nowMs = performance.now();
  const due = Math.floor(((Math.min(nowMs, endMs) - startMs) / 1000) * rate);
  for (; sent < due; sent++) send();
  if (nowMs < endMs) return;
  clearInterval(timer);
  setTimeout(finish, 500);
}, 2);

function send(): void {
  const sentMs = performance.now();
  const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
    incoming.resume();
    incoming.once('end', () => {
      latencies.push(performance.now() - sentMs);
      if (incoming.statusCode !== 201) failed++;
    });
  });
  outgoing.on('error', () => failed++);
  outgoing.end(CONTEXT);
}

function finish(): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  process.stdout.write(`${JSON.stringify({ p50: at(0.5), p99: at(0.99), failed })}\n`);
  process.exit(0);
}
