import { Problem } from '../../problems/problem.ts';
import { header } from '../../services/answers.ts';
import { controlCall } from './control-call.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

const STEP = 'clock';

/** How far JWTs of callers may be off: from here on they are refused. */
const TOLERATED_S = 30;
/** From here on signed assertions and young certificates are refused, too. */
const UNUSABLE_S = 300;

const CURE = 'Let this machine take its time from the network (NTP): tokens and certificates are judged by it.';

/** Compares the `Date` of an answer (RFC 9110, section 6.6.1) with our clock. Asks for the root, without a credential. */
export async function clockFinding(origin: string, limitMs: number): Promise<Finding> {
  const { host } = new URL(origin);
  const sentMs = Date.now();
  const answer = await ask(origin, limitMs);
  if (answer === undefined)
    return warning(STEP, `${host} did not answer a plain request, so the clocks could not be compared.`, LATER);
  const theirMs = Date.parse(header(answer, 'date') ?? '');
  if (Number.isNaN(theirMs)) return ok(STEP, `${host} does not tell the time`);
  // The date has whole seconds, and was written somewhere between sending and receiving.
  const ourMs = (sentMs + Date.now()) / 2;
  const seconds = Math.round((ourMs - (theirMs + 500)) / 1000);
  const off = Math.abs(seconds);
  if (off <= TOLERATED_S) return ok(STEP, `${host}: ${off === 0 ? 'the same time' : `${off} s apart`}`);
  const detail = `This machine is ${off} s ${seconds < 0 ? 'behind' : 'ahead of'} ${host}.`;
  return off > UNUSABLE_S ? failed(STEP, detail, CURE) : warning(STEP, detail, CURE);
}

const LATER = 'See what the checks below say of this host. It may be slow, or speak no HTTP at this port.';

async function ask(origin: string, limitMs: number) {
  try {
    return await controlCall({ method: 'HEAD', url: `${origin}/`, headers: { accept: '*/*' } }, limitMs);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
