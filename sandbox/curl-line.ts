/** Whose rules of quoting a line follows: those of POSIX shells, or of `cmd.exe`. */
export type Shell = 'posix' | 'cmd';

/** The shell that people are likely to paste into. */
export function usualShell(platform: NodeJS.Platform): Shell {
  return platform === 'win32' ? 'cmd' : 'posix';
}

/** Where lines for a shell are pasted, in words. */
export function placeToPaste(shell: Shell): string {
  return shell === 'cmd' ? 'another terminal with cmd.exe (PowerShell reads quotes otherwise)' : 'another terminal';
}

/** Words that every shell leaves as they are. */
const PLAIN = /^[\w./:=@,-]+$/;

/** A line that calls curl with these arguments, ready to be pasted. */
export function curlLine(args: readonly string[], shell: Shell): string {
  const quote = shell === 'cmd' ? cmdQuoted : posixQuoted;
  return ['curl', ...args.map((arg) => (PLAIN.test(arg) ? arg : quote(arg)))].join(' ');
}

function posixQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * As programs take their command line apart on Windows: `\"` is a quote, and backslashes count only before one
 * (learn.microsoft.com, "Parsing C command-line arguments").
 */
function cmdQuoted(text: string): string {
  const escaped = text.replaceAll(/(\\*)"/g, String.raw`$1$1\"`).replace(/\\+$/, (slashes) => slashes + slashes);
  return `"${escaped}"`;
}
