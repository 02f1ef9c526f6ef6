import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolveHome } from '../../src/home/home.ts';
import { venvPython } from '../../src/embedded/setup/python.ts';
import { must } from './servers/command.ts';

/**
 * A Python with packages that only long tests need, beside the trainer's own (torch, transformers and peft are shared).
 * Made once, in the data home; `BETTERTOGETHER_<NAME>_PYTHON` names another.
 */
export function pythonWith(name: string, packages: readonly string[]): string {
  return madeOnce(name, packages, (folder, trainer) => {
    writeFileSync(join(sitePackages(folder), 'trainer.pth'), `${sitePackages(dirname(dirname(trainer)))}\n`);
  });
}

/** The same apart from the trainer's: for packages that ask for versions of their own. @param mend is done after them. */
export function pythonApart(
  name: string,
  packages: readonly string[],
  mend: (python: string, sitePackages: string) => void = () => undefined,
): string {
  return madeOnce(
    name,
    packages,
    () => undefined,
    (folder) => mend(venvPython(folder), sitePackages(folder)),
  );
}

/** Programs that packages bring lie beside the interpreter. */
export const besidePython = (python: string, program: string): string => join(dirname(python), program);

function madeOnce(
  name: string,
  packages: readonly string[],
  before: (folder: string, trainer: string) => void,
  after: (folder: string) => void = () => undefined,
): string {
  const given = process.env[`BETTERTOGETHER_${name.toUpperCase()}_PYTHON`];
  if (given !== undefined) return given;
  const home = resolveHome();
  const folder = join(home.root, name);
  const python = venvPython(folder);
  const done = join(folder, 'done');
  const wanted = JSON.stringify(packages);
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return python;
  const trainer = venvPython(home.venv);
  if (!existsSync(trainer)) throw new Error('The trainer is not set up: run `npm test` or `npm start` first.');
  rmSync(folder, { recursive: true, force: true });
  must([trainer, '-m', 'venv', folder]);
  before(folder, trainer);
  must([python, '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off', ...packages]);
  after(folder);
  writeFileSync(done, wanted);
  return python;
}

function sitePackages(venv: string): string {
  const lib = join(venv, 'lib');
  const version = readdirSync(lib).find((entry) => entry.startsWith('python'));
  return join(lib, version ?? '', 'site-packages');
}
