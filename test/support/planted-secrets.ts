import type { Socket } from 'node:net';
import type { Server } from 'node:http';

/** Shorter pieces of a secret are not looked for: they could be anything. */
const PREFIX = 12;

/**
 * Knows the secrets of a test and watches everything that leaves the server: answers and log lines. A test under this
 * scanner fails when one of them appears, plain, in base64, or URL-encoded, even if only its first 12 characters do.
 */
export class PlantedSecrets {
  readonly #needles = new Map<string, string>();
  readonly #leaks: string[] = [];

  /** @param name how the leak is told of; the value itself is never printed */
  plant(name: string, value: string): void {
    if (value.length < PREFIX) throw new Error(`${name} is too short to be looked for`);
    const start = value.slice(0, PREFIX);
    this.#needles.set(start, name);
    // Base64 of the beginning, without the last characters, which depend on what follows.
    this.#needles.set(Buffer.from(start).toString('base64').slice(0, 15), `${name} in base64`);
    this.#needles.set(encodeURIComponent(start), `${name}, URL-encoded`);
  }

  plantAllOf(name: string, document: unknown): void {
    if (typeof document !== 'object' || document === null) return;
    for (const [key, value] of Object.entries(document)) {
      if (typeof value === 'string' && /secret|apikey|api_key|^key$|password/i.test(key))
        this.plant(`${name}.${key}`, value);
      else this.plantAllOf(`${name}.${key}`, value);
    }
  }

  look(where: string, output: string): void {
    for (const [needle, name] of this.#needles) if (output.includes(needle)) this.#leaks.push(`${name} in ${where}`);
    // Every token of the sandbox is a JWT; none of them is the caller's.
    if (/eyJ[A-Za-z0-9_-]{10,}\.eyJ/.test(output)) this.#leaks.push(`an access token in ${where}`);
  }

  /** Watches all that a server writes to its clients. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const write = socket.write.bind(socket);
      let tail = '';
      socket.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
        const text = tail + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1'));
        this.look('an answer', text);
        tail = text.slice(-64);
        return (write as (...all: unknown[]) => boolean)(chunk, ...rest);
      };
    });
  }

  /** What leaked since the last call. */
  takeLeaks(): string[] {
    return this.#leaks.splice(0);
  }
}
