import { connect, type Socket } from 'node:net';

/** How long an answer is waited for, milliseconds, before a test fails. */
const PATIENCE_MS = 18_000;

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names, the values of each line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/**
 * A client that writes exactly the bytes it is given, valid HTTP or not, and takes apart what comes back. Text is sent
 * as Latin-1, one character a byte.
 */
export class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        this.#isClosed = true;
        this.#wake();
      });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawConnection(socket);
  }

  /** Whether the server has ended its side. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What has come and is no whole answer yet. */
  get pending(): Buffer {
    return this.#received;
  }

  write(bytes: string | Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes, 'latin1');
  }

  /** Writes byte by byte, each in a packet of its own as far as the system lets it. */
  async drip(bytes: string | Buffer): Promise<void> {
    for (const byte of Buffer.from(bytes as string, 'latin1')) {
      this.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Stops reading, as a client that never takes its answer. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Ends our side in order. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection off with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * The next answer, interim ones included; `undefined` when the server closed the connection first.
   *
   * @param toHead whether it answers HEAD, and so has no body whatever its length says
   */
  async answer(toHead = false): Promise<RawAnswer | undefined> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const taken = takeAnswer(this.#received, toHead, this.#isClosed);
      if (taken !== undefined) {
        this.#received = this.#received.subarray(taken.length);
        return taken.answer;
      }
      if (this.#isClosed) return undefined;
      await this.#more(endMs);
    }
  }

  /** Waits until the server has closed the connection. */
  async closed(): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (!this.#isClosed) await this.#more(endMs);
  }

  async #more(endMs: number): Promise<void> {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0)
      throw new Error(`no answer within ${PATIENCE_MS} ms; so far: ${this.#received.toString('latin1')}`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A whole answer at the beginning of the bytes, and its length. */
function takeAnswer(
  bytes: Buffer,
  toHead: boolean,
  isClosed: boolean,
): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const headers = readHeaders(lines);
  const rest = bytes.subarray(headEnd + 4);
  const body = takeBody(rest, status, headers, toHead, isClosed);
  if (body === undefined) return undefined;
  return { answer: { status, headers, body: body.content }, length: headEnd + 4 + body.length };
}

function readHeaders(lines: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return headers;
}

/** RFC 9112, section 6.3. */
function takeBody(
  rest: Buffer,
  status: number,
  headers: ReadonlyMap<string, readonly string[]>,
  toHead: boolean,
  isClosed: boolean,
): { content: Buffer; length: number } | undefined {
  if (toHead || status < 200 || status === 204 || status === 304) return { content: Buffer.alloc(0), length: 0 };
  if (headers.has('transfer-encoding')) return takeChunks(rest);
  const length = headers.get('content-length')?.[0];
  if (length !== undefined) {
    const size = Number(length);
    return rest.length < size ? undefined : { content: rest.subarray(0, size), length: size };
  }
  return isClosed ? { content: rest, length: rest.length } : undefined;
}

function takeChunks(rest: Buffer): { content: Buffer; length: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16);
    const start = lineEnd + 2;
    if (rest.length < start + size + 2) return undefined;
    if (size === 0) return { content: Buffer.concat(chunks), length: start + 2 };
    chunks.push(rest.subarray(start, start + size));
    at = start + size + 2;
  }
}
