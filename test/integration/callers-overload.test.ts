import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { API_KEY, useFlowgate, type Answer } from '../support/flowgate-stack.ts';
import { plainRequest } from '../support/plain-request.ts';

const START = '/api/workflow/definitions/onboarding/instances';
const FLOW = '/api/integration/flows/product-details';

const stack = useFlowgate({ file: () => 'limits: { concurrency: 6, perService: 4 }' });

/** Starts that take their time upstream. */
function starts(count: number): Promise<Answer>[] {
  return Array.from({ length: count }, () => stack.post(START, '{}'));
}

/** Sends these bytes in one piece. @returns the beginning of the answer */
function headOfRaw(bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(stack.port, '127.0.0.1');
  socket.once('error', reject).once('data', (chunk: Buffer) => {
    resolve(chunk.toString('latin1'));
    socket.destroy();
  });
  socket.write(bytes);
  return promise;
}

function statuses(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status).sort((one, other) => one - other);
}

describe('more requests than a service takes at once', () => {
  it('are refused with 503 and Retry-After while the others go on (H-05)', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 300 });
    const answers = await Promise.all(starts(20));
    expect(statuses(answers)).toEqual([
      ...Array.from({ length: 4 }, () => 201),
      ...Array.from({ length: 16 }, () => 503),
    ]);
    const shed = answers.find(({ status }) => status === 503);
    expect(shed?.json).toMatchObject({ code: 'overloaded', source: 'flowgate', retryable: true });
    expect(Number(shed?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(shed?.text).toContain('limits.perService');
  });

  it('are refused before their turn would have come: nothing waits in a queue (H-05)', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 500 });
    const running = starts(4);
    await allArrived();
    const order: string[] = [];
    const shed = stack.post(START, '{}').then(({ status }) => order.push(String(status)));
    const done = Promise.all(running).then(() => order.push('done'));
    await Promise.all([shed, done]);
    expect(order).toEqual(['503', 'done']);
  });

  it.each([
    ['keep their connection when all of a small body has come', '{}', 'keep-alive'],
    ['lose it when a body is still to come, which nobody will read', '', 'close'],
  ])('%s', async (_what, body, connection) => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 300 });
    const running = starts(4);
    await allArrived();
    const head = await headOfRaw(
      `POST ${START} HTTP/1.1\r\nHost: x\r\nx-api-key: ${API_KEY}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n${body}`,
    );
    expect(head).toMatch(/^HTTP\/1\.1 503 /);
    expect(/\r\nconnection: (\S+)/i.exec(head)?.[1]).toBe(connection);
    await Promise.all(running);
  });

  it('leave the health check alone', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 300 });
    const running = starts(4);
    expect((await plainRequest(`${stack.url}/health`, 'GET')).status).toBe(200);
    await Promise.all(running);
  });

  it('leave another service its places, as far as there are places at all', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 300 });
    stack.sandbox.control.slow({ upstream: 'integration', ms: 300 });
    const running = starts(4);
    await allArrived();
    const flows = Array.from({ length: 4 }, () => stack.post(FLOW, '{}'));
    const answers = await Promise.all(flows);
    expect(statuses(answers).filter((status) => status === 503)).toHaveLength(2);
    expect(answers.find(({ status }) => status === 503)?.text).toContain('limits.concurrency');
    await Promise.all(running);
  });
});

describe('a place', () => {
  it('is given back after every kind of answer', async () => {
    for (let round = 0; round < 10; round++) {
      expect((await stack.get('/api/workflow/definitions')).status).toBe(200);
      expect((await stack.get('/api/workflow/instances?nonsense=1')).status).toBe(400);
      expect((await stack.get('/api/workflow/instances/unknown')).status).toBe(404);
      expect((await stack.get('/api/nowhere')).status).toBe(404);
      expect((await stack.post(START, '[')).status).toBe(400);
    }
    expect(statuses(await Promise.all(starts(4)))).toEqual([201, 201, 201, 201]);
  });

  it('is kept by a start whose caller has left, for as long as it runs', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 400 });
    const leaving = new AbortController();
    const left = Array.from({ length: 4 }, () =>
      fetch(`${stack.url}${START}`, {
        method: 'POST',
        headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
        body: '{}',
        signal: leaving.signal,
      }).catch(() => undefined),
    );
    await allArrived();
    leaving.abort();
    await Promise.all(left);
    expect((await stack.post(START, '{}')).status).toBe(503);
    let again = await stack.post(START, '{}');
    for (let attempt = 0; attempt < 40 && again.status === 503; attempt++) {
      await pause(50);
      again = await stack.post(START, '{}');
    }
    expect(again.status).toBe(201);
  });
});

/** Waits until four starts have reached the service. */
async function allArrived(): Promise<void> {
  await eventually(() => {
    const { workflow } = stack.sandbox.control.counters().requests;
    expect(Object.values(workflow).reduce((sum, count) => sum + count, 0)).toBe(4);
  });
}
