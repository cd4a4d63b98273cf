import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** A file as the emulated server keeps it: its facts, not its bytes. */
export interface UploadedFile {
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
}

/** Reads a file to its end without holding it. */
export async function takeFile(name: string, contentType: string, content: Readable): Promise<UploadedFile> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { name, contentType, size, sha256: hash.digest('hex') };
}
