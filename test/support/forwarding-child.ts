/**
 * A forwarding server as a process of its own, so that its memory can be measured: `node forwarding-child.ts <origin>`.
 * Prints its port; then, for each line on stdin, the largest resident set since the line before, in bytes.
 */
import { createInterface } from 'node:readline';
import { Transport } from '../../src/forward/transport.ts';
import { ForwardingServer } from './forwarding-server.ts';

const server = await ForwardingServer.start(new Transport(process.argv[2] ?? ''), { timeoutMs: 60_000 });
let peakBytes = 0;
setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 5);
process.stdout.write(`${server.port}\n`);
createInterface(process.stdin)
  .on('line', () => {
    process.stdout.write(`${peakBytes}\n`);
    peakBytes = 0;
  })
  .on('close', () => process.exit(0));
