/** What a command ends with, as sysexits.h has it. */
export const EXIT = {
  ok: 0,
  /** The command ran, and what it looked at is not in order. */
  failed: 1,
  /** EX_USAGE: the command was called in a wrong way. */
  usage: 64,
  /** EX_DATAERR: a file is not what the command can read. */
  data: 65,
  /** EX_NOINPUT: a file is not there, or may not be read. */
  noInput: 66,
  /** EX_CANTCREAT: the output cannot be written, or would overwrite a file. */
  cannotCreate: 73,
  /** EX_CONFIG: the configuration has problems. */
  configuration: 78,
} as const;
