import { createFlowgate } from './app/app.ts';
import { createHttpServer } from './app/http-server.ts';
import { readConfiguration } from './cli/read-configuration.ts';
import type { Config } from './config/config.ts';
import { createLog } from './telemetry/log.ts';
import type { ProcessUsage } from './telemetry/process-metrics.ts';

/** Within the 10 s after which platforms end a process that was asked to stop. */
const DRAIN_MS = 8_000;

// Node opens a debugger on this signal, through which every secret can be read, unless somebody listens.
process.on('SIGUSR1', () => {});
// The environment holds secrets, and is otherwise part of the reports that Node writes where an operator asks for them.
process.report.excludeEnv = true;

const config = readConfiguration();
if (typeof config === 'number') process.exitCode = config;
else start(config);

/** What this process uses now, for metrics. */
function usage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: rss, heapUsedBytes: heapUsed };
}

function start(config: Config): void {
  const log = createLog(config.logLevel);
  const flowgate = createFlowgate(config, log, usage);
  const server = createHttpServer(flowgate.app, log);
  const { host, port } = config.listen;
  server.on('error', (error: NodeJS.ErrnoException) => {
    log.fatal({ err: error }, 'cannot listen');
    log.flush();
    process.exitCode = 1;
    process.stderr.write(
      `Cannot listen on ${host}:${port} (${error.code ?? 'error'}). Set PORT or HOST to a free address.\n`,
    );
    process.exit();
  });
  server.listen(port, host, () => {
    for (const notice of config.notices) log.info({ notice }, 'configuration');
    log.info(
      { host, port, services: config.services.map(({ name, kind, source }) => ({ name, kind, source })) },
      'listening',
    );
    log.flush();
  });

  let isDraining = false;
  const drain = (signal: string): void => {
    if (isDraining) return;
    isDraining = true;
    log.info({ signal }, 'shutting down');
    setTimeout(() => end(1), DRAIN_MS).unref();
    server.close(() => {
      flowgate.close().then(
        () => end(0),
        () => end(1),
      );
    });
    // A connection that is kept alive becomes idle when its last answer is out.
    setInterval(() => server.closeIdleConnections(), 100).unref();
  };
  const end = (code: number): void => {
    log.info({ code }, 'stopped');
    log.flush();
    process.exit(code);
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      end(1);
    });
}
