import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/** How many bytes of log lines wait in memory before they are written: one write for some thirty requests. */
const BUFFER_BYTES = 15 * 1024;

/** For how long at most, milliseconds. */
const FLUSH_EVERY_MS = 1000;

/** How many wait while nobody takes them. What is more is lost: a log that is not read must not use up the memory. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * Names and codes of errors are words, or written like `ECONNRESET` or, by OAuth, `invalid_client`; a longer or odder
 * text may hold anything.
 */
const WORD = /^(?:[A-Za-z][A-Za-z-]{0,39}|[A-Z][A-Z0-9_]{0,63}|[a-z]{2,20}(?:_[a-z]{2,20}){1,3})$/;

const MAX_FRAMES = 6;
const MAX_CAUSES = 4;

/**
 * The log: one JSON object a line with `time`, `level` and `msg`.
 *
 * Errors are written as an allow-list of fields: libraries hang requests, headers and credentials on their errors, and
 * a deny-list would miss the next one. Objects that are not errors are logged only field by field, by our own code.
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: safeError, error: safeError },
    },
    destination ??
      pino.destination({
        dest: 1,
        sync: false,
        minLength: BUFFER_BYTES,
        maxLength: MAX_WAITING_BYTES,
        periodicFlush: FLUSH_EVERY_MS,
      }),
  );
}

/**
 * The fields of an error that may be written: its class, its code, the status of the answer that it is about, and where
 * it was thrown; never its message.
 */
export function safeError(error: unknown): Record<string, unknown> {
  return describe(error, MAX_CAUSES);
}

function describe(error: unknown, causesLeft: number): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, code, phase, reason, status } = error as Error & Readonly<Record<string, unknown>>;
  const words = Object.entries({ name, code, phase, reason }).filter(([, word]) => isWord(word));
  return {
    ...Object.fromEntries(words),
    ...(isStatus(status) ? { status } : {}),
    at: frames(error),
    ...(error.cause instanceof Error && causesLeft > 0 ? { cause: describe(error.cause, causesLeft - 1) } : {}),
  };
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && WORD.test(value);
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;
}

/** The first frames of a stack, without the message, which may span lines, look like a frame, and hold anything. */
function frames({ stack = '', message }: Error): string[] {
  const start = stack.indexOf(message);
  if (start === -1) return [];
  return stack
    .slice(start + message.length)
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());
}
