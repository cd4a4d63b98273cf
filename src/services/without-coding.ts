import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { header } from './answers.ts';

type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** Content codings of RFC 9110, section 8.4.1, and brotli. */
const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

/**
 * An answer with its content coding taken off, so that it can be read. Nobody asks for one, but a server may use one all
 * the same (RFC 9110, section 12.5.3). What cannot be decoded stays as it came, and is not understood.
 *
 * @param maxBytes the most that is made of it, so that a small answer cannot fill the memory
 */
export function withoutCoding(answer: BufferedAnswer, maxBytes: number): BufferedAnswer {
  const coding = header(answer, 'content-encoding')?.trim().toLowerCase();
  const decode = coding === undefined ? undefined : DECODERS.get(coding);
  if (decode === undefined) return answer;
  try {
    const body = decode(answer.body, { maxOutputLength: maxBytes });
    return { ...answer, headers: { ...answer.headers, 'content-encoding': undefined }, body };
  } catch {
    return answer;
  }
}
