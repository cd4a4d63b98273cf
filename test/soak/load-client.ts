import { connect, type Socket } from 'node:net';

/** Where a request ended that got no answer: its connection broke, or was closed. */
export const NO_ANSWER = 0;

export interface LoadClientOptions {
  readonly port: number;
  /** The whole request, head and body, that is sent again and again. */
  readonly request: string;
  /** At once; each carries one request at a time. */
  readonly maxConnections: number;
}

/**
 * Sends one request over and over, each on a kept connection of its own. Written on plain sockets, because a client
 * library needs as much of a core as the server that it is to overload. Reads only answers with a `Content-Length`.
 */
export class LoadClient {
  readonly #options: LoadClientOptions;
  readonly #bytes: Buffer;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(options: LoadClientOptions) {
    this.#options = options;
    this.#bytes = Buffer.from(options.request);
  }

  /**
   * @returns the status of the answer, `NO_ANSWER` where none came; `undefined`, not sent: all connections are busy
   */
  send(): Promise<number> | undefined {
    const connection = this.#idle.pop() ?? this.#open();
    return connection?.send(this.#bytes);
  }

  /** Breaks off what is still under way. */
  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #open(): Connection | undefined {
    if (this.#all.size >= this.#options.maxConnections) return undefined;
    const connection: Connection = new Connection(connect(this.#options.port, '127.0.0.1'), {
      onFree: () => this.#idle.push(connection),
      onClosed: () => {
        this.#all.delete(connection);
        const at = this.#idle.indexOf(connection);
        if (at !== -1) this.#idle.splice(at, 1);
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

interface ConnectionEvents {
  readonly onFree: () => void;
  readonly onClosed: () => void;
}

/** One connection, one request at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #received: Buffer | undefined;
  #answered: ((status: number) => void) | undefined;

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket.setNoDelay(true);
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      events.onClosed();
      this.#end(NO_ANSWER);
    });
  }

  send(bytes: Buffer): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#answered = resolve;
    this.#socket.write(bytes);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(received);
    this.#received = answer === undefined ? received : undefined;
    if (answer === undefined) return;
    if (answer.isLast) {
      this.#events.onClosed();
      this.#socket.destroy();
    } else this.#events.onFree();
    this.#end(answer.status);
  }

  #end(status: number): void {
    this.#answered?.(status);
    this.#answered = undefined;
  }
}

/** `undefined` until the answer is whole. */
function readAnswer(received: Buffer): { readonly status: number; readonly isLast: boolean } | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = received.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (received.length < end + 4 + length) return undefined;
  return { status: Number(head.slice(9, 12)), isLast: /\r\nconnection: close/i.test(head) };
}
