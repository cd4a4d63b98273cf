import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Holder, LedgerRecords } from '../../src/ledger/ledger-records.ts';
import { MemoryRecords } from '../../src/ledger/memory-records.ts';
import { recordAnswer, type RecordedAnswer } from '../../src/ledger/recorded-answer.ts';
import { RedisRecords } from '../../src/ledger/redis-records.ts';
import { SharedStore } from '../../src/store/shared-store.ts';
import { RedisServer } from '../support/redis-server.ts';

/** Long enough for a test. */
const LONG_MS = 10_000;
const SHORT_MS = 40;
const KEEP_MS = 150;

const created: RecordedAnswer = recordAnswer({
  status: 201,
  headers: { location: '/api/workflow/instances/1' },
  body: Buffer.from('{"id":"1"}'),
});

let redis: RedisServer;
let store: SharedStore;

beforeAll(async () => {
  redis = await RedisServer.start();
  store = new SharedStore(redis.storeConfig());
});

afterAll(async () => {
  await store.close();
  await redis.close();
});

const places: [string, (keepMs?: number) => LedgerRecords][] = [
  ['in memory', (keepMs = LONG_MS) => new MemoryRecords({ keepMs })],
  ['in Redis', (keepMs = LONG_MS) => new RedisRecords(store, keepMs)],
];

function holder(of: Partial<Holder> = {}): Holder {
  return { scope: randomUUID(), fingerprint: 'f', owner: randomUUID(), ...of };
}

function again(first: Holder, fingerprint = first.fingerprint): Holder {
  return { ...first, fingerprint, owner: randomUUID() };
}

describe.each(places)('the ledger %s', (_name, open) => {
  it('reserves a key that nobody has', async () => {
    expect(await open().reserve(holder(), LONG_MS)).toEqual({ kind: 'mine' });
  });

  it('gives one of many who come at once the key, and tells the others that it is in flight', async () => {
    const records = open();
    const first = holder();
    const found = await Promise.all(
      Array.from({ length: 20 }, () => records.reserve(again(first), LONG_MS).then(({ kind }) => kind)),
    );
    expect(found.filter((kind) => kind === 'mine')).toHaveLength(1);
    expect(found.filter((kind) => kind === 'in-flight')).toHaveLength(19);
  });

  it('tells in each state that a key belongs to another request', async () => {
    const records = open();
    const first = holder();
    const look = () => records.reserve(again(first, 'another'), LONG_MS);
    await records.reserve(first, LONG_MS);
    expect(await look()).toEqual({ kind: 'other' });
    await records.markSent(first, LONG_MS);
    expect(await look()).toEqual({ kind: 'other' });
    await records.finish(first, 'DONE', created);
    expect(await look()).toEqual({ kind: 'other' });
  });

  it('frees a key whose reservation ran out: nothing had been sent', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, SHORT_MS);
    await delay(SHORT_MS * 2);
    expect(await records.reserve(again(first), LONG_MS)).toEqual({ kind: 'mine' });
  });

  it('does not let an owner send whose reservation ran out and went to another', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, SHORT_MS);
    await delay(SHORT_MS * 2);
    await records.reserve(again(first), LONG_MS);
    expect(await records.markSent(first, LONG_MS)).toBe(false);
  });

  it('does not let an owner send whose reservation ran out, even when nobody took it', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, SHORT_MS);
    await delay(SHORT_MS * 2);
    expect(await records.markSent(first, LONG_MS)).toBe(false);
  });

  it('tells how long a sent request may still run', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, SHORT_MS);
    expect(await records.markSent(first, LONG_MS)).toBe(true);
    await delay(SHORT_MS * 2);
    const found = await records.reserve(again(first), LONG_MS);
    expect(found).toEqual({ kind: 'in-flight', remainingMs: expect.any(Number) });
    const { remainingMs } = found as { remainingMs: number };
    expect(remainingMs).toBeGreaterThan(LONG_MS / 2);
    expect(remainingMs).toBeLessThanOrEqual(LONG_MS);
  });

  it('never frees a key that was sent: when its lease runs out, its outcome is unknown', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.markSent(first, SHORT_MS);
    const sentAtMs = Date.now();
    await delay(SHORT_MS * 2);
    const found = await records.reserve(again(first), LONG_MS);
    expect(found).toMatchObject({ kind: 'unknown', owner: first.owner, answer: undefined });
    expect(Math.abs((found as { sentAtMs: number }).sentAtMs - sentAtMs)).toBeLessThan(1_000);
  });

  it('gives the answer again, byte for byte', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.markSent(first, LONG_MS);
    await records.finish(first, 'DONE', created);
    expect(await records.reserve(again(first), LONG_MS)).toEqual({ kind: 'done', answer: created });
  });

  it('keeps the problem of an unknown outcome', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.markSent(first, LONG_MS);
    await records.finish(first, 'UNKNOWN', created);
    expect(await records.reserve(again(first), LONG_MS)).toMatchObject({ kind: 'unknown', answer: created });
  });

  it('takes an answer that comes after the lease: it is better than not to know', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.markSent(first, SHORT_MS);
    await delay(SHORT_MS * 2);
    await records.reserve(again(first), LONG_MS);
    await records.finish(first, 'DONE', created);
    expect(await records.reserve(again(first), LONG_MS)).toMatchObject({ kind: 'done' });
  });

  it('frees a key that is released, reserved or sent', async () => {
    const records = open();
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.release(first);
    const second = again(first);
    expect(await records.reserve(second, LONG_MS)).toEqual({ kind: 'mine' });
    await records.markSent(second, LONG_MS);
    await records.release(second);
    expect(await records.reserve(again(first), LONG_MS)).toEqual({ kind: 'mine' });
  });

  it('lets nobody but the owner change a record', async () => {
    const records = open();
    const first = holder();
    const other = again(first);
    await records.reserve(first, LONG_MS);
    expect(await records.markSent(other, LONG_MS)).toBe(false);
    await records.finish(other, 'DONE', created);
    await records.release(other);
    expect(await records.reserve(again(first), LONG_MS)).toMatchObject({ kind: 'in-flight' });
  });

  it('lets one of two take over an unknown outcome, and nobody a known one', async () => {
    const records = open();
    const first = holder();
    const [second, third] = [again(first), again(first)];
    await records.reserve(first, LONG_MS);
    expect(await records.takeOver(second, first.owner, LONG_MS)).toBe(false);
    await records.markSent(first, SHORT_MS);
    await delay(SHORT_MS * 2);
    await records.reserve(again(first), LONG_MS);
    expect(await records.takeOver(second, first.owner, LONG_MS)).toBe(true);
    expect(await records.takeOver(third, first.owner, LONG_MS)).toBe(false);
    expect(await records.markSent(second, LONG_MS)).toBe(true);
    await records.finish(first, 'DONE', created);
    expect(await records.reserve(again(first), LONG_MS)).toMatchObject({ kind: 'in-flight' });
  });

  it('forgets a record when its time is over, counted from the end', async () => {
    const records = open(KEEP_MS);
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.markSent(first, LONG_MS);
    await delay(KEEP_MS);
    await records.finish(first, 'DONE', created);
    await delay(KEEP_MS / 2);
    expect(await records.reserve(again(first), LONG_MS)).toMatchObject({ kind: 'done' });
    await delay(KEEP_MS);
    expect(await records.reserve(again(first), LONG_MS)).toEqual({ kind: 'mine' });
  });
});

describe('the ledger in Redis', () => {
  it('shows nothing of an answer to who looks into Redis', async () => {
    const records = new RedisRecords(store);
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.finish(first, 'DONE', created);
    const fields = JSON.stringify(await store.run((client) => client.hgetall(`flowgate:ledger:${first.scope}`)));
    expect(fields).toContain('DONE');
    expect(fields).not.toContain('location');
    expect(fields).not.toContain(Buffer.from('location').toString('base64').slice(0, 8));
  });

  it('tells that an answer was given which it cannot read, when the key that seals was replaced', async () => {
    const first = holder();
    const records = new RedisRecords(store);
    await records.reserve(first, LONG_MS);
    await records.finish(first, 'DONE', created);
    const { encryptionKey } = await RedisServer.start().then(async (other) => {
      await other.close();
      return other.storeConfig();
    });
    const rekeyed = new SharedStore({ ...redis.storeConfig(), encryptionKey });
    expect(await new RedisRecords(rekeyed).reserve(again(first), LONG_MS)).toEqual({ kind: 'done', answer: undefined });
    await rekeyed.close();
  });

  it('reserves nothing while Redis is away, and notes a known answer when it is back', async () => {
    const server = await RedisServer.start();
    const away = new SharedStore(server.storeConfig());
    const records = new RedisRecords(away);
    const first = holder();
    await records.reserve(first, LONG_MS);
    await records.markSent(first, LONG_MS);
    server.freeze();
    await records.finish(first, 'DONE', created);
    await expect(records.reserve(again(first), LONG_MS)).rejects.toThrow('not available');
    server.thaw();
    let kind = '';
    for (let attempt = 0; attempt < 50 && kind !== 'done'; attempt++) {
      await delay(100);
      kind = await records.reserve(again(first), LONG_MS).then((found) => found.kind, () => ''); // prettier-ignore
    }
    expect(kind).toBe('done');
    await away.close();
    await server.close();
  });
});

describe('the ledger in memory', () => {
  const finished = async (records: LedgerRecords, body = created): Promise<Holder> => {
    const one = holder();
    await records.reserve(one, LONG_MS);
    await records.markSent(one, LONG_MS);
    await records.finish(one, 'DONE', body);
    return one;
  };

  it('holds a bounded number of records: the oldest that is finished gives way, and it is counted', async () => {
    const records = new MemoryRecords({ maxRecords: 3 });
    const running = holder();
    await records.reserve(running, LONG_MS);
    await records.markSent(running, LONG_MS);
    const [oldest, ,] = [await finished(records), await finished(records), await finished(records)];
    expect(records.stats()).toEqual({ kind: 'memory', records: 3, evicted: 1 });
    expect(await records.reserve(again(running), LONG_MS)).toMatchObject({ kind: 'in-flight' });
    expect(await records.reserve(again(oldest), LONG_MS)).toEqual({ kind: 'mine' });
  });

  it('holds a bounded number of bytes: the oldest bodies give way to their digests', async () => {
    const records = new MemoryRecords({ maxBodyBytes: 1_000 });
    const large = recordAnswer({ status: 200, body: Buffer.alloc(600) });
    const older = await finished(records, large);
    const newer = await finished(records, large);
    expect(await records.reserve(again(older), LONG_MS)).toMatchObject({
      kind: 'done',
      answer: { status: 200, body: undefined, bytes: 600, sha256: large.sha256 },
    });
    expect(await records.reserve(again(newer), LONG_MS)).toEqual({ kind: 'done', answer: large });
  });

  it('stays bounded, however many keys come', async () => {
    const records = new MemoryRecords({ maxRecords: 1_000 });
    for (let at = 0; at < 200_000; at++) {
      const one = { scope: String(at), fingerprint: 'f', owner: 'o' };
      void records.reserve(one, LONG_MS);
      void records.finish(one, 'DONE', created);
    }
    expect(records.stats()).toEqual({ kind: 'memory', records: 1_000, evicted: 199_000 });
  });
});
