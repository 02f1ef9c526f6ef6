import { cpus } from 'node:os';

/** Milliseconds of processor time since some beginning. */
export interface CpuTimes {
  /** All cores together, idle or not. */
  readonly total: number;
  readonly idle: number;
  /** This process alone. */
  readonly own: number;
}

function readCpuTimes(): CpuTimes {
  let total = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  const { user, system } = process.cpuUsage();
  return { total, idle, own: (user + system) / 1000 };
}

/** Below this share of a core, what other processes use of it does not hold a thread up for long. */
const tolerated = 0.35;

/**
 * Threads for llama.cpp, given what happened on `cores` cores between two readings: the cores that other processes
 * left. Its threads wait for each other some hundred times per token, spinning; with one thread more than there are
 * free cores each wait lasts until the scheduler comes round (measured on two busy cores: 20 tokens in 38 s on two
 * threads, 0.8 s on one).
 */
export function freeThreads(before: CpuTimes, after: CpuTimes, cores: number, most: number): number {
  const total = after.total - before.total;
  if (total <= 0) return most;
  const busy = total - (after.idle - before.idle);
  const others = Math.max(0, busy - (after.own - before.own));
  const free = cores * (1 - others / total);
  return Math.max(1, Math.min(most, Math.floor(free + tolerated)));
}

/** Adapts the number of threads to the load of the machine, every `everyMs`; returns how to stop. */
export function governThreads(most: number, set: (threads: number) => void, everyMs = 500): () => void {
  if (most <= 1) return () => undefined;
  const cores = cpus().length;
  let before = readCpuTimes();
  // Two readings ago: the last second, so that one short burst of another process does not count as load.
  let earlier = before;
  const timer = setInterval(() => {
    const now = readCpuTimes();
    set(freeThreads(earlier, now, cores, most));
    earlier = before;
    before = now;
  }, everyMs).unref();
  return () => {
    clearInterval(timer);
  };
}
