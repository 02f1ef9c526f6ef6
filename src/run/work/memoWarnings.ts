import { unusedMemoSize } from '../../lm/memoPrune.ts';
import { cacheFolder } from '../record/runFolder.ts';
import { bytes } from '../../view/words.ts';

/** What was paid for once and would be paid for again without a word: after an upgrade, or with a new home. */
export function memoWarnings(workspace: string): readonly string[] {
  const unused = unusedMemoSize(cacheFolder(workspace));
  if (unused.segments === 0) return [];
  return [
    `Remembered answers (${bytes(unused.bytes)}) are not used: they are of an earlier version, or of somebody else. ` +
      '`bettertogether adopt` takes them over; without that, calls they answer are paid for.',
  ];
}
