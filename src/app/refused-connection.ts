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

/** How long a client may take nothing of what is still to be written to it. */
const STALL_MS = 5_000;

/** Connections whose end is decided: Node goes on to report errors as long as bytes come. */
const ending = new WeakSet<Socket>();

/**
 * Ends a connection on which something came that is no request, or no whole one in time. The answer is bare: there is
 * no request to which a problem could belong. It comes after the answers to all requests before.
 *
 * @param error of Node's parser. It holds the bytes that came, so nothing but its code may be written anywhere
 * @param latest the answer to the last request of which at least the head came whole
 */
export function refuseUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  latest: ServerResponse | undefined,
  log: Log,
): void {
  const { code = '' } = error;
  if (ending.has(socket)) return;
  ending.add(socket);
  const status = STATUSES[code] ?? 400;
  if (!isRefusal(code)) socket.destroy();
  else if (latest?.req.complete === false) refuseBody(latest, socket, status);
  else {
    if (latest === undefined || isWritten(latest, socket)) end(socket, status);
    else latest.once('finish', () => end(socket, status));
    // A connection on which nothing came needs no log line.
    if (socket.bytesRead > 0) logRefusal(log, status, code);
  }
}

/** A broken body is part of a request that has a log line of its own, and maybe its answer already. */
function refuseBody(response: ServerResponse, socket: Socket, status: number): void {
  if (response.socket === socket && !response.headersSent) end(socket, status);
  else closeSoon(socket);
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
  closeSoon(socket);
}

/** Closes when everything is written, or when nobody takes it. */
function closeSoon(socket: Socket): void {
  if (socket.writableLength === 0) {
    socket.destroy();
    return;
  }
  socket.setTimeout(STALL_MS, () => socket.destroy());
  socket.destroySoon();
}

function logRefusal(log: Log, status: number, reason: string): void {
  log.info({ status, reason }, 'request refused');
}
