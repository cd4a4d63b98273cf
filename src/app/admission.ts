import type { Request, Response } from 'express';
import type { Caller } from '../callers/caller.ts';
import type { Callers } from '../callers/callers.ts';
import { addressKey } from '../callers/client-address.ts';
import type { WebOrigins } from '../callers/web-origins.ts';
import { localsOf } from './exchange.ts';

/** Says who sends a request and lets it in, or throws the problem that says why not. */
export type Admission = (request: Request, response: Response) => Promise<Caller>;

/**
 * What every route behind a credential asks first: who is it (400, 401, 429, 503), may it write from this web origin
 * (403) or see what it reads, and has it anything left of its rate (429).
 */
export function createAdmission(callers: Callers, origins: WebOrigins): Admission {
  return async (request, response) => {
    // Express looks only at as many forwarded addresses as there are trusted proxies, from the end.
    const caller = await callers.authenticate(request.headers, addressKey(request.ip));
    localsOf(response).record.caller = caller.name;
    origins.checkCaller(caller, request, response);
    await caller.rate?.take(response);
    return caller;
  };
}
