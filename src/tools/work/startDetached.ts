/** How a run is started where nobody is at hand: with the process's own environment, and nothing is followed. */
import { startRun } from '../../editor/processes/startRun.ts';
import type { ToolHost } from '../base/host.ts';

export function startDetached(cli: string, env: NodeJS.ProcessEnv): ToolHost['start'] {
  return async (wanted) => (await startRun(wanted, { cli, env })).run;
}
