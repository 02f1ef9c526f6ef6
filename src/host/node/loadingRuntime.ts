/** Around user code that is being loaded: no LM answers, and whoever asks one ends the process. */
import { isPredictor } from '../../program/brands.ts';
import type { Runtime } from '../../program/runtime.ts';
import { isUserFile, parseFrame } from './userFrame.ts';
import type { UserFrame } from './userFrame.ts';

/**
 * An error would not do: a script that catches it goes on to save what came out without answers.
 *
 * @param workspace links resolved.
 * @param end says why, and ends the process before any `catch`, `finally` or 'exit' listener runs.
 */
export function loadingRuntime(workspace: string, end: (reason: string) => never): Runtime {
  return {
    format: 'chat',
    guided: 'off',
    startedAt: 0,
    complete: () => end(reasonFor(outermostUserFrame(new Error().stack, workspace))),
    lookup: (predictor) => (isPredictor(predictor) ? { name: '', state: predictor.ownState() } : undefined),
    record: () => undefined,
  };
}

function reasonFor(at: UserFrame | undefined): string {
  const place = at === undefined ? 'Code that was being loaded' : `${at.file}:${at.line}`;
  return (
    `${place} asks an LM while it is loaded, before any program run: nothing was asked, and the process was ended ` +
    'there. Code that asks an LM when its file is imported (an optimizer, an evaluation, a first try) belongs in a ' +
    "file of its own, or under `if (process.argv[1] === fileURLToPath(import.meta.url))`, Node's " +
    '`if __name__ == "__main__"`; what the program itself asks belongs in its forward.'
  );
}

/** The line nearest to the top of the file that is being imported. */
function outermostUserFrame(stack: string | undefined, workspace: string): UserFrame | undefined {
  const frames = (stack ?? '').split('\n').flatMap((line) => parseFrame(line) ?? []);
  return frames.findLast(({ file }) => isUserFile(file, workspace));
}
