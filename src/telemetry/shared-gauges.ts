import { Counter, Gauge, type Registry } from 'prom-client';

/** What is known of the records of Idempotency-Keys. */
export interface LedgerFacts {
  /** `undefined`: they lie in Redis, and are not counted. */
  readonly records: number | undefined;
  /** Records that had to give way before their time. */
  readonly evicted: number;
}

/** What several instances may share, read when somebody asks for metrics. */
export function addSharedGauges(
  registry: Registry,
  ledger: () => LedgerFacts,
  isStoreUp: (() => boolean) | undefined,
): void {
  const registers = [registry];
  const evicted = new Counter({
    name: 'flowgate_ledger_evicted_total',
    help: 'Idempotency-Keys that were forgotten before their time, because there were too many.',
    registers,
    collect: () => {
      evicted.reset();
      evicted.inc(ledger().evicted);
    },
  });
  if (isStoreUp === undefined) addRecords(registers, ledger);
  else addStoreState(registers, isStoreUp);
}

function addStoreState(registers: Registry[], isStoreUp: () => boolean): void {
  const up = new Gauge({
    name: 'flowgate_store_up',
    help: 'Whether Redis answers: 1 or 0. Absent without Redis.',
    registers,
    collect: () => {
      up.set(isStoreUp() ? 1 : 0);
    },
  });
}

function addRecords(registers: Registry[], ledger: () => LedgerFacts): void {
  const records = new Gauge({
    name: 'flowgate_ledger_records',
    help: 'Idempotency-Keys that this instance remembers. Absent with Redis.',
    registers,
    collect: () => {
      records.set(ledger().records ?? 0);
    },
  });
}
