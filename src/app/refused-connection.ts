import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../telemetry/log.ts';
import { ALL_METHODS } from './strict-request.ts';

/** The statuses of what Node's parser refuses; everything else that it refuses is a 400. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Ends a connection on which something came that is no request, or no whole one in time. The answer is bare: there is
 * no request to which a problem could belong.
 *
 * @param error of Node's parser. It holds the bytes that came, so nothing but its code may be written anywhere
 * @param latest the answer to the last request that came whole on this connection
 */
export function refuseUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  latest: ServerResponse | undefined,
  log: Log,
): void {
  const { code = '' } = error;
  if (!isRefusal(code) || socket.writableEnded) {
    socket.destroy();
    return;
  }
  const status = STATUSES[code] ?? 400;
  const isInBody = latest?.req.complete === false;
  // An answer that belongs to an earlier request must not be given for it, nor a second one to the same.
  const mayAnswer =
    latest === undefined || (isInBody ? latest.socket === socket && !latest.headersSent : isWritten(latest, socket));
  if (mayAnswer) end(socket, status);
  else if (isInBody) socket.destroySoon();
  else socket.destroy();
  // A request with a broken body has a log line of its own; a connection on which nothing came needs none.
  if (!isInBody && socket.bytesRead > 0) logRefusal(log, status, code);
}

/** Whether nothing more of an answer is to be written: what is written now comes after it. */
function isWritten(response: ServerResponse, socket: Socket): boolean {
  return response.writableFinished || (response.writableEnded && response.socket === socket);
}

/** CONNECT asks for a tunnel (RFC 9110, section 9.3.6), and there are none. */
export function refuseConnect(socket: Socket, log: Log): void {
  socket.on('error', () => {});
  end(socket, 405, `Allow: ${ALL_METHODS.join(', ')}\r\n`);
  logRefusal(log, 405, 'CONNECT');
}

/** Whether the client sent what it should not; else its connection broke. */
function isRefusal(code: string): boolean {
  return code.startsWith('HPE_') || code in STATUSES;
}

function end(socket: Socket, status: number, headers = ''): void {
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  if (socket.writableLength === 0) socket.destroy();
  else socket.destroySoon();
}

function logRefusal(log: Log, status: number, reason: string): void {
  log.info({ status, reason }, 'request refused');
}
