import type { Explanation } from '../../services/explain-operation.ts';
import { shownDuration, shownSize } from '../check/shown-value.ts';

/** A title and the lines beside it. */
type Row = readonly [title: string, lines: readonly string[]];

/** An explanation for a terminal. */
export function explanationText(request: string, explanation: Explanation): string {
  const { operation, grant, limits, deadline } = explanation;
  const rows: Row[] = [
    ['operation', [`${operation.id} of ${operation.service} (${operation.kind})`, operation.summary, operation.route]],
    ['effect', [operation.effect]],
    ['grant', [grantLine(grant)]],
    ...upstreamRows(explanation),
    ['limits', [limitsLine(limits)]],
    ['deadline', [`${shownDuration(deadline.ms)}, set by ${deadline.setting}`]],
  ];
  const width = Math.max(...rows.map(([title]) => title.length)) + 2;
  const lines = rows.flatMap(([title, lines]) =>
    lines.map((line, at) => `${(at === 0 ? title : '').padEnd(width)}${line}`),
  );
  return [request, '', ...lines].join('\n');
}

function grantLine({ caller, allowed, by, needs }: Explanation['grant']): string {
  return allowed ? `${caller} may: ${by ?? ''}` : `${caller} may not; its "allow" list needs "${needs ?? ''}"`;
}

function upstreamRows({ upstream, operation }: Explanation): Row[] {
  if (upstream === null) return [['upstream', ['nothing: it is answered here']]];
  const { beforehand, method, url, headers, body, token, csrf, sentAgain } = upstream;
  const first: Row[] =
    beforehand === null
      ? []
      : [
          [
            'beforehand',
            [`${beforehand.method} ${beforehand.url}`, `${beforehand.operation}: decides whether the rest is sent`],
          ],
        ];
  return [
    ...first,
    ['upstream', [`${method} ${url}`]],
    ['headers', Object.entries(headers).map(([name, value]) => `${name}: ${value}`)],
    ['body', [body]],
    ['token', [token === null ? 'none is fetched' : `from ${token.endpoint} (${token.authentication})`]],
    ['needs', [operation.authorities.length === 0 ? 'nothing that is known here' : operation.authorities.join(', ')]],
    ['csrf', [csrf === null ? 'no handshake' : `${csrf.mode}, at ${csrf.endpoint}`]],
    ['sent again', sentAgain],
  ];
}

function limitsLine({ bodyBytes, concurrency, perService, rate }: Explanation['limits']): string {
  const body = bodyBytes === 0 ? 'no body' : `body ${shownSize(bodyBytes)}`;
  const pace = rate === null ? '' : `; ${rate.requests} requests of this caller in ${rate.perSeconds} s`;
  return `${body}; ${concurrency} requests at once, ${perService} to this service${pace}`;
}
