import type { Fault } from './checked.ts';

/** Why a key of the administration API cannot be used for flows. */
export const API_PLAN_FAULT: Fault = {
  problem: 'is of plan api, which reads monitoring data and cannot call flows',
  cure: 'Use a key of an instance of Process Integration Runtime with plan integration-flow. Where the cockpit does not offer that service, add its entitlement to the subaccount first.',
};

/**
 * Whether a client of SAP Cloud Integration belongs to plan `api`: its plan says so, its id ends with `|it!b` and digits,
 * or its address is the tenant's own instead of the runtime's (`it-cpi001` instead of `it-cpi001-rt`).
 */
export function isApiPlan(facts: {
  readonly plan: string | undefined;
  readonly clientId: string | undefined;
  readonly url: string | undefined;
}): boolean {
  return (
    facts.plan === 'api' ||
    /\|it!b\d+$/.test(facts.clientId ?? '') ||
    /^https?:\/\/[^./]+\.it-cpi[a-z0-9]*\./i.test(facts.url ?? '')
  );
}
