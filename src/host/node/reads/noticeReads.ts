import { dirname } from 'node:path';
import type { ReadsParams } from '../../protocol.ts';
import { passChildren } from './passChildren.ts';
import { ProcessReads } from './processReads.ts';
import { watchFiles } from './watchFiles.ts';
import { watchVariables } from './watchVariables.ts';

/**
 * Notices what this process reads from now on; once a process.
 *
 * @returns takes what is new since it was last called; `null`: nothing is.
 */
export function noticeReads(sdkPath: string): () => ReadsParams | null {
  const reads = new ProcessReads([dirname(sdkPath), dirname(process.argv[1]!)]);
  watchVariables(reads);
  passChildren(reads);
  // Last: it binds what was imported by name to all that is replaced.
  watchFiles(reads);
  return () => reads.take();
}
