import { createHash, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command, CommandInput } from './command.ts';
import { EXIT } from './exit-status.ts';

/** Shorter keys could be guessed. The configuration refuses them as well. */
const MIN_LENGTH = 16;

/** Turns an API key into the form in which the configuration may hold it, so that a file that leaks gives no key away. */
export const hashKey: Command = {
  name: 'hash-key',
  summary: 'turns an API key into sha256:<hex> for the configuration',
  usage: '[--new]',
  description: [
    'Reads a key from the terminal, without showing it, or from a pipe, and prints its hash. Give the key to the caller, and the hash to Flowgate: in API_KEYS, or under apiKeys of a caller in the file.',
  ],
  options: [{ name: 'new', meaning: 'makes a new key and prints it with its hash' }],
  words: { least: 0, most: 0 },
  run,
};

async function run(input: CommandInput): Promise<number> {
  if (input.has('new')) {
    const key = randomBytes(32).toString('base64url');
    process.stdout.write(
      `key:    ${key}\nhash:   ${hashed(key)}\nGive the key to the caller, and the hash to Flowgate.\n`,
    );
    return EXIT.ok;
  }
  const key = process.stdin.isTTY ? await askWithoutEcho('Key: ') : (await text(process.stdin)).trim();
  if (key.length < MIN_LENGTH) {
    process.stderr.write(
      `The key has fewer than ${MIN_LENGTH} characters. flowgate hash-key --new makes a good one.\n`,
    );
    return EXIT.failed;
  }
  process.stdout.write(`${hashed(key)}\n`);
  return EXIT.ok;
}

function hashed(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** Readline writes what is typed to its output: here, to nowhere. */
async function askWithoutEcho(prompt: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  // Asked only now that the terminal does not show any more what is typed or pasted.
  process.stderr.write(prompt);
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.once('line', resolve);
  lines.once('close', () => resolve(''));
  const key = await promise;
  lines.close();
  process.stderr.write('\n');
  return key.trim();
}
