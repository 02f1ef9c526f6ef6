/** Records that came with the folder are taken over when the user agrees to that, and never by another command alone. */
import { adoptRun } from '../../run/adopt/adopt.ts';
import { foreignRun } from '../../run/adopt/adoptable.ts';
import { ForeignRecord } from '../../run/record/foreign.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { runAdoptionLines } from '../../run/text/adoption.ts';
import { onScreen, screenLines } from '../../run/text/screenText.ts';
import type { Terminal } from './terminal.ts';

/**
 * Makes sure that a run is the user's own: one that came with the folder is shown, and taken over if they say so.
 *
 * @param find what of the run has to be their own: all of it, or what it takes to stop it.
 * @throws ForeignRecord where there is no terminal to ask at, or the answer was no.
 */
export async function requireOwnRun(
  terminal: Terminal,
  run: RunLocation,
  find: typeof foreignRun = foreignRun,
): Promise<void> {
  const foreign = await find(run);
  if (foreign === null) return;
  const refused = new ForeignRecord(`Run ${run.id}`, run.id);
  if (!terminal.interactive) throw refused;
  terminal.err(onScreen`${refused.message}\n\n${screenLines(runAdoptionLines(foreign))}`);
  if (!(await terminal.confirm(onScreen`Take it over and go on?`))) throw refused;
  await adoptRun(foreign);
}
