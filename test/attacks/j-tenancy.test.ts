import { describe, expect, it } from '@jest/globals';
import { attack, ECHO, headerOf, lastSeen, message, requestLines, START, TARGETS, withKey } from '../support/attack.ts';
import { eventually } from '../support/eventually.ts';
import { useFlowgate, withFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection } from '../support/raw-http.ts';

/**
 * J. Tenancy: nobody gets what belongs to another. That each client has its own token (J-02) is tested with the token
 * source; what belongs to an Idempotency-Key (J-04, J-07) with the ledger.
 */

const CALLERS = Array.from({ length: 8 }, (_, at) => ({ name: `caller-${at}`, key: `key-of-caller-${at}-0123456789` }));

const stack = useFlowgate({
  ...TARGETS,
  file: (sandbox) => `${TARGETS.file?.(sandbox) ?? ''}
  workflow:
    identity: { from: caller, as: startedBy }
callers:
${CALLERS.map(({ name, key }) => `  ${name}: { apiKeys: [${key}], allow: ["* /api/**"] }`).join('\n')}
limits: { concurrency: 2000, perService: 2000 }
`,
});

describe('an answer', () => {
  it.each([
    ['of a read', withKey('GET /api/workflow/definitions')],
    ['of a flow', withKey(`GET ${ECHO}`)],
    ['of HEAD', withKey('HEAD /api/workflow/definitions')],
    ['without a credential', message('GET /api/workflow/definitions')],
    ['to a path that is not there', withKey('GET /api/nowhere')],
  ])('J-03 is for nobody else, and for no cache: %s', async (name, bytes) => {
    const lines = ['Cache-Control: max-stale=1000', 'If-None-Match: *', 'Range: bytes=0-0'];
    const { answer } = await attack(stack, bytes.replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`), {
      toHead: name === 'of HEAD',
    });
    expect([206, 304]).not.toContain(answer.status);
    expect(headerOf(answer, 'cache-control')).toBe('no-store');
    for (const header of ['age', 'expires', 'etag', 'last-modified', 'x-cache'])
      expect(answer.headers.has(header)).toBe(false);
  });

  it('J-03 is fetched anew each time', async () => {
    for (let at = 0; at < 3; at++) {
      const { hits } = await attack(stack, withKey('GET /api/workflow/definitions'));
      expect(hits).toBe(1);
    }
  });
});

describe('many callers at once', () => {
  it('J-05 each get their own answer, under their own name, in the log and upstream', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 5 });
    const mixed = async (worker: number): Promise<void> => {
      const connection = await RawConnection.open(stack.port);
      for (let round = 0; round < 10; round++) {
        const caller = CALLERS[(worker + round) % CALLERS.length] ?? CALLERS[0];
        const id = `${caller?.name ?? ''}_${worker}_${round}`;
        const isStart = round % 3 === 0;
        const body = JSON.stringify({ mine: id });
        connection.write(
          message(
            `POST ${isStart ? START : `${ECHO}/${id}`}`,
            [
              `X-API-Key: ${caller?.key ?? ''}`,
              `X-Correlation-ID: ${id}`,
              'Content-Type: application/json',
              `Content-Length: ${body.length}`,
            ],
            body,
          ),
        );
        const answer = await connection.answer();
        expect(answer?.headers.get('x-correlation-id')).toEqual([id]);
        const told = JSON.parse(String(answer?.body)) as { body: string; path: string; id: string };
        if (isStart) await expectContext(told.id, { mine: id, startedBy: caller?.name });
        else expect([told.body, told.path]).toEqual([body, `/http/echo/${id}`]);
      }
      connection.destroy();
    };
    await Promise.all(Array.from({ length: 100 }, (_, worker) => mixed(worker)));
    const lines = () => requestLines(stack).filter(({ correlationId }) => String(correlationId).startsWith('caller-'));
    await eventually(() => expect(lines()).toHaveLength(1_000));
    expect(lines().filter(({ caller, correlationId }) => String(correlationId).split('_', 1)[0] !== caller)).toEqual(
      [],
    );
  });

  async function expectContext(id: string, context: object): Promise<void> {
    const read = await stack.get(`/api/workflow/instances/${id}/context`);
    expect(read.json).toEqual(context);
  }
});

describe('a credential that is given up', () => {
  it('J-08 serves nobody on: when its secret was replaced and its tokens were withdrawn, nothing goes through', async () => {
    // A process has one configuration. The key of the tokens in a shared store holds the digest of the secret.
    await withFlowgate(TARGETS, async (own) => {
      await own.get('/api/workflow/definitions');
      const before = lastSeen(own, 'workflow').headers.authorization;
      own.sandbox.control.rotateSecret({ client: 'workflow' });
      own.sandbox.control.revokeTokens();
      const refused = await own.get('/api/workflow/definitions');
      expect([refused.status, refused.json.code]).toEqual([502, 'credentials-rejected']);
      expect(before).toMatch(/^Bearer /);
    });
  });
});
