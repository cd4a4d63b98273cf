import type { ProblemText } from './problem-text.ts';

/** What the caller can mend in the request that it sends. */
export const callerTexts = {
  'invalid-request': {
    meaning: 'The request itself is malformed, or two readers could understand it in two ways. Nothing was sent on.',
    causes: [
      'Two credentials at once, or one header that may come only once and came twice.',
      'A URL that is too long, holds a "#" or a backslash, or a broken percent-encoding.',
      'An HTTP version or a transfer coding that is not supported.',
    ],
    checks: [
      'Read "detail": it names the part of the request.',
      'Send either x-api-key or Authorization, not both.',
      'Encode every path segment and query value as UTF-8, a percent sign as %25.',
    ],
    lines: ['curl -i -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/instances?subject=50%25%20off"'],
  },
  'invalid-parameter': {
    meaning:
      'A path parameter or a query parameter is unknown, empty, given twice, or has a value that is not allowed.',
    causes: [
      'A misspelt filter. Services ignore such a filter and answer with the whole list, so it is refused here.',
      'A filter without a value, or a route that takes no query parameters.',
      'An id with characters that no engine uses, often a name in the place of an id.',
    ],
    checks: [
      'Read "hint": it lists the names or the values that there are.',
      'Look the route up on the API page, /docs.',
    ],
    lines: ['curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/instances?status=all&top=20"'],
  },
  'invalid-body': {
    meaning: 'The body is missing, is not what this route takes, or ended before its end. Nothing was sent on.',
    causes: [
      'No body where at least {} is needed, or a body where none is taken.',
      'Broken JSON, or JSON that is not an object: often quotes that a shell has eaten.',
      'A member that is missing, unknown or of another type.',
    ],
    checks: [
      'Read "detail": it names the member.',
      'In a POSIX shell put the JSON into single quotes; in cmd.exe into double quotes, with \\" inside.',
      'Look at the example of the route on the API page, /docs.',
    ],
    lines: [
      `curl -H "x-api-key: $KEY" -H 'content-type: application/json' -d '{"employee":"Ada"}' "$FLOWGATE/api/workflow/definitions/onboarding/instances"`,
    ],
  },
  unauthenticated: {
    meaning: 'The request carries no credential, or one that is not known here.',
    causes: [
      'No x-api-key and no Authorization header, or a key in the query or the body, where it is not looked for.',
      'A key that was mistyped, cut short, or taken out of the configuration.',
      'A JWT that has expired, or whose issuer, audience or claims are not those of any caller.',
      'User name and password, or the service key of the service behind: Flowgate uses that key itself.',
    ],
    checks: [
      'Send x-api-key: <key>, or Authorization: Bearer <JWT>.',
      'Compare the digest of the key with the configuration: flowgate hash-key prints it.',
    ],
    lines: ['curl -i -H "x-api-key: $KEY" "$FLOWGATE/openapi.json"', 'printf %s "$KEY" | npx flowgate hash-key'],
  },
  forbidden: {
    meaning: 'The route exists and the caller is known, but it may not call this route.',
    causes: [
      'The "allow" list of the caller does not name the route.',
      'The route acts in the name of a person, and the credential names nobody.',
    ],
    checks: [
      'The document /openapi.json shows a caller what it may call.',
      'Ask the operator for an entry in "allow"; the hint has its text.',
    ],
    lines: [
      'callers:\n  hr-portal:\n    allow:\n      - POST /api/workflow/definitions/onboarding/instances\n      - GET /api/workflow/instances/**',
    ],
  },
  'origin-not-allowed': {
    meaning: 'A web page sent this, and the origin of the page is not on the list. Nothing was sent on.',
    causes: [
      'The origin of the web app was never added, or was added with another scheme, port or a slash at its end.',
      'The caller names origins of its own, and this page is not among them.',
      'PUBLIC_URL is not the address under which people reach this server, so its own pages count as foreign.',
    ],
    checks: [
      'Compare the Origin header in the network tab of the browser with the configuration, letter by letter.',
      'There are no wildcards: each origin is listed as scheme, host and port.',
    ],
    lines: ['CORS_ORIGINS=https://intranet.example.com', 'PUBLIC_URL=https://flowgate.example.com'],
  },
  'not-found': {
    meaning: 'There is no such route. What a service does not offer here does not exist.',
    causes: [
      'A typing error, another case, or a slash at the end.',
      'A service or flow that the configuration does not have, or has under another name.',
      'A path of the service itself: the routes here are those of Flowgate.',
    ],
    checks: ['List the routes: /docs, or flowgate openapi.', 'Flows of a service: GET /api/<service>/flows.'],
    lines: [
      'curl -H "x-api-key: $KEY" "$FLOWGATE/openapi.json"',
      'curl -H "x-api-key: $KEY" "$FLOWGATE/api/integration/flows"',
    ],
  },
  'method-not-allowed': {
    meaning: 'The route exists, but not with this method.',
    causes: [
      'GET in the place of POST, often from a browser or from curl without -d.',
      'The flow is configured for other methods.',
    ],
    checks: ['The Allow header of the answer lists the methods.', 'A flow takes POST unless "methods" says more.'],
    lines: ['flows:\n  orders: { address: /http/orders, methods: [GET, POST] }'],
  },
  'idempotency-in-flight': {
    meaning: 'The first request with this Idempotency-Key is still running. This one was not sent.',
    causes: ['A client that repeats a request before the answer is there, or two clients with the same key.'],
    checks: [
      'Wait as long as Retry-After says, and send the same request with the same key: it gets the answer of the first.',
    ],
    lines: [
      `curl -i -H "x-api-key: $KEY" -H "idempotency-key: <the same key>" -H 'content-type: application/json' -d '{}' "$FLOWGATE/api/workflow/definitions/onboarding/instances"`,
    ],
  },
  'payload-too-large': {
    meaning: 'The body is larger than this route takes. Nothing was sent on, or what was sent was cut off.',
    causes: ['A JSON body over limits.body, 1 MB unless changed.', 'A message over maxBody of its flow.'],
    checks: ['Send less, or raise the limit in the configuration.'],
    lines: ['limits: { body: 4mb }', 'flows:\n  orders: { address: /http/orders, maxBody: 80mb }'],
  },
  'unsupported-media-type': {
    meaning: 'The route takes JSON in UTF-8, and the request does not say that its body is that.',
    causes: [
      'curl -d without a content type sends application/x-www-form-urlencoded.',
      'Another charset, or a compressed body.',
    ],
    checks: ['Send Content-Type: application/json, and no Content-Encoding.'],
    lines: [
      `curl -H "x-api-key: $KEY" -H 'content-type: application/json' -d '{}' "$FLOWGATE/api/workflow/definitions/onboarding/instances"`,
    ],
  },
  'misdirected-request': {
    meaning: 'The request names a host that this server does not answer for.',
    causes: ['A new host name, an address in the place of a name, or a proxy that rewrites Host.'],
    checks: ['Use one of the names in ALLOWED_HOSTS, or add this one to it.'],
    lines: ['ALLOWED_HOSTS=flowgate.example.com,flowgate.internal:3000'],
  },
  'idempotency-key-reused': {
    meaning: 'This Idempotency-Key was used for another request within the last 24 hours. This one was not sent.',
    causes: ['One key for several requests, or a request that was changed and sent again under its old key.'],
    checks: ['Make a new key for every new request, and keep it only for sending the very same one again.'],
    lines: [
      `curl -H "x-api-key: $KEY" -H "idempotency-key: $(uuidgen)" -H 'content-type: application/json' -d '{}' "$FLOWGATE/api/workflow/definitions/onboarding/instances"`,
    ],
  },
  'rate-limited': {
    meaning: 'This caller has used up its rate, or too many wrong credentials came from its address.',
    causes: ['More requests than "rateLimit" of the caller allows.', 'A script that goes on with a wrong key.'],
    checks: [
      'Wait as long as Retry-After says; the RateLimit header tells what is left.',
      'Ask the operator for a higher rateLimit.',
    ],
    lines: ['callers:\n  hr-portal:\n    rateLimit: 1200/min'],
  },
} as const satisfies Record<string, ProblemText>;
