import type { ServiceConfig } from '../../config/config.ts';
import type { Operation } from '../../services/operation.ts';
import { scopeNames } from '../../services/refusal-problem.ts';
import { authoritiesJson, heldAuthorities } from '../../services/sap-workflow-authorities.ts';
import { failed, ok, warning, type Finding } from './finding.ts';
import { grantedOperations, listed, neededAuthorities } from './needed-authorities.ts';
import type { Patient } from './patient.ts';

const STEP = 'authorities';
const ADMIN = 'ProcessAutomationAdmin';
const PARTICIPANT = 'ProcessAutomationParticipant';

/** What the token holds, against what the operations need that some caller is granted. */
export function compareAuthorities(patient: Patient): Finding {
  const { offer, config, token, service } = patient;
  const scopes = token?.scopes ?? [];
  const granted = grantedOperations(offer, config);
  const needed = neededAuthorities(granted);
  const held = heldAuthorities(scopes);
  const missing = [...needed.keys()].filter((authority) => !held.includes(authority));
  if (missing.length === 0) return ok(STEP, `all ${needed.size} that the callers' routes need are there`);
  if (held.length === 0 && isProcessAutomation(service)) return compareRoles(granted, scopeNames(scopes));
  if (scopes.length === 0)
    return warning(
      STEP,
      'The token does not tell what the client may do, so nothing could be compared.',
      `The callers' routes need ${listed(needed, missing)}. Compare them with "authorities" of the service instance before you change it: the list replaces the old one.`,
    );
  return failed(
    STEP,
    `The client lacks ${listed(needed, missing)}.`,
    `The list replaces the old one, so this is the whole of it: cf update-service ${instanceName(service)} -c '${authoritiesJson(held, missing)}'`,
  );
}

/** Process automation asks for roles: a participant may start, and the rest is for administrators (api.sap.com). */
function compareRoles(granted: readonly Operation[], names: readonly string[]): Finding {
  const held = names.filter((name) => name === ADMIN || name === PARTICIPANT);
  if (held.length === 0)
    return warning(
      STEP,
      'The token names no authorities of the workflow API, so they cannot be compared.',
      `In process automation the client needs the role ${PARTICIPANT} to start, and ${ADMIN} for the rest.`,
    );
  const forAdmins = granted.find(({ id }) => !id.startsWith('start-'));
  if (held.includes(ADMIN) || forAdmins === undefined)
    return ok(STEP, `the client has ${[...new Set(held)].join(', ')}`);
  return failed(
    STEP,
    `The client lacks the role ${ADMIN} (for ${forAdmins.method} ${forAdmins.path}); ${PARTICIPANT} is for starting alone.`,
    `Give the client the role ${ADMIN} in process automation, or leave starting alone in "allow" of the callers.`,
  );
}

/** Its gateway has the API below `/workflow/rest` or `/public/workflow/rest`. */
function isProcessAutomation(service: ServiceConfig): boolean {
  return service.kind === 'sap-workflow' && !service.apiUrl.includes('/workflow-service/');
}

/** What `cf` calls the service: the name of its binding, where it comes from one. */
function instanceName({ source }: ServiceConfig): string {
  return /^binding ([\w.-]+)$/.exec(source)?.[1] ?? '<instance>';
}
