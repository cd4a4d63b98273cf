import { stringify } from 'yaml';
import type { Draft, DraftNote } from './draft.ts';

const CALLER = 'imported';

/** The configuration file of a draft, and the variables that it needs beside those of its services. */
export function draftYaml(draft: Draft): string {
  const apiKey = draft.variable(
    CALLER,
    'API_KEY',
    `a key for the caller ${CALLER}: "flowgate hash-key --new" makes one`,
  );
  const document = {
    services: Object.fromEntries(draft.services),
    callers: { [CALLER]: { apiKeys: [apiKey], allow: [...draft.allow] } },
  };
  const head = '# Made by "flowgate import". Secrets are variables; "flowgate check" tells what is missing.\n';
  return head + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** What a person must know of a draft, for a terminal. */
export function draftReport(draft: Draft, problems: readonly string[]): string {
  const width = Math.max(0, ...draft.variables.map(({ name }) => name.length)) + 2;
  return [
    section(
      'Set these variables; their values are not in the file:',
      draft.variables.map(({ name, meaning }) => `${name.padEnd(width)}${meaning}`),
    ),
    section(
      'What was called so far is called so now:',
      [...draft.moved].map(([from, to]) => `${from}  ->  ${to}`),
    ),
    section('Not carried over, or to be looked at:', noteLines(draft.notes)),
    section('To be mended in the file:', problems),
  ].join('');
}

/** What is said of several things is said once. */
function noteLines(notes: readonly DraftNote[]): string[] {
  return [...Map.groupBy(notes, ({ text }) => text)].map(([text, same]) => {
    const [first, ...others] = [...new Set(same.map(({ about }) => about))];
    if (first === undefined || others.length === 0) return `${first ?? ''}: ${text}`;
    return `${[first, ...others].map((about) => withoutRemark(about)).join(', ')}: ${text}`;
  });
}

/** Without what stands in brackets at its end. */
function withoutRemark(about: string): string {
  return about.endsWith(')') ? about.split(' (', 1).join('') : about;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`;
}
