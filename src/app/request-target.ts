import { Problem } from '../problems/problem.ts';

/** A longer target is refused with 414 (RFC 9110, section 15.5.15). */
const MAX_TARGET_LENGTH = 4096;

/** Where a request goes, as it was sent: nothing is normalised, so that every check sees the same path. */
export interface RequestTarget {
  /** The segments between the slashes, still encoded; of `/` one empty segment. */
  readonly segments: readonly string[];
  /** Without the `?`. */
  readonly query: string;
}

/**
 * Reads a request target in origin form (RFC 9112, section 3.2.1).
 *
 * @throws {Problem} `invalid-request` for any other form, a fragment, or a backslash
 */
export function parseTarget(target: string): RequestTarget {
  if (target.length > MAX_TARGET_LENGTH)
    throw invalid(414, 'The URL is too long.', `Send at most ${MAX_TARGET_LENGTH} characters.`);
  if (!target.startsWith('/'))
    throw invalid(400, 'The request target is not a path.', 'Send a path that begins with a slash.');
  if (target.includes('#') || target.includes('\\'))
    throw invalid(400, 'The URL holds a "#" or a backslash.', 'Encode them as %23 and %5C.');
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  return { segments: path.slice(1).split('/'), query: question === -1 ? '' : target.slice(question + 1) };
}

/**
 * Decodes one path segment, once.
 *
 * @throws {Problem} `invalid-request` for a broken percent-encoding
 */
export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid(
      400,
      'The path holds a broken percent-encoding.',
      'Encode each segment as UTF-8, a percent sign as %25.',
    );
  }
}

function invalid(status: number, detail: string, hint: string): Problem {
  return new Problem('invalid-request', { status, detail, hint });
}
