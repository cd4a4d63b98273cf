/** One attack of the list, and what stands beside the tests whose names carry its id. */
export interface AttackCase {
  readonly id: string;
  /** What is tried, in short. */
  readonly name: string;
  /** Tests that prove it under a name without its id: their file, and the name as it is written there. */
  readonly also?: readonly (readonly [file: string, test: string])[];
  /** Why it cannot happen here. */
  readonly notApplicable?: string;
  /** What a reader should know of how it is answered. */
  readonly note?: string;
}

const streaming = 'test/integration/forward-streaming.test.ts';
const transport = 'test/integration/forward-transport.test.ts';
const hostile = 'test/integration/forward-hostile-answers.test.ts';
const ledger = 'test/integration/ledger.test.ts';

/** The sections of the list, by the letter of their ids. */
export const sections: Readonly<Record<string, string>> = {
  A: 'Framing of requests and answers',
  B: 'Paths and queries',
  C: 'Headers',
  D: 'Credentials of callers',
  E: 'Web pages',
  F: 'Bodies',
  G: 'Upstreams',
  H: 'Exhaustion',
  I: 'Leaks',
  J: 'Tenancy',
};

/** The attacks that Flowgate is tested against. The gaps in the numbers are old. */
export const cases: readonly AttackCase[] = [
  { id: 'A-01', name: 'length together with chunks' },
  { id: 'A-02', name: 'two equal lengths' },
  { id: 'A-03', name: 'two different lengths' },
  { id: 'A-04', name: 'a list of lengths' },
  { id: 'A-05', name: 'lengths that are no numbers' },
  { id: 'A-06', name: 'transfer codings in disguise' },
  { id: 'A-07', name: 'a coding beneath the chunks' },
  { id: 'A-09', name: 'blank before the colon' },
  { id: 'A-10', name: 'folded header' },
  { id: 'A-11', name: 'bare LF, bare CR, NUL' },
  { id: 'A-12', name: 'broken chunks' },
  { id: 'A-13', name: 'long chunk extension' },
  { id: 'A-14', name: 'no host, two hosts, no proper host' },
  { id: 'A-15', name: 'target that is a whole URL', note: 'refused even for our own name: Flowgate is no proxy' },
  { id: 'A-16', name: 'CONNECT' },
  { id: 'A-17', name: 'TRACE and unknown methods' },
  { id: 'A-18', name: 'other versions of HTTP' },
  { id: 'A-20', name: 'upgrades' },
  { id: 'A-21', name: 'pipelined requests' },
  {
    id: 'A-22',
    name: 'upload that its sender breaks off',
    also: [
      [streaming, 'in the middle of an upload in chunks aborts it: the upstream never sees a last chunk'],
      [streaming, 'in the middle of an upload with a length aborts it'],
    ],
  },
  { id: 'A-23', name: 'credentials and types in trailers' },
  { id: 'A-24', name: 'body that waits for 100 Continue' },
  { id: 'A-25', name: 'other expectations' },
  { id: 'A-27', name: 'request hidden in the body of a refused one' },
  {
    id: 'A-28',
    name: 'upstream answers that are no HTTP',
    also: [[hostile, 'that is a complete one followed by another does not answer the next request']],
  },
  {
    id: 'A-31',
    name: 'upstream answers that break off',
    also: [[hostile, 'resets an HTTP/1.0 client, too, to which an orderly close would be the end of the answer']],
  },
  { id: 'A-32', name: 'requests byte by byte' },

  { id: 'B-01', name: 'encoded slashes' },
  { id: 'B-02', name: 'dots in every spelling' },
  { id: 'B-03', name: 'double and triple encoding' },
  { id: 'B-04', name: 'backslashes' },
  { id: 'B-05', name: 'raw dots' },
  { id: 'B-06', name: 'NUL' },
  { id: 'B-07', name: 'line breaks and control characters' },
  { id: 'B-09', name: 'broken percent-encoding' },
  { id: 'B-10', name: 'two slashes and a host' },
  { id: 'B-11', name: 'other spellings of a route' },
  { id: 'B-12', name: 'other case' },
  { id: 'B-13', name: 'final slash' },
  { id: 'B-14', name: 'the target *' },
  { id: 'B-15', name: 'fragments' },
  { id: 'B-16', name: 'open paths inside of closed ones' },
  { id: 'B-19', name: 'long URLs' },
  { id: 'B-20', name: 'User-Agents of probes' },
  { id: 'B-21', name: 'headers that replace URL or method' },
  { id: 'B-23', name: 'texts that regular expressions choke on' },
  { id: 'B-24', name: 'repeated, odd and many parameters' },

  { id: 'C-01', name: 'Connection that names Authorization' },
  { id: 'C-02', name: 'Connection that names framing' },
  { id: 'C-03', name: 'hop-by-hop headers, both ways' },
  { id: 'C-04', name: "the caller's Authorization" },
  { id: 'C-06', name: "the caller's cookies" },
  { id: 'C-07', name: 'headers that gateways trust' },
  { id: 'C-08', name: 'names with underscores' },
  { id: 'C-09', name: 'spoofed client addresses' },
  { id: 'C-11', name: 'odd correlation ids' },
  { id: 'C-12', name: 'odd traces' },
  { id: 'C-13', name: 'headers named like parts of objects' },
  { id: 'C-14', name: 'many headers' },
  { id: 'C-15', name: 'long headers' },
  {
    id: 'C-17',
    name: 'line breaks on the way into a header',
    also: [
      ['test/integration/workflowgen-uploads.test.ts', 'cannot put lines into the parts by its file name or type'],
    ],
  },
  { id: 'C-18', name: 'several keys in one header' },
  { id: 'C-19', name: 'a foreign Host' },
  { id: 'C-20', name: 'a foreign X-Forwarded-Host' },
  { id: 'C-21', name: 'upstream headers meant for browsers' },
  { id: 'C-22', name: 'upstream 401 and 403' },
  { id: 'C-23', name: 'upstream Location' },
  { id: 'C-26', name: 'partial and conditional requests' },
  {
    id: 'C-27',
    name: 'answers without protecting headers',
    also: [['test/integration/pages-public.test.ts', 'lets nothing run or load but what stands in it']],
  },
  { id: 'C-28', name: 'ambiguous content types' },

  { id: 'D-01', name: 'no credential' },
  { id: 'D-02', name: 'nearly a key' },
  { id: 'D-03', name: 'guessing by the clock' },
  { id: 'D-05', name: 'key in query, path, body or cookie' },
  { id: 'D-06', name: 'huge keys' },
  { id: 'D-07', name: 'a good key on a route that is not granted' },
  { id: 'D-08', name: 'forged and stale JWTs' },
  { id: 'D-10', name: 'two credentials' },
  { id: 'D-11', name: 'guessing by trying' },

  { id: 'E-01', name: 'foreign origin' },
  { id: 'E-02', name: 'origin null' },
  { id: 'E-03', name: 'origins that look alike' },
  { id: 'E-04', name: 'origins told back' },
  { id: 'E-05', name: 'preflight for what is not allowed' },
  { id: 'E-06', name: 'preflight that is too generous' },
  { id: 'E-07', name: 'errors that a page of ours cannot read' },
  { id: 'E-08', name: 'JSON sent as text' },
  { id: 'E-09', name: 'forms' },
  { id: 'E-10', name: 'requests of a page without a credential' },
  { id: 'E-12', name: 'navigation to the API' },
  { id: 'E-14', name: 'way into a private network' },

  { id: 'F-01', name: 'declared length beyond the limit' },
  { id: 'F-02', name: 'chunks beyond the limit' },
  { id: 'F-03', name: 'compressed bomb' },
  { id: 'F-05', name: 'malformed JSON' },
  { id: 'F-06', name: 'scalars' },
  { id: 'F-07', name: 'deep nesting' },
  { id: 'F-08', name: '`__proto__` and its like' },
  { id: 'F-10', name: 'numbers that parsing changes' },
  { id: 'F-12', name: 'empty body' },
  { id: 'F-14', name: 'types like JSON' },
  { id: 'F-15', name: 'colliding and many names' },
  { id: 'F-16', name: 'batches' },
  {
    id: 'F-17',
    name: "a caller's own GraphQL",
    also: [
      ['test/integration/workflowgen.test.ts', 'cannot be replaced: a document of the caller is nowhere taken'],
      ['test/unit/workflowgen-start.test.ts', 'never become part of the document, whatever they hold'],
    ],
  },
  {
    id: 'F-18',
    name: 'catastrophic pattern in the configuration',
    notApplicable: 'the configuration takes no regular expression: grants and routes are compared segment by segment',
  },
  {
    id: 'F-19',
    name: 'bodies larger than the memory',
    also: [['test/integration/forward-memory.test.ts', 'grows by less than 64 MiB while 128 MiB stream up and down']],
  },
  { id: 'F-20', name: 'boundaries and requests inside of bodies' },
  { id: 'F-21', name: 'compressed streams' },
  { id: 'F-22', name: 'limits that are none' },

  { id: 'G-01', name: 'redirects of a service' },
  {
    id: 'G-03',
    name: 'redirects of the token endpoint',
    also: [['test/integration/token-request.test.ts', 'never follows a redirect, so the secret is sent once']],
  },
  { id: 'G-05', name: 'success that is a page' },
  { id: 'G-06', name: 'error texts of upstreams' },
  { id: 'G-07', name: 'addresses without https, with users, of metadata services' },
  {
    id: 'G-08',
    name: 'certificates that prove nothing',
    also: [
      ['test/integration/forward-tls.test.ts', 'is trusted when its certificate is'],
      ['test/integration/forward-tls.test.ts', 'is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says'],
      [
        'test/integration/token-environment.test.ts',
        'looks at the certificate even if NODE_TLS_REJECT_UNAUTHORIZED is 0',
      ],
    ],
  },
  {
    id: 'G-09',
    name: 'proxies of the environment',
    also: [
      [transport, 'goes to the upstream whatever proxy the environment names'],
      ['test/integration/token-environment.test.ts', 'goes to no proxy that the environment names'],
    ],
  },
  {
    id: 'G-10',
    name: 'DNS that points inside',
    notApplicable:
      'callers choose no host: all of them are configured, over https, and whoever answers must hold the certificate of the configured name. Private upstreams are a usual case and cannot be forbidden',
  },
  {
    id: 'G-11',
    name: 'bombs from upstream',
    also: [
      [transport, 'is not decompressed'],
      [transport, 'is a failure when it is a success larger than the limit'],
    ],
  },
  {
    id: 'G-12',
    name: 'answers that never end',
    also: [
      [transport, 'is an answer that pauses for too long'],
      [transport, 'is an answer whose body is not whole at the deadline'],
    ],
  },
  { id: 'G-13', name: 'upstream that never answers' },
  { id: 'G-15', name: 'upstream that cannot be reached' },
  { id: 'G-16', name: 'connection that breaks after the request' },

  { id: 'H-01', name: 'slow heads' },
  { id: 'H-02', name: 'slow bodies', note: 'a body that stalls is `invalid-body`, 400' },
  { id: 'H-03', name: 'slow readers', also: [[streaming, 'that reads nothing at all for the idle time is cut off']] },
  { id: 'H-04', name: 'idle connections' },
  { id: 'H-05', name: 'more than can run at once' },
  { id: 'H-06', name: 'one caller that floods' },
  {
    id: 'H-07',
    name: 'callers that leave',
    also: [[streaming, 'leaves nothing open, 200 times over, at whatever moment']],
  },
  { id: 'H-10', name: 'floods of HTTP/2', note: 'HTTP/1.1 only, on every listener and towards every upstream' },
  {
    id: 'H-11',
    name: 'late event loop',
    also: [['test/integration/metrics.test.ts', 'shows how late its event loop is, and how busy']],
    note: 'shown; what is shed is decided by the number of requests that run (H-05), which an attacker cannot blur',
  },
  { id: 'H-12', name: 'log that nobody reads' },
  {
    id: 'H-13',
    name: 'end of the process under load',
    also: [
      [
        'test/integration/shutdown.test.ts',
        'ends with status 0 on SIGTERM under load, and every request that it took was answered',
      ],
    ],
  },
  { id: 'H-14', name: 'faults in every step' },
  {
    id: 'H-15',
    name: 'caches filled by callers',
    also: [
      ['test/integration/ledger-records.test.ts', 'stays bounded, however many keys come'],
      ['test/unit/token-cache.test.ts', 'stays bounded: the oldest entry goes'],
    ],
  },
  {
    id: 'H-16',
    name: 'slow growth',
    note: 'in short: thousands of requests, then memory and handles are compared; `npm run soak` does it for twenty minutes',
  },

  { id: 'I-01', name: 'planted secrets on every error path' },
  { id: 'I-03', name: 'inside told by error texts' },
  { id: 'I-04', name: 'stack traces without NODE_ENV' },
  {
    id: 'I-05',
    name: 'open pages that tell of versions and upstreams',
    also: [
      [
        'test/integration/metrics.test.ts',
        'names services and callers as the configuration does, and no address, version or key',
      ],
    ],
  },
  { id: 'I-07', name: 'secrets in the last words of the process' },
  { id: 'I-08', name: 'secrets on errors of libraries' },
  { id: 'I-09', name: 'debugger, reports, snapshots' },
  { id: 'I-10', name: 'ids that can be guessed' },

  {
    id: 'J-02',
    name: 'tokens of another client',
    also: [['test/unit/token-source-model.test.ts', 'sends each client its own token, however the fetches interleave']],
  },
  { id: 'J-03', name: 'shared caches' },
  {
    id: 'J-04',
    name: 'Idempotency-Key of another caller or route',
    also: [[ledger, 'by another caller, or on another route, is another start']],
  },
  { id: 'J-05', name: 'mixed-up callers under load' },
  {
    id: 'J-07',
    name: 'replayed answers of others',
    also: [[ledger, 'is checked like any other: whoever has lost the grant gets no replay']],
  },
  {
    id: 'J-08',
    name: 'tokens of a replaced credential',
    also: [['test/unit/token-sources.test.ts', 'tells clients apart by their %s']],
  },
];
