/** Which run trained a job that a later one took from the memo, and how that went. Read when it is asked for. */
import { createReadStream, existsSync } from 'node:fs';
import { eachPiece } from '../run/record/eventLog.ts';
import { listRuns, runFiles, workspaceAround } from '../run/record/runFolder.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import { RunDetails } from './runDetails.ts';
import type { JobCourse } from './runDetails.ts';

export interface TrainingRun {
  readonly run: RunLocation;
  readonly course: JobCourse;
}

/** Runs that are looked through, the latest first. */
const runsAtMost = 500;

/**
 * @param asking its own log comes first: an earlier session of it may have trained the job.
 * @param hash of the job.
 * @returns `null`: the run is gone, or is in another folder.
 */
export async function trainingRun(asking: RunLocation, hash: string): Promise<TrainingRun | null> {
  const all = await listRuns(workspaceAround(asking.folder));
  const others = all.filter(({ id }) => id !== asking.id).toReversed();
  for (const run of [asking, ...others].slice(0, runsAtMost)) {
    const { events } = runFiles(run.folder);
    if (!existsSync(events) || !(await holds(events, hash))) continue;
    const course = await courseOf(events, hash).catch(() => null);
    if (course !== null) return { run, course };
  }
  return null;
}

/** Of the job, if it was trained in this log and not only asked for. */
async function courseOf(file: string, hash: string): Promise<JobCourse | null> {
  const details = new RunDetails();
  let course: JobCourse | null = null;
  await eachPiece(file, {}, ({ events }) => {
    for (const event of events) {
      if (event.type !== 'step.started' && !event.type.startsWith('job.')) continue;
      details.add(event);
      if (event.type === 'job.finished' && event.hash === hash && !event.cached) {
        course = details.jobCourse(event.prefix) ?? null;
      }
    }
  });
  return course;
}

/** Most logs do not name the job: that is seen much faster than what they say is read. */
async function holds(file: string, text: string): Promise<boolean> {
  let before = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1024 * 1024 })) {
    const read = before + String(chunk);
    if (read.includes(text)) return true;
    before = read.slice(-text.length);
  }
  return false;
}
