/** Uploads with an `Idempotency-Key`: whole in memory up to `limits.body`, however large a form without one may be. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { answer, RawUpstream } from '../support/raw-upstream.ts';

const KILOBYTE = 1024;
const DOCUMENT =
  'mutation ($file: Upload!) { createRequest(input: { fileValue: { upload: $file } }) { request { number } } }';

let upstream: RawUpstream;
let tokens: FakeTokenServer;
let flowgate: BareFlowgate;

beforeEach(async () => {
  [upstream, tokens] = await Promise.all([RawUpstream.start(created(1), created(2)), FakeTokenServer.start()]);
  flowgate = await BareFlowgate.start({ file: fileText(), files: { 'upload.graphql': DOCUMENT } });
});

afterEach(async () => {
  await flowgate.stop();
  await Promise.all([upstream.close(), tokens.stop()]);
});

/** `limits.body` is 1 MiB; `small` takes less than that. */
function fileText(): string {
  const operation = (maxBody: string) => `{ document: ./upload.graphql, maxBody: ${maxBody} }`;
  return `
services:
  requests:
    kind: workflowgen
    url: ${upstream.origin}/wfgen/graphql
    token: { url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789, params: { audience: a } }
    operations: { large: ${operation('30mb')}, small: ${operation('300kb')} }
`;
}

function created(number: number) {
  const data = { createRequest: { request: { number } } };
  return answer(200, { 'content-type': 'application/json' }, JSON.stringify({ data }));
}

function formOf(content: string, boundary: string): string {
  const head = `Content-Disposition: form-data; name="file"; filename="f.bin"\r\nContent-Type: application/pdf`;
  return `--${boundary}\r\n${head}\r\n\r\n${content}\r\n--${boundary}--\r\n`;
}

/** @param isChunked without a length that could be known beforehand */
function upload(
  content: string,
  {
    key,
    boundary = 'XX',
    operation = 'large',
    isChunked = false,
  }: Partial<Record<'key' | 'boundary' | 'operation', string>> & { isChunked?: boolean } = {},
): Promise<PlainAnswer> {
  const form = formOf(content, boundary);
  const headers = {
    'x-api-key': BARE_KEY,
    'content-type': `multipart/form-data; boundary=${boundary}`,
    ...(isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(form.length) }),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  return plainRequest(`${flowgate.url}/api/requests/operations/${operation}`, 'POST', headers, form);
}

function textOf(kilobytes: number): string {
  return randomBytes((kilobytes * KILOBYTE) / 2).toString('hex');
}

describe('an upload with an Idempotency-Key', () => {
  it.each([300, 900])('of %i KiB runs once, whatever boundary its form has', async (kilobytes) => {
    const content = textOf(kilobytes);
    const key = randomUUID();
    const first = await upload(content, { key });
    const second = await upload(content, { key, boundary: 'another', isChunked: true });
    expect(first).toMatchObject({ status: 200, json: { createRequest: { request: { number: 1 } } } });
    expect(second.text).toBe(first.text);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.last.headers['content-length']).toBeDefined();
  });

  it('is another request with another file', async () => {
    const key = randomUUID();
    await upload(textOf(600), { key });
    const other = await upload(textOf(600), { key });
    expect(other.json).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('survives a refused token, for all of it is kept', async () => {
    upstream.behave(answer(401, {}), created(1));
    expect((await upload(textOf(600), { key: randomUUID() })).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([false, true])('is refused beyond limits.body before anything is sent (chunked: %s)', async (isChunked) => {
    const refused = await upload(textOf(1100), { key: randomUUID(), isChunked });
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(upstream.requests).toHaveLength(0);
  });

  it('is told the limit of its operation where that is the smaller one', async () => {
    const refused = await upload(textOf(400), { key: randomUUID(), operation: 'small' });
    expect(refused.json).toMatchObject({ status: 413, code: 'payload-too-large' });
  });
});

describe('an upload without a key', () => {
  it('of the same size is streamed', async () => {
    expect((await upload(textOf(600))).status).toBe(200);
    expect(upstream.last.headers['transfer-encoding']).toBe('chunked');
  });
});
