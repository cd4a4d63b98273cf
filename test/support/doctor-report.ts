import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, runFlowgate, type CommandResult } from './run-flowgate.ts';

/** One finding, as `flowgate doctor --json` prints it. */
export interface ReportedFinding {
  readonly step: string;
  readonly mark: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly cure?: string;
}

/** What `flowgate doctor --json` prints. */
export interface DoctorReport {
  readonly healthy: boolean;
  readonly summary: Readonly<Record<ReportedFinding['mark'], number>>;
  readonly chapters: readonly { readonly title: string; readonly findings: readonly ReportedFinding[] }[];
}

export interface DoctorSituation {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The text of `flowgate.yaml`. */
  readonly file?: string;
}

/** Runs the doctor in a folder with that file, and nothing else. */
export function runDoctor({ args = [], env = {}, file }: DoctorSituation): Promise<CommandResult> {
  return inFolder(async (folder) => {
    if (file !== undefined) await writeFile(join(folder, 'flowgate.yaml'), file);
    return runFlowgate(['doctor', ...args], { env, cwd: folder });
  });
}

export function parseReport({ stdout }: CommandResult): DoctorReport {
  return JSON.parse(stdout) as DoctorReport;
}

/** The findings of one service. */
export function findingsOf(report: DoctorReport, service: string): readonly ReportedFinding[] {
  const chapter = report.chapters.find(({ title }) => title === service || title.startsWith(`${service} `));
  if (chapter === undefined) throw new Error(`the report has no chapter ${service}`);
  return chapter.findings;
}

/** What one look at a service brought: `failed: detail -> cure`. */
export function look(report: DoctorReport, service: string, step: string): string {
  const found = findingsOf(report, service).filter((finding) => finding.step === step);
  return found
    .map(({ mark, detail, cure }) => `${mark}: ${detail}${cure === undefined ? '' : ` -> ${cure}`}`)
    .join('\n');
}
