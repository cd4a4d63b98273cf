import type { FlowConfig, FlowMethod, SapIntegrationConfig } from '../config/config.ts';
import { flowAnswerHeaders, flowRequestHeaders, requestHeaders } from '../forward/headers.ts';
import type { AnswerHead } from '../forward/upstream-request.ts';
import { header, isHtml } from './answers.ts';
import type { ForwardOperation, LocalOperation, Offer, OperationInput } from './operation.ts';
import { formatQuery } from './query.ts';
import { sapIntegrationRefusals } from './sap-integration-refusals.ts';

/** The role of a sender, unless its flow was given another (help.sap.com, "Client Roles"). */
export const SENDER_ROLE = 'ESBMessaging.send';

/** SAP Cloud Integration: the flows that the configuration names, and nothing else of the runtime. */
export function sapIntegration(service: SapIntegrationConfig): Offer {
  return {
    service: service.name,
    operations: [listFlows(service), ...service.flows.flatMap(flowOperations)],
    refusalRules: sapIntegrationRefusals,
    // A 500 is one flow's own; the others run on the same runtime, and are not to suffer for it.
    isInTrouble: ({ status }) => status > 500,
  };
}

function listFlows({ name: service, flows }: SapIntegrationConfig): LocalOperation {
  return {
    kind: 'local',
    id: 'list-flows',
    method: 'GET',
    path: '/flows',
    summary: 'Lists the integration flows that this caller may call',
    effect: 'read',
    authorities: [],
    query: { kind: 'none' },
    body: { kind: 'none' },
    status: 200,
    answer({ mayCall }) {
      const callable = flows
        .map((flow) => ({ flow, path: `/api/${service}/flows/${flow.name}` }))
        .map(({ flow, path }) => ({
          name: flow.name,
          path,
          // `*` stands for any one segment below: whoever may call that may call the flow.
          methods: flow.methods.filter(
            (method) => mayCall(method, path) || (flow.subpaths && mayCall(method, `${path}/*`)),
          ),
          subpaths: flow.subpaths,
        }))
        .filter(({ methods }) => methods.length > 0);
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(callable)),
      };
    },
  };
}

function flowOperations(flow: FlowConfig): ForwardOperation[] {
  return flow.methods.flatMap((method) => {
    const one = flowOperation(flow, method, '');
    return flow.subpaths ? [one, flowOperation(flow, method, '/**')] : [one];
  });
}

function flowOperation(flow: FlowConfig, method: FlowMethod, below: '' | '/**'): ForwardOperation {
  const allowed = new Set([...flowRequestHeaders, ...flow.headers]);
  return {
    kind: 'forward',
    id: `${method.toLowerCase()}-flow-${flow.name}${below === '' ? '' : '-below'}`,
    method,
    path: `/flows/${flow.name}${below}`,
    summary: `Calls the integration flow ${flow.name}${below === '' ? '' : ', below its address'}`,
    effect: effectOf(flow, method),
    repeatable: flow.idempotent,
    authorities: [SENDER_ROLE],
    query: { kind: 'pass' },
    body: method === 'GET' ? { kind: 'none' } : { kind: 'stream', maxBytes: flow.maxBodyBytes },
    status: 200,
    passes: (head) => passesFlowAnswer(head, flow.passErrors),
    answerHeaders: [...flowAnswerHeaders, ...flow.responseHeaders],
    timeout: { ms: flow.timeoutMs, setting: `timeout of the flow ${flow.name}, or limits.timeout` },
    ...(flow.csrf === 'off' ? {} : { csrf: { mode: flow.csrf, endpoint: flow.address } }),
    toRequest: (input: OperationInput) => ({
      method,
      path: `${flow.address}${below === '' ? '' : `/${input.params['rest'] ?? ''}`}${formatQuery(input.query)}`,
      headers: requestHeaders(input.headers, allowed),
    }),
  };
}

function effectOf(flow: FlowConfig, method: FlowMethod): ForwardOperation['effect'] {
  if (method === 'GET') return 'read';
  return flow.idempotent ? 'change' : 'start';
}

/**
 * A flow answers with any status it likes, and that is the caller's. Not the flow's own are redirects, what is said of
 * our credentials, what the platform's router says, and Tomcat's page for an address that it does not know.
 */
function passesFlowAnswer(head: AnswerHead, passErrors: boolean): boolean {
  const { status } = head;
  if (status < 200 || (status >= 300 && status < 400)) return false;
  if (status === 401 || status === 403 || status === 429) return false;
  if (header(head, 'x-cf-routererror') !== undefined) return false;
  if (status === 404 && isHtml(head)) return false;
  return status < 500 || passErrors;
}
