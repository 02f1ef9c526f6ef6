/** How a job carries its content hash, by which a lost one is found again. */
import { suffixOf } from '../base/jobMark.ts';
import type { WireJob } from './jobWire.ts';

/** The metadata key. */
export const hashKey = 'bettertogether';

/** Whether a job carries the hash; `null` where it carries no mark at all and only its file's name can show it. */
export function marks(job: WireJob, hash: string): boolean | null {
  const carried = job.metadata?.[hashKey];
  if (typeof carried === 'string') return carried === hash;
  const suffix = job.user_provided_suffix ?? job.suffix ?? null;
  if (suffix !== null) return suffix === suffixOf(hash);
  if (job.fine_tuned_model?.includes(suffixOf(hash)) === true) return true;
  return null;
}
