import type { Finding, Mark } from './finding.ts';

/** What was found about one service, or about the server itself. */
export interface Chapter {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export interface Report {
  readonly chapters: readonly Chapter[];
  readonly durationMs: number;
  /** What the requests to services carried as `x-correlation-id`. */
  readonly correlationId: string;
}

/** How often each mark was given. */
export function countMarks({ chapters }: Report): Record<Mark, number> {
  const counts: Record<Mark, number> = { ok: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { findings } of chapters) for (const { mark } of findings) counts[mark] += 1;
  return counts;
}

/** A line per finding, its cure below it, and a summary. */
export function reportText(report: Report): string {
  const steps = report.chapters.flatMap(({ findings }) => findings.map(({ step }) => step.length));
  const width = Math.max(0, ...steps) + 2;
  const chapters = report.chapters.map(({ title, findings }) =>
    [title, ...findings.flatMap((finding) => findingLines(finding, width))].join('\n'),
  );
  return `${[...chapters, summary(report)].join('\n\n')}\n`;
}

function findingLines({ step, mark, detail, cure }: Finding, width: number): string[] {
  const line = `  ${mark.padEnd(9)}${step.padEnd(width)}${detail}`;
  return cure === undefined ? [line] : [line, `${' '.repeat(11 + width)}-> ${cure}`];
}

/** Only for whom something failed: it is asked for then. */
function idOf(report: Report): string {
  const { failed } = countMarks(report);
  return failed === 0 ? '' : `\nCorrelation id of the requests to services: ${report.correlationId}`;
}

function summary(report: Report): string {
  const { ok, warning, failed, skipped } = countMarks(report);
  const parts = [
    `${ok} ok`,
    `${warning} ${warning === 1 ? 'warning' : 'warnings'}`,
    `${failed} failed`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ];
  return `${parts.join(', ')} (${(report.durationMs / 1000).toFixed(1)} s). Nothing was started or changed.${idOf(report)}`;
}
