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
  const addressOf = rememberedAddress();
  return async (request, response) => {
    const caller = await callers.authenticate(request.headers, addressOf(request));
    localsOf(response).record.caller = caller.name;
    origins.checkCaller(caller, request, response);
    await caller.rate?.take(response);
    return caller;
  };
}

/** How many pairs of a connection's address and a header are remembered. */
const MOST_ADDRESSES = 1_000;
/** Callers can send longer headers; those are read each time. */
const MAX_SOURCE_LENGTH = 200;

/** The address of a client, read once from the same connection's address and the same header. */
function rememberedAddress(): (request: Request) => string {
  const known = new Map<string, string>();
  return (request) => {
    const forwarded = request.headers['x-forwarded-for'];
    const { remoteAddress = '' } = request.socket;
    const source = forwarded === undefined ? remoteAddress : `${remoteAddress} ${String(forwarded)}`;
    const remembered = known.get(source);
    if (remembered !== undefined) return remembered;
    // Express looks only at as many forwarded addresses as there are trusted proxies, from the end.
    const address = addressKey(request.ip);
    if (known.size >= MOST_ADDRESSES) known.clear();
    if (source.length <= MAX_SOURCE_LENGTH) known.set(source, address);
    return address;
  };
}
