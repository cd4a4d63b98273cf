import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { workFolder } from './machine.ts';
import { startFlowgate } from './proxies.ts';
import { measure, type LoadScenario } from './scenarios.ts';
import { TokenServer } from './token-server.ts';
import { startUpstream } from './upstream.ts';

/** Writes a CPU profile of Flowgate under load, and prints where its time goes: node bench/profile.ts [scenario]. */
const { positionals } = parseArgs({ allowPositionals: true });
const scenario = (positionals[0] ?? 'start') as LoadScenario;
const upstream = await startUpstream();
const tokens = await TokenServer.start();
const proxy = await startFlowgate({
  target: upstream.url,
  tokenUrl: tokens.url,
  nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${workFolder}`, '--cpu-prof-interval=400'],
});
await measure(proxy, scenario, 2);
const sample = await measure(proxy, scenario, 12);
await proxy.process.stop();
const [profile = ''] = readdirSync(workFolder).filter((name) => name.endsWith('.cpuprofile'));
renameSync(join(workFolder, profile), 'flowgate.cpuprofile');
process.stdout.write(
  `${Math.round(sample.requestsPerSecond)} requests/s, ${Math.round(sample.cpuMicros)} µs each; flowgate.cpuprofile\n`,
);
await upstream.stop();
process.exit(0);
