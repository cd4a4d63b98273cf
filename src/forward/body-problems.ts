import { Problem } from '../problems/problem.ts';

export function bodyTooLarge(): Problem {
  return new Problem('payload-too-large', {
    detail: 'The body is larger than this route accepts.',
    hint: 'Send less. The operator sets the limit: limits.body, or maxBody of a flow, an operation or a service.',
  });
}

export function bodyBrokeOff(cause?: unknown): Problem {
  return new Problem('invalid-body', {
    detail: 'The body ended before it was complete.',
    hint: 'Send the whole body on one connection, as long as Content-Length says or with its last chunk.',
    cause,
  });
}

export function bodyStalled(): Problem {
  return new Problem('invalid-body', {
    detail: 'The body did not arrive in time.',
    hint: 'Send the body without long pauses: have it ready before the request begins.',
  });
}
