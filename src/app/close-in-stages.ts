import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** How long what a client still sends is taken and thrown away, milliseconds. */
const LINGER_MS = 2_000;

const closing = new WeakSet<Socket>();

/** Whether what comes on a connection is thrown away: a request that follows there gets no answer. */
export function isClosingInStages(socket: Socket): boolean {
  return closing.has(socket);
}

/**
 * Has a connection close in stages when the body of its last request has not come to an end: first our side, then, when
 * the client has closed its own or time is over, all of it. Closed at once, with bytes unread, it would be reset, and a
 * client that is still sending would lose the answer that says why it should not (RFC 9112, section 9.6).
 *
 * Node closes the connection with `destroySoon` when the last answer on it is written.
 *
 * @param lastRequest the last request on this connection
 */
export function closeInStages(socket: Socket, lastRequest: () => IncomingMessage | undefined): void {
  const closeAtOnce = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    const request = lastRequest();
    if (closing.has(socket)) return;
    if (request === undefined || request.complete) {
      closeAtOnce();
      return;
    }
    closing.add(socket);
    socket.end();
    // Whoever has read the body so far may pause it once more when it is let go.
    request.on('pause', () => setImmediate(() => request.resume()));
    request.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
}
