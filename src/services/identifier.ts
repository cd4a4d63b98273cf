import type { ParamPattern } from './operation.ts';

/**
 * What a path parameter is unless its operation says otherwise. Identifiers of definitions, instances and tasks: no engine
 * uses more, and no character here means anything in a URL.
 */
export const identifier: ParamPattern = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
  takes: '1 to 255 letters, digits, dots, hyphens and underscores, and begins with a letter or digit',
};
