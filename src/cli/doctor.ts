import type { Config } from '../config/config.ts';
import { Deadline } from '../forward/deadline.ts';
import { UsageError, type Command, type CommandInput } from './command.ts';
import { SharedLooks, patientOf } from './doctor/patient.ts';
import { Progress } from './doctor/progress.ts';
import { countMarks, reportText, type Chapter, type Report } from './doctor/report.ts';
import { runSteps } from './doctor/run-steps.ts';
import { serverSteps } from './doctor/server-findings.ts';
import { stepsOf } from './doctor/steps-of.ts';
import { EXIT } from './exit-status.ts';
import { nearestName } from './parse-words.ts';
import { readConfiguration } from './read-configuration.ts';

/** All steps of a service together, milliseconds. */
const SERVICE_MS = 13_000;

/** Tries every service end to end, as far as nothing is started or changed by it. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'tries every service end to end, without starting or changing anything',
  usage: '[--service NAME] [--json]',
  description: [
    'For every service, in this order: the names of its hosts, their ports, certificates and clocks; a token, its life and size; the authorities that the callers need against those that it has; the plan of the key; a harmless read; each flow, without running it. Then the server itself: CORS, keep-alive, Redis, the issuers of JWTs.',
    'Prints a line for each with its mark (ok, warning, failed, or skipped because of what failed before), and the cure below what is not in order. No token and no secret is printed.',
    'Exit status: 0; 1 when something failed; 78 when the configuration has problems.',
  ],
  options: [
    { name: 'service', value: 'NAME', meaning: 'looks at this service only' },
    { name: 'json', meaning: 'prints JSON' },
  ],
  words: { least: 0, most: 0 },
  run,
};

async function run(input: CommandInput): Promise<number> {
  const config = readConfiguration();
  if (typeof config === 'number') return config;
  const report = await examine(config, input.value('service'));
  process.stdout.write(input.has('json') ? reportJson(report) : reportText(report));
  return countMarks(report).failed > 0 ? EXIT.failed : EXIT.ok;
}

async function examine(config: Config, only: string | undefined): Promise<Report> {
  checkName(config, only);
  const progress = new Progress(process.stderr);
  const shared = new SharedLooks();
  const startMs = performance.now();
  const chapters = await Promise.all([
    ...examineServices(config, only, shared, progress),
    ...(only === undefined ? [examineServer(config, progress)] : []),
  ]);
  return { chapters, durationMs: performance.now() - startMs, correlationId: shared.correlationId };
}

function checkName({ services }: Config, name: string | undefined): void {
  const names = services.map((service) => service.name);
  if (name === undefined || names.includes(name)) return;
  const nearest = nearestName(name, names);
  throw new UsageError(
    nearest === undefined
      ? `There is no service of that name. There are: ${names.join(', ')}.`
      : `There is no service of that name. Did you mean ${nearest}?`,
  );
}

function examineServices(
  config: Config,
  only: string | undefined,
  shared: SharedLooks,
  progress: Progress,
): Promise<Chapter>[] {
  const services = config.services.filter(({ name }) => only === undefined || name === only);
  return services.map(async (service) => {
    const { name, kind, source } = service;
    const deadline = new Deadline(SERVICE_MS, 'the doctor itself');
    const patient = patientOf(service, config, shared);
    const findings = await runSteps(stepsOf(service), patient, deadline, (step) => progress.begin(name, step));
    progress.end(name);
    return { title: `${name} (${kind}, from ${source})`, findings };
  });
}

async function examineServer(config: Config, progress: Progress): Promise<Chapter> {
  const name = 'server';
  const deadline = new Deadline(SERVICE_MS, 'the doctor itself');
  const findings = await runSteps(serverSteps, config, deadline, (step) => progress.begin(name, step));
  progress.end(name);
  return { title: name, findings };
}

function reportJson(report: Report): string {
  const summary = countMarks(report);
  return `${JSON.stringify({ healthy: summary.failed === 0, summary, ...report }, null, 2)}\n`;
}
