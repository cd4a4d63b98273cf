/**
 * Flowgate as a process that kills itself at one point in the life of a ledger record:
 * `node ledger-child.ts '{"file":…,"env":{…},"killAt":…}'`. Prints its port.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createFlowgate } from '../../src/app/app.ts';
import { createHttpServer } from '../../src/app/http-server.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { LedgerRecords } from '../../src/ledger/ledger-records.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { RedisRecords } from '../../src/ledger/redis-records.ts';
import { SharedStore } from '../../src/store/shared-store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { TokenCache } from '../../src/tokens/token-cache.ts';
import type { LedgerChildOptions } from './ledger-crash.ts';

const { file, env, killAt, slackMs } = JSON.parse(process.argv[2] ?? '') as LedgerChildOptions;
const config = loadConfig({ cwd: '/child', env, readFile: () => file });
if (config.store === undefined) throw new Error('the child needs Redis');
const store = new SharedStore(config.store);
const ledger = new Ledger(dyingRecords(new RedisRecords(store)), { slackMs });
const log = createLog('silent');
const flowgate = createFlowgate(config, log, { shared: { store, ledger, tokens: new TokenCache() } });
const server = createHttpServer(flowgate.app, log);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);

function dyingRecords(records: LedgerRecords): LedgerRecords {
  return {
    async reserve(holder, leaseMs) {
      dieAt('before it is reserved');
      const found = await records.reserve(holder, leaseMs);
      dieAt('when it is reserved');
      return found;
    },
    async markSent(holder, leaseMs) {
      dieAt('before it is marked as sent');
      const isOurs = await records.markSent(holder, leaseMs);
      dieAt('when it is marked as sent');
      return isOurs;
    },
    async finish(holder, state, answer) {
      dieAt('before its answer is recorded');
      await records.finish(holder, state, answer);
      dieAt('when its answer is recorded');
    },
    release: (holder) => records.release(holder),
    takeOver: (holder, owner, leaseMs) => records.takeOver(holder, owner, leaseMs),
    stats: () => records.stats(),
  };
}

function dieAt(point: string): void {
  if (point === killAt) process.kill(process.pid, 'SIGKILL');
}
