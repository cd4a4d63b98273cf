import { Problem } from '../problems/problem.ts';

const LONGEST_WAIT_S = 5;

export function inFlight(remainingMs: number): Problem {
  return new Problem('idempotency-in-flight', {
    detail: 'A request with this Idempotency-Key is still running.',
    hint: 'Send the same request again after the seconds in Retry-After: it gets the answer of the first one.',
    retryAfterSeconds: Math.min(LONGEST_WAIT_S, Math.max(1, Math.ceil(remainingMs / 1000))),
  });
}

export function keyReused(): Problem {
  return new Problem('idempotency-key-reused', {
    detail: 'Another request was sent under this Idempotency-Key: its body, content type, path or query was different.',
    hint: 'Use a new key for each new request, and the same key only to repeat one byte for byte.',
  });
}

export function storeUnavailable(cause: unknown): Problem {
  return new Problem('store-unavailable', {
    detail: 'The record of keys is not reachable; sending without it could start twice. Nothing was sent.',
    hint: 'Send the request again after the seconds in Retry-After. Requests without an Idempotency-Key are not affected.',
    cause,
  });
}

export function reservationLost(): Problem {
  return new Problem('idempotency-in-flight', {
    detail:
      'This request took so long before it could be sent that its reservation of the Idempotency-Key ran out. It was not sent.',
    hint: 'Send the same request again after the seconds in Retry-After.',
    retryAfterSeconds: 1,
  });
}

/** The first run of the request ended without telling how. */
export function endUnknown(service: string): Problem {
  return new Problem('outcome-unknown', {
    service,
    detail:
      'An earlier request with this Idempotency-Key was sent, and how it ended was never noted: it may have been carried out.',
    hint: 'Look whether it happened. If it did not, send it again under a new key.',
  });
}

/** The first run of the request is over, but its answer cannot be read any more. */
export function answerUnreadable(service: string): Problem {
  return new Problem('outcome-unknown', {
    service,
    detail: 'An earlier request with this Idempotency-Key has been answered, but its answer cannot be read any more.',
    hint: 'Look at what it did. The record was sealed with another FLOWGATE_ENCRYPTION_KEY.',
  });
}
