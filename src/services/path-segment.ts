import type { ParamPattern } from './operation.ts';

/**
 * Any one segment of a path. Not among them: what a server behind might take for two segments or decode once more, and
 * dots that lead elsewhere, also before a semicolon: servers that know path parameters drop these first.
 */
export const anySegment: ParamPattern = {
  pattern: /^(?!\.\.?(?:;|$))[^\p{Cc}/\\%]{1,255}$/u,
  takes:
    '1 to 255 characters, none of them a slash, a backslash, a percent sign or a control character, and does not begin with "." or ".." alone',
};
