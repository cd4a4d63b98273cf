import { header, isHtml } from './answers.ts';
import { firstRefusals, lastRefusals, routerError } from './common-refusals.ts';
import type { Refusal, RefusalRule } from './operation.ts';
import { refusalProblem } from './refusal-problem.ts';

/** "occured" and "occurred" are both seen; only the id is taken, for the text may hold the flow's own data. */
const MPL_ID = /MPL ID for the failed message is\s{0,4}:\s{0,4}([A-Za-z0-9_@-]{1,80})/;

/** The id of the message processing log: from the header where the flow lets it through, else out of the text. */
function messageProcessingLogId({ answer, text }: Refusal): string | undefined {
  const named = header(answer, 'sap_messageprocessinglogid') ?? header(answer, 'sap-messageprocessinglogid');
  if (named !== undefined && /^[A-Za-z0-9_@-]{1,80}$/.test(named)) return named;
  return MPL_ID.exec(text)?.[1];
}

/** Roles among the scopes, `ESBMessaging.send`, without the prefix of their application, `it-rt-<tenant>!b12000.`. */
function rolesOf(tokenScopes: readonly string[]): string[] {
  return tokenScopes.filter((scope) => scope.includes('!')).map((scope) => scope.slice(scope.indexOf('.') + 1));
}

const wrongServicePlan: RefusalRule = {
  name: 'a token of the plan for the administration API',
  when: ({ answer, text }) => answer.status === 401 && text.includes('is not issued for these clientIds'),
  problem: (refusal) =>
    refusalProblem(refusal, 'wrong-service-plan', {
      detail: 'Flow calls need a key of a service instance with plan integration-flow; this token comes from plan api.',
      hint: 'Create an instance of Process Integration Runtime with plan integration-flow and role ESBMessaging.send, and give Flowgate its service key. Where the cockpit does not offer that service, add its entitlement to the subaccount first.',
    }),
};

const tokenRejected: RefusalRule = {
  name: 'a fresh token is refused',
  when: ({ answer }) => answer.status === 401,
  problem: (refusal) =>
    refusalProblem(refusal, 'token-rejected', {
      detail: 'The integration runtime refuses a fresh access token.',
      hint: 'Key and flow address must come from the same subaccount: compare the host with "url" of the service key.',
    }),
};

const csrfRefused: RefusalRule = {
  name: 'the flow asks for a CSRF token that it does not accept',
  when: ({ answer }) => answer.status === 403 && header(answer, 'x-csrf-token')?.toLowerCase() === 'required',
  problem: (refusal) =>
    refusalProblem(refusal, 'csrf-handshake-failed', {
      detail: 'The flow asks for a CSRF token, and the handshake brought none that it accepts. The flow has not run.',
      hint: 'Set csrf: always for this flow, so that the token is fetched first; or switch "CSRF Protected" off in the HTTPS sender of the flow, which Flowgate does not need.',
    }),
};

const roleMissing: RefusalRule = {
  name: "the sender's user role is not among the client's roles",
  when: ({ answer }) => answer.status === 403,
  problem: (refusal) => {
    const roles = rolesOf(refusal.tokenScopes);
    return refusalProblem(refusal, 'authority-missing', {
      detail: `The flow refused the OAuth client: its sender asks for a user role that the client does not hold.${roles.length > 0 ? ` The token holds: ${roles.join(', ')}.` : ''}`,
      hint: 'Compare "User Role" of the HTTPS sender (ESBMessaging.send unless changed) with "roles" of the service instance: {"grant-types":["client_credentials"],"redirect-uris":[],"roles":["ESBMessaging.send"]}. A role change takes up to 1 hour to arrive.',
    });
  },
};

const flowNotFound: RefusalRule = {
  name: 'no sender listens at this address',
  when: ({ answer }) => answer.status === 404,
  problem: (refusal) =>
    refusalProblem(refusal, 'flow-not-found', {
      detail: 'The integration runtime knows no such address.',
      hint: 'Copy the path shown under Monitor, Manage Integration Content, Endpoints into "address" of the flow. HTTPS senders live under /http/, SOAP senders under /cxf/. A fresh deployment needs up to 3 minutes.',
    }),
};

/**
 * An id of a message processing log proves that the flow has run, whatever the status. Without one, 503 is the runtime's
 * own, and a page in HTML with 502 or 504 that of a router in between.
 */
function isOfTheFlow(refusal: Refusal): boolean {
  const { answer } = refusal;
  if (routerError(refusal) !== undefined) return false;
  if (messageProcessingLogId(refusal) !== undefined) return true;
  return answer.status !== 503 && !(isHtml(answer) && (answer.status === 502 || answer.status === 504));
}

const flowFailed: RefusalRule = {
  name: 'an exception inside the flow',
  when: (refusal) => refusal.answer.status >= 500 && isOfTheFlow(refusal),
  problem: (refusal) => {
    const logId = messageProcessingLogId(refusal);
    return refusalProblem(refusal, 'flow-failed', {
      detail: 'The integration flow ended with an error; its text is withheld.',
      hint:
        logId === undefined
          ? `Look for the message under Monitor, Message Processing, at ${new Date().toISOString()}.`
          : `Search the id ${logId} under Monitor, Message Processing: it shows the step and the reason.`,
      ...(logId === undefined ? {} : { upstream: { messageProcessingLogId: logId } }),
    });
  },
};

/** Why an integration flow refused or failed, and the cure. */
export const sapIntegrationRefusals: readonly RefusalRule[] = [
  ...firstRefusals,
  wrongServicePlan,
  tokenRejected,
  csrfRefused,
  roleMissing,
  flowNotFound,
  flowFailed,
  ...lastRefusals,
];
