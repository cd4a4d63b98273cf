import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '../../src/app/http-server.ts';
import { repeatTable, type Setback } from '../../src/services/repeat-table.ts';
import { TOKEN_TIMEOUT_MS } from '../../src/tokens/token-request.ts';
import { tableOf } from '../support/markdown-tables.ts';
import { sourceConstant } from '../support/source-constant.ts';

const KIB = 1024;

function seconds(ms: number): number {
  return ms / 1000;
}

/** The numbers in a text, "4,000" as one. */
function numbersIn(text: string): number[] {
  return [...text.replaceAll(/(\d),(\d{3})/g, '$1$2').matchAll(/(?<![A-Za-z])\d+(?:\.\d+)?/g)].map(([number]) =>
    Number(number),
  );
}

function rowsOf(path: string, heading: string, column: string, limitColumn: number): [string, number[]][] {
  const { rows } = tableOf(path, heading, column);
  return rows.map((cells) => [cells[0] ?? '', numbersIn(cells[limitColumn] ?? '')]);
}

const headS = seconds(LIMITS.headersMs);
const jsonS = seconds(sourceConstant('src/app/read-operation-body.ts', 'JSON_BODY_MS'));
const idleClientS = seconds(LIMITS.keepAliveMs);
const pauseOfAnswerS = seconds(sourceConstant('src/forward/transport.ts', 'IDLE_TIMEOUT_MS'));

describe('the tables of limits', () => {
  it('of docs/operations.md say what the sources say', () => {
    expect(rowsOf('docs/operations.md', 'Time limits', 'what', 1)).toEqual([
      ['head of a request · a JSON body', [headS, jsonS]],
      ['an idle connection of a client', [idleClientS]],
      [
        'a connection to a service, with TLS',
        [seconds(sourceConstant('src/forward/transport.ts', 'CONNECT_TIMEOUT_MS'))],
      ],
      ['between two pieces of an answer', [pauseOfAnswerS]],
      ['an idle connection to a service', [seconds(sourceConstant('src/forward/transport.ts', 'KEEP_ALIVE_MS'))]],
      ['a token', [seconds(TOKEN_TIMEOUT_MS)]],
      [
        'a CSRF handshake, shared by all who wait for it',
        [seconds(sourceConstant('src/services/csrf-handshakes.ts', 'HANDSHAKE_LIMIT_MS'))],
      ],
      ['shutting down', [seconds(sourceConstant('src/server.ts', 'GRACE_MS'))]],
    ]);
  });

  it('of docs/security.md say what the sources say', () => {
    expect(rowsOf('docs/security.md', 'Limits', 'what', 1)).toEqual([
      ['connections at once', [LIMITS.maxConnections]],
      [
        'head of a request',
        [
          sourceConstant('src/app/http-server.ts', 'MAX_HEADER_BYTES') / KIB,
          sourceConstant('src/app/strict-request.ts', 'MAX_HEADERS'),
          sourceConstant('src/app/request-target.ts', 'MAX_TARGET_LENGTH'),
          headS,
        ],
      ],
      ['JSON body', [jsonS, sourceConstant('src/services/json-bytes.ts', 'MAX_DEPTH')]],
      ['any other body', [seconds(sourceConstant('src/forward/read-body.ts', 'DEFAULT_IDLE_MS'))]],
      ['client that takes nothing of its answer', [seconds(LIMITS.stallMs)]],
      ['idle connection', [idleClientS]],
      ['wrong credentials of one address', [sourceConstant('src/callers/failed-attempts.ts', 'MOST_FAILURES')]],
      ["head of an upstream's answer", [sourceConstant('src/forward/transport.ts', 'MAX_HEADER_BYTES') / KIB]],
      ['upstream that says nothing amid its answer', [pauseOfAnswerS]],
      ['lines of the log that nobody takes', [sourceConstant('src/telemetry/log.ts', 'MAX_WAITING_BYTES') / KIB / KIB]],
    ]);
    expect(sourceConstant('src/callers/failed-attempts.ts', 'WINDOW_S')).toBe(60);
  });

  it('of docs/tokens.md say how long a server that fails or refuses is left alone', () => {
    const pause = (name: string): number => seconds(sourceConstant('src/tokens/pause-after.ts', name));
    const { rows } = tableOf(
      'docs/tokens.md',
      'When the server fails or refuses',
      'answer of the authorization server',
    );
    expect(numbersIn(rows[0]?.[0] ?? '')[0]).toBe(seconds(TOKEN_TIMEOUT_MS));
    expect(rows.map((cells) => numbersIn(cells[2] ?? ''))).toEqual([
      [pause('FIRST_MS'), pause('LONGEST_MS')],
      [sourceConstant('src/tokens/requested-pause.ts', 'LONGEST_RESET_S') / 60],
      [pause('REFUSED_MS')],
      [pause('REFUSED_MS')],
    ]);
    expect(rows[1]?.[2]).toContain('up to a minute');
    expect(sourceConstant('src/tokens/requested-pause.ts', 'LONGEST_RETRY_AFTER_S')).toBe(60);
  });
});

describe('the table of what is sent twice', () => {
  const { rows } = tableOf('docs/operations.md', 'What is sent twice, and what never', 'what happened');
  const TIMES = ['never', 'once more', 'twice more'];
  const documented: readonly (readonly [string, Setback])[] = [
    ['no connection', 'not-connected'],
    ['the certificate', 'certificate'],
    ['the token was refused', 'token-refused'],
    ['the flow asks for a CSRF token', 'csrf-wanted'],
    ['409 while the engine is busy', 'busy'],
    ['the connection broke', 'connection-broke'],
    ['the answer was cut off or is no HTTP', 'answer-broken'],
    ['no answer in time', 'timed-out'],
  ];

  it('has a row for each setback after which somebody still waits', () => {
    const setbacks = documented.map(([, setback]) => setback);
    expect([...setbacks, 'given-up'].toSorted()).toEqual(Object.keys(repeatTable).toSorted());
    expect(rows).toHaveLength(documented.length + 1); // The last is of statuses: they are in no table, and never repeated.
  });

  it.each(documented)('says of "%s" what the table of repeats says of %s', (beginning, setback) => {
    const [, ofStart = '', ofRead = ''] = rows.find(([what]) => what?.startsWith(beginning)) ?? [];
    const { anything, harmless, pausesMs } = repeatTable[setback];
    expect(ofRead).toMatch(new RegExp(`^${TIMES[harmless] ?? 'unknown'}`));
    if (setback === 'busy') {
      expect(ofStart).toBe('–'); // It comes of changes alone.
      expect(numbersIn(ofRead)).toEqual(pausesMs.map(seconds));
    } else expect(ofStart).toMatch(new RegExp(`^${TIMES[anything] ?? 'unknown'}`));
  });
});
