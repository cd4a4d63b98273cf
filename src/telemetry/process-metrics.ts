import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What the process uses, read when somebody asks. Only who starts the process may look at it, and hands this in. */
export interface ProcessUsage {
  /** User and system time since the start. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
}

/** How often the event loop is looked at. What is measured is at least that, and shown without it. */
const RESOLUTION_MS = 20;
const STATISTICS = { p50: 50, p99: 99, max: 100 };

/**
 * How the process does: the delay of its event loop, how busy that is, and what it uses, under the names that
 * Prometheus clients share.
 *
 * @param usage `undefined`: what the process uses is not shown
 * @returns ends the looking
 */
export function addProcessMetrics(registry: Registry, usage: (() => ProcessUsage) | undefined): () => void {
  const registers = [registry];
  const stop = addEventLoop(registers);
  const start = new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since 1970.',
    registers,
  });
  start.set(performance.timeOrigin / 1000);
  if (usage !== undefined) addUsage(registers, usage);
  return stop;
}

function addEventLoop(registers: Registry[]): () => void {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const delay = new Gauge({
    name: 'flowgate_event_loop_delay_seconds',
    help: 'By how much the event loop was late since metrics were last asked for.',
    labelNames: ['stat'],
    registers,
    collect: () => {
      for (const [stat, percentile] of Object.entries(STATISTICS))
        delay.set({ stat }, loop.count === 0 ? 0 : lateSeconds(loop.percentile(percentile)));
      loop.reset();
    },
  });
  const busy = new Counter({
    name: 'flowgate_event_loop_busy_seconds_total',
    help: 'How long the event loop was at work and not waiting. Its growth per second is the utilization.',
    registers,
    collect: () => {
      busy.reset();
      busy.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
  return () => loop.disable();
}

function lateSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
}

function addUsage(registers: Registry[], usage: () => ProcessUsage): void {
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time that the process used.',
    registers,
    collect: () => {
      cpu.reset();
      cpu.inc(usage().cpuSeconds);
    },
  });
  const resident = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
    collect: () => {
      resident.set(usage().residentBytes);
    },
  });
  const heap = new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap in use, without buffers.',
    registers,
    collect: () => {
      heap.set(usage().heapUsedBytes);
    },
  });
}
