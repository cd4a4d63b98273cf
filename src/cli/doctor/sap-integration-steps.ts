import { API_PLAN_FAULT } from '../../config/api-plan.ts';
import { SENDER_ROLE } from '../../services/sap-integration.ts';
import { failed, ok, warning } from './finding.ts';
import { flows } from './flow-findings.ts';
import type { Patient } from './patient.ts';
import type { Step } from './run-steps.ts';
import { audiencesOf } from './token-facts.ts';

const roles: Step<Patient> = {
  name: 'roles',
  limitMs: 1_000,
  skip: ({ token }) => (token === undefined ? 'not compared: there is no token' : undefined),
  async run({ token }) {
    const scopes = token?.scopes ?? [];
    if (scopes.length === 0)
      return [
        warning(
          'roles',
          'The token names no roles, so they could not be compared.',
          `See what the flows below answer. Senders ask for ${SENDER_ROLE} unless their "User Role" was changed.`,
        ),
      ];
    const isHeld = scopes.some((scope) => scope === SENDER_ROLE || scope.endsWith(`.${SENDER_ROLE}`));
    return [
      isHeld
        ? ok('roles', `the client has ${SENDER_ROLE}`)
        : warning(
            'roles',
            `The client has no ${SENDER_ROLE}, which senders ask for unless their "User Role" was changed.`,
            `Set it with the parameters of the service instance, {"grant-types":["client_credentials"],"redirect-uris":[],"roles":["${SENDER_ROLE}"]}; a change takes up to 1 hour to arrive.`,
          ),
    ];
  },
};

const plan: Step<Patient> = {
  name: 'plan',
  limitMs: 1_000,
  skip: ({ token }) => (token === undefined ? 'not known: there is no token' : undefined),
  async run({ token }) {
    const audiences = audiencesOf(token);
    if (audiences.some((audience) => /^it!b\d+$/.test(audience)))
      return [failed('plan', `The key ${API_PLAN_FAULT.problem}.`, API_PLAN_FAULT.cure)];
    if (audiences.some((audience) => audience.startsWith('it-rt-'))) return [ok('plan', 'integration-flow')];
    return [
      warning(
        'plan',
        'The token does not say that it is for an integration runtime.',
        `If flows answer 401: ${API_PLAN_FAULT.cure}`,
      ),
    ];
  },
};

export const sapIntegrationSteps: readonly Step<Patient>[] = [roles, plan, flows];
