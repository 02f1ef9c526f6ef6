/** The words that services have for the state of a job or a file, brought down to ours. */
import type { JobState } from '../../engine/interfaces.ts';

/** What becomes of an uploaded file: `uploaded` is OpenAI's old word for one that can be used. */
export function fileState(status: string | null | undefined): 'ready' | 'wait' | 'refused' {
  const word = wordOf(status ?? 'processed');
  if (waiting.includes(word)) return 'wait';
  return refused.includes(word) ? 'refused' : 'ready';
}

const waiting: readonly string[] = [
  ...['pending', 'queued', 'running', 'notrunning', 'in_progress'],
  ...['uploading', 'importing', 'validating', 'processing'],
];
const refused: readonly string[] = ['error', 'failed', 'deleted', 'invalid', 'invalid_format', 'rejected'];

const words: Readonly<Record<JobState, readonly string[]>> = {
  queued: [
    ...['validating_files', 'validating', 'validated', 'created', 'creating', 'queued', 're_queueing', 'pending'],
    ...['notrunning', 'not_started'],
  ],
  running: ['running', 'started', 'in_progress'],
  succeeded: [
    ...['succeeded', 'succeed', 'partially_succeeded', 'success', 'successful', 'completed', 'complete'],
    ...['finished', 'done', 'early_stopped'],
  ],
  failed: [
    ...['failed', 'failure', 'failed_validation', 'error', 'errored', 'user_error', 'internal_error', 'expired'],
    ...['timed_out', 'timeout', 'rejected', 'terminated', 'killed', 'crashed'],
  ],
  cancelled: ['cancelled', 'canceled', 'stopped', 'aborted', 'deleting', 'deleting_cleaning_up'],
};
const states: ReadonlyMap<string, JobState> = new Map(
  (Object.keys(words) as JobState[]).flatMap((state) => words[state].map((word) => [word, state] as const)),
);

/** An unknown status (`paused`, `pendingDeployment`…) is that of a job which still lives. */
export function jobState(status: string): JobState {
  return states.get(wordOf(status)) ?? 'running';
}

/** A job that goes on when somebody says so at its service. */
export const isPaused = (status: string): boolean => /^(paused?|pausing|on_hold|suspended)$/.test(wordOf(status));

/** `JOB_STATE_COMPLETED`, `In Progress` and `in-progress` as everybody else has them. */
function wordOf(status: string): string {
  return status
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_')
    .replace(/^(job_)?(state|status)_/, '');
}
