import type { ParamPattern } from './operation.ts';

/**
 * Any one segment of a path. Not among them: what a server behind might take for two segments or decode once more, and
 * dots that lead elsewhere, also before a semicolon, which servers that know path parameters drop first, and among blanks
 * and further dots, which those on Windows drop.
 */
export const anySegment: ParamPattern = {
  pattern: /^(?! *\.[. ]*(?:;|$))[^\p{Cc}/\\%]{1,255}$/u,
  takes:
    '1 to 255 characters, none of them a slash, a backslash, a percent sign or a control character, and is not of dots alone, or of dots and blanks',
};
