import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How each peer was set up, whole, as Markdown: a ratio says nothing without it. */
export function configurations(): string {
  const folder = join(import.meta.dirname, 'peers');
  const blocks = readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => `#### ${name}\n\n\`\`\`js\n${readFileSync(join(folder, name), 'utf8').trim()}\n\`\`\``);
  return [
    '### How the peers were set up',
    'nginx: one worker, kept-alive connections to the upstream, no access log, bodies not buffered (`startNginx` in `bench/proxies.ts`). Flowgate: `flowgateFile` there.',
    ...blocks,
  ].join('\n\n');
}
