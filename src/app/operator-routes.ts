import type { Request, Response } from 'express';
import type { Caller } from '../callers/caller.ts';
import { Problem } from '../problems/problem.ts';
import type { Admission } from './admission.ts';
import { localsOf, type Handle } from './exchange.ts';
import { refuseWrites } from './read-only.ts';

/** What a route for operators answers. */
export interface OperatorAnswer {
  readonly contentType: string;
  readonly body: string;
}

/**
 * A route beside `/api` for those who run this server: it is read only, and callers are granted it by its name alone. The
 * order of the checks is that of `/api`: credential, method, grant.
 *
 * @param path of one segment, such as `/metrics`
 */
export function operatorRoute(
  path: string,
  admit: Admission,
  answer: () => OperatorAnswer | Promise<OperatorAnswer>,
): Handle {
  return async (request: Request, response: Response) => {
    const { record } = localsOf(response);
    record.route = path;
    const caller = await admit(request, response);
    refuseWrites(request);
    checkGrant(caller, path);
    const { contentType, body } = await answer();
    const bytes = Buffer.from(body);
    record.bytesOut = bytes.length;
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', bytes.length);
    response.end(bytes);
  };
}

function checkGrant({ name, grants }: Caller, path: string): void {
  if (grants.allows('GET', path.slice(1).split('/'))) return;
  throw new Problem('forbidden', {
    detail: `The caller ${name} may not call this route.`,
    hint: `Its "allow" list in the configuration needs the entry "GET ${path}": it is granted by name alone.`,
  });
}
