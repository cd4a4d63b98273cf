import { Problem } from '../problems/problem.ts';
import { isJson, parseJson } from './answers.ts';
import type { FollowUp, Offer, Refusal } from './operation.ts';

/**
 * Says why a service refused, by the rules of its kind.
 *
 * @param followUp for rules that need to ask once more
 */
export async function explainRefusal(
  { service, refusalRules }: Offer,
  refused: Omit<Refusal, 'service' | 'text' | 'json'>,
  followUp: FollowUp,
): Promise<Problem> {
  const { answer } = refused;
  const text = answer.body.toString('utf8');
  const refusal: Refusal = {
    ...refused,
    service,
    text,
    json: isJson(answer) || looksLikeJson(text) ? parseJson(answer) : undefined,
  };
  const rule = refusalRules.find((candidate) => candidate.when(refusal));
  return (
    (await rule?.problem(refusal, followUp)) ??
    new Problem('upstream-protocol-error', {
      service,
      detail: `The service answered with status ${answer.status}, which is not expected here.`,
      hint: 'The address of the service may lead to something else than its API. Compare it with the service key.',
      upstream: { status: answer.status },
    })
  );
}

/** Some refusals are JSON without saying so; a byte order mark counts as a blank. */
function looksLikeJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}
