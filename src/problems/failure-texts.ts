import type { ProblemText } from './problem-text.ts';

/** What breaks on the way to the services behind, or within them. */
export const failureTexts = {
  'csrf-handshake-failed': {
    meaning: 'The flow asks for a CSRF token, and none that it accepts could be had. The flow has not run.',
    causes: [
      '"CSRF Protected" is on in the HTTPS sender, and something in between drops its cookies or its token.',
      'The first message was too large to be kept and sent again; then "retryable" is true.',
    ],
    checks: [
      'If "retryable" is true, send it again. Set csrf: always, so that the token is fetched first.',
      'Or switch "CSRF Protected" off in the sender: Flowgate does not need it.',
    ],
    lines: ['flows:\n  orders: { address: /http/orders, csrf: always }'],
  },
  'flow-not-found': {
    meaning: 'The integration runtime answers, but no flow listens at the configured address.',
    causes: [
      'Another address than the deployed one; SOAP senders live under /cxf/, HTTPS senders under /http/.',
      'The flow is not deployed, or was deployed less than three minutes ago.',
    ],
    checks: ['Copy the path from Monitor, Manage Integration Content, Endpoints into "address" of the flow.'],
    lines: ['flows:\n  products: { address: /http/products }'],
  },
  'flow-failed': {
    meaning: 'The flow began to run and ended with an error. Its text is withheld, for it may hold data of others.',
    causes: ['Anything inside the flow: a mapping, a receiver that is away, a script.'],
    checks: [
      'Search upstream.messageProcessingLogId under Monitor, Message Processing: it shows the step and the reason.',
      'passErrors: true lets answers pass that the flow makes itself.',
    ],
    lines: ['flows:\n  orders: { address: /http/orders, passErrors: true }'],
  },
  'upstream-failed': {
    meaning: 'The service failed, or its connection broke before the whole answer was there.',
    causes: ['A defect or an outage of the service, or of what stands in front of it.'],
    checks: [
      'If "retryable" is true, send it again. If not, look at the state before you do.',
      'Give upstream.requestId to the operator of the service.',
      'WorkflowServer and WorkflowGen: their own logs have the reason, which is withheld here.',
    ],
    lines: ['npx flowgate doctor --service <service>'],
  },
  'upstream-protocol-error': {
    meaning: 'What answered is not the API of the service, or its answer cannot be understood.',
    causes: [
      'The address leads to a web application, a login page or a web server.',
      'The answer was cut off or too large.',
    ],
    checks: [
      'Take the API address from the service key. WorkflowServer: its address without /workflowapi.',
      'WorkflowGen: the address that ends in /graphql, not that of the portal.',
      'Lists: ask for less at a time.',
    ],
    lines: ['npx flowgate doctor'],
  },
  'upstream-redirected': {
    meaning: 'The service answered with a redirect. It is never followed: it would carry the token to another place.',
    causes: [
      'The address is that of a web application, which sends people to a login page.',
      'http in the place of https.',
    ],
    checks: [
      'Take the API address from the service key. Engines of your own: "url" is the address of the API, with https.',
    ],
    lines: ['npx flowgate doctor'],
  },
  'upstream-unreachable': {
    meaning: 'No connection to the service came about. Nothing was sent, so sending it again is safe.',
    causes: [
      'A wrong host or port, a firewall, or a name that cannot be resolved.',
      'A certificate that is not trusted, has expired, or is for another host.',
      'The platform does not know the host: the service was deleted or moved.',
    ],
    checks: [
      'Compare the address with the service key, or "url" of the service with the address that people use.',
      'A private authority is added with NODE_EXTRA_CA_CERTS.',
    ],
    lines: ['npx flowgate doctor', 'NODE_EXTRA_CA_CERTS=/etc/ssl/company-ca.pem'],
  },
  'upstream-unavailable': {
    meaning: 'The service is not available at the moment.',
    causes: ['It restarts, is updated, or is full.'],
    checks: [
      'Wait as long as Retry-After says and send it again.',
      'If it stays so, look at the state of the service at its provider.',
    ],
    lines: ['npx flowgate doctor --service <service>'],
  },
  'upstream-timeout': {
    meaning: 'The service did not answer in time.',
    causes: ['A slow service or a long flow, or a deadline that is too short.'],
    checks: [
      'Read "detail": it names the phase and the time. The hint names the setting.',
      'If "retryable" is true, send it again. If not, look at the state before you do.',
    ],
    lines: ['limits: { timeout: 60s }', 'flows:\n  orders: { address: /http/orders, timeout: 120s }'],
  },
  'outcome-unknown': {
    meaning: 'The request was sent, and no answer of the service itself came. It may have been carried out, or not.',
    causes: [
      'The connection broke, the time ran out, or a router answered in place of the service.',
      'Flowgate never sends a start a second time by itself: that could start two workflows.',
    ],
    checks: [
      'Look whether it happened before you send it again: list the newest instances.',
      'Send starts with an Idempotency-Key, so that the answer is looked up where the engine allows it.',
    ],
    lines: [
      'curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/instances?definitionId=<id>&orderby=startedAt%20desc&top=5"',
      'curl -H "x-api-key: $KEY" "$FLOWGATE/api/<service>/instances"',
    ],
  },
} as const satisfies Record<string, ProblemText>;
