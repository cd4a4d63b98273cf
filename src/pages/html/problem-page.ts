import { problemTable, type ProblemCode, type ProblemSource } from '../../problems/problem-table.ts';
import { problemTexts } from '../../problems/problem-texts.ts';
import { statusesOf } from '../openapi/problem-responses.ts';
import { htmlPage, readAsset, type HtmlPage } from './html-page.ts';

const SOURCES: Readonly<Record<ProblemSource, string>> = {
  caller: 'the request, or who sent it',
  flowgate: 'Flowgate itself',
  token: 'the authorization server',
  upstream: 'the service behind Flowgate',
};

/** What is known of a problem, as data. `status` is the usual one of `statuses`. */
export function problemFacts(code: ProblemCode): Record<string, unknown> {
  const { status, ...type } = problemTable[code];
  const facts = { code, status, statuses: statusesOf(code), ...type, ...problemTexts[code] };
  return { type: `/problems/${code}`, ...facts, placeholders: PLACEHOLDERS };
}

/** What stands in the lines to type for what only the reader knows. */
const PLACEHOLDERS = { $FLOWGATE: 'the address of this server', $KEY: 'an API key' };

/** The same as a page for people. */
export function problemPage(code: ProblemCode): HtmlPage {
  const { title, source, retryable } = problemTable[code];
  const { meaning, causes, checks, lines } = problemTexts[code];
  return htmlPage({
    style: readAsset('page.css'),
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} – Flowgate</title>
<link rel="icon" href="data:,">
<link rel="stylesheet">
</head>
<body>
<header>
<p class="quiet"><code>${code}</code></p>
<h1>${escaped(title)}</h1>
<p>${escaped(meaning)}</p>
</header>
<main>
<dl>
<dt>Status</dt><dd>${statusesOf(code).join(' or ')}</dd>
<dt>It is about</dt><dd>${SOURCES[source]}</dd>
<dt>Sending it again</dt><dd>${retryable ? 'may help' : 'does not help, unless the answer has "retryable": true'}</dd>
</dl>
${section('How it comes about', list('ul', causes))}
${section('What to check', list('ol', checks))}
${section('What to type', lines.map((line) => `<pre tabindex="0">${escaped(line)}</pre>`).join('\n'))}
</main>
<footer class="quiet">
<p><code>$FLOWGATE</code> stands for ${PLACEHOLDERS.$FLOWGATE}, <code>$KEY</code> for ${PLACEHOLDERS.$KEY}. <a href="/docs">The API page</a></p>
</footer>
</body>
</html>
`,
  });
}

function section(title: string, content: string): string {
  return content === '' ? '' : `<h2>${title}</h2>\n${content}`;
}

function list(element: 'ul' | 'ol', items: readonly string[]): string {
  return `<${element}>\n${items.map((item) => `<li>${escaped(item)}</li>`).join('\n')}\n</${element}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
