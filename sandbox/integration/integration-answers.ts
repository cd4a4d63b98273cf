import { htmlAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';

const xml = { 'Content-Type': 'application/xml' } as const;

/** No token, or one that the runtime cannot read. */
export const noAuthentication: Answer = {
  status: 401,
  headers: xml,
  body:
    '<UnauthorizedException><error>unauthorized</error><error_description>An Authentication object was not found ' +
    'in the SecurityContext</error_description></UnauthorizedException>',
};

/**
 * A token of another service plan. The description is the service's; only that was ever reported, so the element
 * around it is an assumption.
 *
 * @param audience of the token
 * @param tenant of the runtime
 */
export function wrongAudience(audience: readonly string[], tenant: string): Answer {
  const runtime = `it-rt-${tenant}!b12000`;
  const description =
    `Jwt token with audience [${audience.join(', ')}] is not issued for these clientIds: ` +
    `[sb-${runtime}, ${runtime}].`;
  return {
    status: 401,
    headers: xml,
    body:
      '<UnauthorizedException><error>unauthorized</error>' +
      `<error_description>${description}</error_description></UnauthorizedException>`,
  };
}

/** The sender's role is not among those of the service instance: no CSRF header here. */
export const roleMissing: Answer = tomcatPage(403, 'Forbidden');

/** No sender listens at this address. */
export const noSuchAddress: Answer = tomcatPage(404, 'Not Found');

/** What failed inside the flow, in the service's own spelling. @param mplId the id of the message's processing log */
export function flowFailure(mplId: string, exceptionText = ''): Answer {
  return {
    status: 500,
    headers: { 'Content-Type': 'text/plain' },
    body: `${exceptionText}An internal server error occured: The MPL ID for the failed message is : ${mplId}`,
  };
}

/** The error page of the web server under the runtime. */
export function tomcatPage(status: number, title: string, headers: Answer['headers'] = {}): Answer {
  const heading = `HTTP Status ${status} – ${title}`;
  return htmlAnswer(
    status,
    `<!doctype html><html lang="en"><head><title>${heading}</title></head><body><h1>${heading}</h1><hr class="line" />` +
      '<p><b>Type</b> Status Report</p></body></html>',
    { 'Content-Language': 'en', ...headers },
  );
}
