import { noAuthentication } from '../integration/integration-answers.ts';
import { requests, type SandboxProblems } from './sandbox-problem.ts';

const usualFlows = 'product-details=/http/products,orders=/http/orders';

/** What integration flows refuse or fail at. */
export const flowProblems = {
  'flow-of-another-subaccount': {
    kind: 'request',
    symptom: '401 "An Authentication object was not found in the SecurityContext"',
    breaks: ({ control }) =>
      control.answer({
        upstream: 'integration',
        status: 401,
        headers: { 'Content-Type': 'application/xml' },
        body: String(noAuthentication.body),
      }),
    request: requests.product,
    expect: { status: 502, code: 'token-rejected' },
  },
  'csrf-protected': {
    kind: 'request',
    symptom: '403 with a page of HTML on POST: the sender is protected against CSRF; mended, nobody sees it',
    request: requests.order,
    expect: { status: 201 },
  },
  'csrf-handshake-fails': {
    kind: 'request',
    symptom: 'The sender asks for a CSRF token and accepts none',
    breaks: ({ control }) =>
      control.answer({
        upstream: 'integration',
        method: 'POST',
        status: 403,
        headers: { 'Content-Type': 'text/html', 'X-CSRF-Token': 'Required' },
        body: '<html><body>CSRF token validation failed</body></html>',
      }),
    request: requests.order,
    expect: { status: 502, code: 'csrf-handshake-failed' },
  },
  'flow-role-missing': {
    kind: 'request',
    symptom: "403 without a CSRF header: the sender's user role is not among the client's",
    settings: () => ({ env: { INTEGRATION_FLOWS: `${usualFlows},denied=/http/denied` } }),
    request: { ...requests.product, path: '/api/integration/flows/denied' },
    expect: { status: 502, code: 'authority-missing' },
  },
  'flow-fails': {
    kind: 'request',
    symptom: '500 "The MPL ID for the failed message is ..."',
    settings: () => ({ env: { INTEGRATION_FLOWS: `${usualFlows},failing=/http/failing-with-exception` } }),
    request: { ...requests.product, path: '/api/integration/flows/failing' },
    expect: { status: 502, code: 'flow-failed' },
  },
  'flow-address-wrong': {
    kind: 'request',
    symptom: '404 although the flow is started: another address, or /http in place of /cxf',
    settings: () => ({ env: { INTEGRATION_FLOWS: `${usualFlows},soap=/http/soap-orders` } }),
    request: { ...requests.product, path: '/api/integration/flows/soap' },
    expect: { status: 502, code: 'flow-not-found' },
  },
  'flow-host-wrong': {
    kind: 'request',
    symptom: '404 of the platform: the host of the runtime does not exist',
    breaks: ({ control }) => control.unknownRoute({ upstream: 'integration' }),
    request: requests.product,
    expect: { status: 502, code: 'upstream-unreachable' },
  },
  'flow-slow': {
    kind: 'request',
    symptom: 'A long flow breaks off, and may have run',
    settings: () => ({ file: 'limits: { timeout: 1s }\n' }),
    breaks: ({ control }) => control.slow({ upstream: 'integration', ms: 1500 }),
    request: requests.product,
    expect: { status: 504, code: 'outcome-unknown' },
  },
  'flow-headers': {
    kind: 'request',
    symptom: "The flow's internal headers: they stay here, only listed ones pass",
    request: requests.product,
    expect: { status: 200 },
  },
} as const satisfies SandboxProblems;
