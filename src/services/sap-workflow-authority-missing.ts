import type { Problem } from '../problems/problem.ts';
import type { Refusal } from './operation.ts';
import { doing, refusalProblem } from './refusal-problem.ts';
import { authoritiesJson, heldAuthorities } from './sap-workflow-authorities.ts';
import { callersError, isRuntimeAnswer } from './sap-workflow-error.ts';

/** Which authority is missing, which are there, and the whole JSON that adds it. */
export function authorityMissing(refusal: Refusal): Problem {
  const needed = refusal.operation.authorities;
  const held = heldAuthorities(refusal.tokenScopes);
  const missing = needed.filter((authority) => !held.includes(authority));
  const refused = `The ${refusal.service} service refused to ${doing(refusal)}`;
  if (missing.length === 0)
    return refusalProblem(refusal, 'authority-missing', {
      upstream: callersError(refusal),
      detail: `${refused}, although the token holds ${needed.join(', ')}.`,
      hint: `${inFrontHint(refusal)}The resource may belong to another client: "defaultCollectionQueryFilter" of the service instance decides what it sees. In process automation, the client needs the role ProcessAutomationParticipant to start and ProcessAutomationAdmin for the rest.`,
    });
  return refusalProblem(refusal, 'authority-missing', {
    upstream: callersError(refusal),
    detail: `${refused}: the client has no ${missing.join(', ')}.${held.length > 0 ? ` It has ${held.join(', ')}.` : ''}`,
    hint: `Add it to "authorities" of the service instance (the list replaces the old one): save ${authoritiesJson(held, missing)} as config.json and run cf update-service <instance> -c config.json. Flowgate fetches a new token by itself.${held.length === 0 ? processAutomationHint(refusal) : ''}`,
  });
}

/** A page in place of the runtime's own JSON, while the token has what is needed: somebody in between may have refused. */
function inFrontHint(refusal: Refusal): string {
  return refusal.answer.body.length > 0 && !isRuntimeAnswer(refusal)
    ? 'What answered is not the workflow API itself: ask whether a proxy or a firewall in front of it refuses this machine. '
    : '';
}

/** Process automation asks for roles; a client of the Workflow service holds some authority at least. */
function processAutomationHint({ operation }: Refusal): string {
  const role = operation.id.startsWith('start-') ? 'ProcessAutomationParticipant' : 'ProcessAutomationAdmin';
  return ` Process automation has no such authorities: there the client needs the role ${role}.`;
}
