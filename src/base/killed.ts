/**
 * Processes that are killed, trainers above all. Training has a seed and gives the same weights each time, so a trainer that a signal ended
 * is started again within the same job, from the rows; no second one is paid for.
 */

/** How often a trainer is started for one job, the first time included: what killed it thrice will kill it again. */
export const startsAtMost = 3;

/**
 * What the job's events say when a trainer that was killed is started again.
 *
 * @param start which start of it this is, from 2.
 */
export function startedAgain(start: number): string {
  return `trainer was killed; started again (${start} of ${startsAtMost})`;
}

/**
 * Why a job has failed whose trainer was killed each time.
 *
 * @param signal the last one; `null` where it was not seen.
 * @param words what the trainer said last; may be empty.
 */
export function killedEachTime(times: number, signal: string | null, words = ''): string {
  const by = signal === null ? '' : ` (${signal})`;
  const said = words === '' ? '' : ` ${words}`;
  const memory = ofMemory(signal, 'Lower w.batchSize, train a smaller model, or make room, then resume');
  return `The trainer was killed${times === 1 ? '' : ` ${times} times`}${by}.${memory}${said}`;
}

/**
 * What there is to say of a process that was killed: the kernel ends processes for want of memory with SIGKILL; one that
 * crashes by itself ends by others. With a space before it; '' where it was not for memory.
 *
 * @param advice what helps, without a full stop.
 */
export function ofMemory(signal: string | null, advice: string): string {
  if (signal !== null && signal !== 'SIGKILL') return '';
  return (
    ' The usual reason is memory: when none is left, the kernel kills the process that has most of it (the log of the ' +
    `system says so). ${advice}.`
  );
}
