import type { ListDirectory } from './binding-files.ts';
import { readBindings } from './bindings.ts';
import { readCallers } from './callers-config.ts';
import type { Config, Limits, ServiceConfig } from './config.ts';
import { readConfigFile, type ConfigFile } from './config-file.ts';
import { ConfigurationError } from './configuration-error.ts';
import { deepFreeze } from './deep-freeze.ts';
import { readVariable, type Environment } from './environment-variables.ts';
import { noticeNearMisses, readEnvironment, type EnvironmentSettings } from './environment-settings.ts';
import { limitsSchema } from './file-schema.ts';
import { Findings } from './findings.ts';
import { parseIntegrationFlows } from './flow-config.ts';
import type { JsonObject } from './json-object.ts';
import { resolveService } from './resolve-service.ts';
import { planServices, type ServicePlan } from './service-plans.ts';
import { parseSection } from './settings-issues.ts';
import { readStore } from './store-config.ts';
import type { ReadFile } from './text-files.ts';

/** Where the configuration comes from. The readers throw as those of `node:fs` do. */
export interface ConfigSources {
  readonly env: Environment;
  readonly readFile: ReadFile;
  /** Needed for `SERVICE_BINDING_ROOT` alone. */
  readonly listDirectory?: ListDirectory;
  /** What the path of the file and paths in variables are relative to. */
  readonly cwd: string;
}

/**
 * The whole configuration: the file, what it leaves open from the environment, what that leaves open from the bindings
 * of the platform. Complete and frozen.
 *
 * @throws {ConfigurationError} with every problem at once
 */
export function loadConfig(sources: ConfigSources): Config {
  const { env, readFile, listDirectory, cwd } = sources;
  const findings = new Findings();
  const settings = readEnvironment(env, findings);
  const file = readConfigFile(sources, findings);
  const limits = readLimits(file.limits, findings);
  const problemsBefore = findings.problems.length;
  const bindings = readBindings({ env, readFile, listDirectory }, findings);
  const store = readStore(env, bindings, findings);
  const plans = planServices({ env, file, bindings, readFile, cwd }, findings);
  const services = resolveServices({ plans, settings, limits, file }, sources, findings);
  const isWhole = services.length > 0 && findings.problems.length === problemsBefore && isComplete(file, findings);
  const callers = readCallers(file.callers, readVariable(env, 'API_KEYS'), bindings, findings);
  noticeNearMisses(env, file.usedVariables, findings);

  const hasServices = plans.length > 0 || file.services.size > 0;
  const hasCallers = callers.length > 0 || file.callers.size > 0 || settings.allowAnonymous;
  reportNothing({ hasServices, hasCallers, file }, findings);
  if (findings.problems.length > 0)
    throw new ConfigurationError(findings.problems, isWhole ? { services, callers } : undefined);
  return deepFreeze({
    ...settings,
    services,
    callers,
    limits,
    store,
    notices: [...originsOf(services), ...findings.notices],
  });
}

/** A variable that is not set can leave out a part of a service, such as a flow; that was told before. */
function isComplete(file: ConfigFile, { problems }: Findings): boolean {
  return file.readable && !problems.some(({ setting }) => setting.split('.', 1)[0] === 'services');
}

const KB = 1024;

function readLimits(raw: JsonObject, findings: Findings): Limits {
  const limits = parseSection(limitsSchema, raw, ['limits'], findings) ?? {};
  return {
    bodyBytes: limits.body ?? KB * KB,
    concurrency: limits.concurrency ?? 256,
    perService: limits.perService ?? 64,
    timeoutMs: limits.timeout ?? 30_000,
  };
}

interface ServiceInputs {
  readonly plans: readonly ServicePlan[];
  readonly settings: EnvironmentSettings;
  readonly limits: Limits;
  readonly file: ConfigFile;
}

function resolveServices(inputs: ServiceInputs, sources: ConfigSources, findings: Findings): readonly ServiceConfig[] {
  const { plans, settings, limits, file } = inputs;
  const policy = { allowInsecure: settings.allowInsecureUpstreams };
  const flows = parseIntegrationFlows(readVariable(sources.env, 'INTEGRATION_FLOWS'), findings);
  const owner = 'integration';
  const hasOwner = plans.some(({ name }) => name === owner) || file.services.has(owner) || !file.readable;
  if (flows.length > 0 && !hasOwner) {
    const cure = 'Set INTEGRATION_SERVICE_KEY or bind one runtime, or write the flows into the file.';
    findings.problem('INTEGRATION_FLOWS', { problem: `belongs to a service named ${owner}, and there is none`, cure });
  }
  return plans.flatMap((plan) => {
    const context = { plan, policy, folder: file.folder, readFile: sources.readFile, findings };
    const environmentFlows = plan.name === owner ? flows : [];
    return resolveService(context, { timeoutMs: limits.timeoutMs, environmentFlows }) ?? [];
  });
}

/** Without a service there is nothing to do, and without a caller nobody to do it for. */
function reportNothing(
  { hasServices, hasCallers, file }: { hasServices: boolean; hasCallers: boolean; file: ConfigFile },
  findings: Findings,
): void {
  if (!file.readable) return;
  if (!hasServices) {
    findings.missing(
      'services',
      {
        problem: 'no service is configured',
        cure: 'Set WORKFLOW_SERVICE_KEY or INTEGRATION_SERVICE_KEY, bind a service, or list services in flowgate.yaml.',
      },
      ['services', 'VCAP_SERVICES', 'VCAP_SERVICES_FILE_PATH', 'SERVICE_BINDING_ROOT'],
    );
  }
  if (!hasCallers) {
    findings.missing(
      'API_KEYS',
      {
        problem: 'no caller is configured, so nobody could call anything',
        cure: 'Set API_KEYS=name=key, list callers in flowgate.yaml, or set ALLOW_ANONYMOUS=true for a trial on your own machine.',
      },
      ['API_KEYS', 'callers', 'ALLOW_ANONYMOUS'],
    );
  }
}

function originsOf(services: readonly ServiceConfig[]): readonly string[] {
  return services.map(({ name, kind, source }) => `The service ${name} (${kind}) comes from ${source}.`);
}
