import { readFileSync } from 'node:fs';

/** One instruction, its continuation lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export const dockerfileSource = readFileSync('Dockerfile', 'utf8');

/** The instructions of the Dockerfile, in order. */
export const dockerfile: readonly Instruction[] = parse(dockerfileSource);

/** The same by stages: each `FROM` begins one. */
export const dockerfileStages: readonly (readonly Instruction[])[] = stagesOf(dockerfile);

/** The texts of all instructions of that name in a stage. */
export function textsOf(stage: readonly Instruction[] | undefined, name: string): string[] {
  return (stage ?? []).filter((one) => one.name === name).map(({ text }) => text);
}

function parse(text: string): Instruction[] {
  const lines = text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, text: rest };
  });
}

function stagesOf(all: readonly Instruction[]): Instruction[][] {
  const starts = all.flatMap(({ name }, at) => (name === 'FROM' ? [at] : []));
  return starts.map((start, at) => all.slice(start, starts[at + 1]));
}
