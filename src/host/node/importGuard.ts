/** Around user code that is being loaded: no model answers, and asking one ends the process. */
import { sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isPredictor } from '../../program/brands.ts';
import { withRuntime } from '../../program/runtime/runtime.ts';
import type { Runtime } from '../../program/runtime/runtime.ts';
import { askedBy } from './modelRequests.ts';
import type { Asked } from './modelRequests.ts';
import { watchRequests } from './outgoing.ts';
import { packageOf } from './reads/packageOf.ts';
import { isUserFile, parseFrame } from './userFrame.ts';

/**
 * Runs `load`, in which no model is asked: not by our SDK, and by no other client's HTTP request.
 *
 * An error would not do: a script that catches it goes on to save what came out without answers.
 *
 * @param workspace links resolved.
 * @param end says why, and ends the process before any `catch`, `finally` or 'exit' listener runs.
 */
export async function guardImports<T>(
  workspace: string,
  end: (reason: string) => never,
  load: () => Promise<T>,
): Promise<T> {
  const refuse = (asked: Asked): never => end(reasonFor(asked, placeOf(new Error().stack, workspace)));
  const unwatch = watchRequests((method, path) => {
    const asked = askedBy(method, path);
    if (asked !== undefined) refuse(asked);
  });
  try {
    const loaded = await withRuntime(
      loadingRuntime(() => refuse('an LM')),
      load,
    );
    await setImmediate(); // what the files began and do not wait for gets to its request
    return loaded;
  } finally {
    unwatch();
  }
}

function loadingRuntime(refuse: () => never): Runtime {
  return {
    format: 'chat',
    guided: 'off',
    startedAt: 0,
    complete: refuse,
    lookup: (predictor) => (isPredictor(predictor) ? { name: '', state: predictor.ownState() } : undefined),
    record: () => undefined,
  };
}

const belongs: Readonly<Record<Asked, string>> = {
  'an LM':
    'Code that asks an LM when its file is imported (an optimizer, an evaluation, a first try) belongs in a ' +
    "file of its own, or under `if (process.argv[1] === fileURLToPath(import.meta.url))`, Node's " +
    '`if __name__ == "__main__"`; what the program itself asks belongs in its forward.',
  embeddings:
    'What is made once (the index of a corpus) belongs in a file that a script of its own writes, and that the program ' +
    'reads; what the program itself asks belongs in its forward.',
};

function reasonFor(asked: Asked, place: string): string {
  return (
    `${place} asks ${asked === 'an LM' ? asked : 'a model for embeddings'} while it is loaded, before any program run: ` +
    `nothing was asked, and the process was ended there. ${belongs[asked]}`
  );
}

/** The line nearest to the top of the file that is being imported; else the package that asks for it. */
function placeOf(stack: string | undefined, workspace: string): string {
  const frames = (stack ?? '').split('\n').flatMap((line) => parseFrame(line) ?? []);
  const at = frames.findLast(({ file }) => isUserFile(file, workspace));
  if (at !== undefined) return `${at.file}:${at.line}`;
  const asker = frames.map(({ file }) => packageOf(file)).find((folder) => folder !== null);
  return asker === undefined ? 'Code that was being loaded' : `Code that was being loaded (by ${nameOf(asker)})`;
}

function nameOf(packageFolder: string): string {
  const packages = `node_modules${sep}`;
  return packageFolder.slice(packageFolder.lastIndexOf(packages) + packages.length);
}
