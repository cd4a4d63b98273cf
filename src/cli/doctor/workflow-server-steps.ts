import type { BufferedAnswer } from '../../forward/upstream-request.ts';
import { Problem } from '../../problems/problem.ts';
import { workflowServerApi } from '../../services/workflow-server-api.ts';
import { readEnvelope } from '../../services/workflow-server-envelope.ts';
import { unverifiedClaims } from '../../tokens/unverified-claims.ts';
import { askService, readOperation } from './ask-service.ts';
import { failed, ok, skipped, warning } from './finding.ts';
import { grantedOperations, listed, neededAuthorities } from './needed-authorities.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';
import { isReadable } from './token-facts.ts';

/** Tokens of 9.0 and later may hold one such claim for each operation that they allow. */
const PERMISSION = 'WorkflowApiPermissions';

const permissions: Step<Patient> = {
  name: 'permissions',
  limitMs: 1_000,
  skip: ({ service, token }) =>
    service.token !== undefined && token === undefined ? 'not compared: there is no token' : undefined,
  async run({ offer, config, token }) {
    if (token !== undefined && !isReadable(token))
      return [skipped('permissions', 'not compared: the token can be read by the server alone')];
    const claims = token === undefined ? {} : unverifiedClaims(token.value);
    const held = Object.keys(claims).filter((name) => name.startsWith(PERMISSION));
    if (held.length === 0) return [ok('permissions', 'the token names none, so it opens every operation')];
    const needed = neededAuthorities(grantedOperations(offer, config));
    const missing = [...needed.keys()].filter((name) => !held.includes(name));
    if (missing.length === 0) return [ok('permissions', `all ${needed.size} that the callers' routes need are there`)];
    const cure = `Allow ${missing.join(', ')} for this client in the settings of the server.`;
    return [failed('permissions', `The token lacks ${listed(needed, missing)}.`, cure)];
  },
};

const api: Step<Patient> = {
  name: 'API',
  limitMs: 4_000,
  skip: whyNotAsked,
  async run(patient, limitMs) {
    await readOperation(patient, 'list-definitions', [], limitMs);
    return [ok('API', 'answers list-definitions')];
  },
};

/** How it refuses a request without a token, or with one it does not know: a 500 there. */
const REFUSALS = new Set([401, 403, 500]);

/** By default the Workflow API is open to everybody (workflowserver.io, "Workflow API"). */
const closed: Step<Patient> = {
  name: 'closed',
  limitMs: 4_000,
  skip: ({ usableService }) => (usableService ? undefined : 'not asked: its host cannot be reached'),
  async run(patient, limitMs) {
    const request = workflowServerApi({ accessToken: undefined })('getschemelist');
    const answer = await answerOrNothing(askService({ ...patient, token: undefined }, request, limitMs));
    if (answer === undefined) return [ok('closed', 'a request without a token gets no answer')];
    const envelope = readEnvelope(answer);
    if (envelope === undefined && !REFUSALS.has(answer.status))
      return [skipped('closed', 'not known: what answers is not the Workflow API')];
    if (envelope?.success !== true) return [ok('closed', 'a request without a token is refused')];
    return [
      warning(
        'closed',
        'The server answers without a token: whoever reaches it can do everything with every process.',
        'Switch on "Use OpenId Connect for token access" in the settings of the server, and let nobody but Flowgate reach it.',
      ),
    ];
  },
};

async function answerOrNothing(answer: Promise<BufferedAnswer>): Promise<BufferedAnswer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

export const workflowServerSteps: readonly Step<Patient>[] = [permissions, api, closed];
