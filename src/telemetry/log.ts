import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/** How many bytes of log lines wait in memory before they are written. */
const BUFFER_BYTES = 4096;

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
    destination ?? pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES }),
  );
}

/** The fields of an error that may be written: its class, its code, and where it was thrown; never its message. */
export function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, phase, reason } = error as { code?: unknown; phase?: unknown; reason?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof phase === 'string' ? { phase } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    at: frames(error.stack),
    ...(error.cause instanceof Error ? { cause: safeError(error.cause) } : {}),
  };
}

/** The first own frames of a stack, without the message, which may span lines and hold anything. */
function frames(stack: string | undefined): string[] {
  if (stack === undefined) return [];
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6)
    .map((line) => line.trim());
}
