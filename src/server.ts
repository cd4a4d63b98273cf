import { Connections, drain } from './app/drain.ts';
import { FlowgateHost } from './app/flowgate-host.ts';
import { createHttpServer } from './app/http-server.ts';
import { giveBackStartUpMemory } from './app/start-up-memory.ts';
import { loadChecked, processSources, readConfiguration } from './cli/read-configuration.ts';
import { watchBindings } from './cli/watch-bindings.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Config } from './config/config.ts';
import { createLog, type Log } from './telemetry/log.ts';
import type { ProcessUsage } from './telemetry/process-metrics.ts';
import { flushTraces } from './telemetry/tracing.ts';

/** Within the 10 s after which platforms end a process that was asked to stop. */
const GRACE_MS = 8_000;

// Node opens a debugger on this signal, through which every secret can be read, unless somebody listens.
process.on('SIGUSR1', () => {});
// The environment holds secrets, and is otherwise part of the reports that Node writes where an operator asks for them.
process.report.excludeEnv = true;

const config = readConfiguration();
if (typeof config === 'number') process.exitCode = config;
else start(config);

function start(config: Config): void {
  const log = createLog(config.logLevel);
  endOnMistakes(log);
  const host = new FlowgateHost(config, log, usage);
  const server = createHttpServer(host.handle, log);
  const connections = new Connections(server);
  const { host: address, port } = config.listen;
  server.on('error', (error: NodeJS.ErrnoException) => {
    log.fatal({ err: error }, 'cannot listen');
    process.stderr.write(
      `Cannot listen on ${address}:${port} (${error.code ?? 'error'}). Set PORT or HOST to a free address.\n`,
    );
    end(log, 1);
  });
  server.listen(port, address, () => {
    tell(config, log);
    log.info({ host: address, port }, 'listening');
    log.flush();
    giveBackStartUpMemory(() => host.requests);
  });

  const reread = (reason: string): void => {
    reconfigure(host, config, { log, reason });
  };
  process.on('SIGHUP', () => reread('SIGHUP'));
  const stopWatching = watchBindings(processSources, () => reread('a binding has changed'));

  let isDraining = false;
  const stop = (signal: string): void => {
    if (isDraining) {
      // Whoever asks twice from a terminal does not want to wait.
      if (signal === 'SIGINT') end(log, 130);
      return;
    }
    isDraining = true;
    stopWatching?.();
    log.info({ signal }, 'shutting down');
    void drain({ server, connections }, host, { graceMs: GRACE_MS }).then(async (isFinished) => {
      await flushTraces();
      if (isFinished) log.info('stopped');
      else log.warn({ graceMs: GRACE_MS }, 'stopped with requests still running');
      end(log, 0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Reads the configuration again. One with problems is refused, and the old one stays. */
function reconfigure(host: FlowgateHost, first: Config, { log, reason }: { log: Log; reason: string }): void {
  try {
    const config = loadChecked(processSources);
    host.reconfigure(config);
    log.level = config.logLevel;
    if (config.listen.port !== first.listen.port || config.listen.host !== first.listen.host)
      log.warn('HOST and PORT take effect with the next start');
    tell(config, log);
    log.info({ reason }, 'configuration taken');
  } catch (error) {
    if (error instanceof ConfigurationError) {
      const { problems } = error;
      log.error({ reason, problems }, 'configuration refused: the old one stays');
    } else log.error({ reason, err: error }, 'configuration refused: the old one stays');
  }
  log.flush();
}

/** What a person who runs the server should know. */
function tell({ notices, services }: Config, log: Log): void {
  for (const notice of notices) log.info({ notice }, 'configuration');
  log.info({ services: services.map(({ name, kind, source }) => ({ name, kind, source })) }, 'services');
}

/** What this process uses now, for metrics. */
function usage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: rss, heapUsedBytes: heapUsed };
}

/** After a mistake of our own nothing is certain any more: one line, and the platform starts a new process. */
function endOnMistakes(log: Log): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      end(log, 1);
    });
}

function end(log: Log, code: number): void {
  log.flush();
  process.exit(code);
}
