import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolveHome } from '../../src/home/home.ts';
import { venvPython } from '../../src/embedded/setup/python.ts';

/**
 * A Python with packages that only long tests need, beside the trainer's own (torch, transformers and peft are shared).
 * Made once, in the data home; `BETTERTOGETHER_<NAME>_PYTHON` names another.
 */
export function pythonWith(name: string, packages: readonly string[]): string {
  const given = process.env[`BETTERTOGETHER_${name.toUpperCase()}_PYTHON`];
  if (given !== undefined) return given;
  const home = resolveHome();
  const folder = join(home.root, name);
  const python = venvPython(folder);
  const done = join(folder, 'done');
  if (existsSync(done)) return python;
  const trainer = venvPython(home.venv);
  if (!existsSync(trainer)) throw new Error('The trainer is not set up: run `npm test` or `npm start` first.');
  must(trainer, '-m', 'venv', folder);
  writeFileSync(join(sitePackages(folder), 'trainer.pth'), `${sitePackages(home.venv)}\n`);
  must(python, '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off', ...packages);
  writeFileSync(done, '');
  return python;
}

/** Programs that packages bring lie beside the interpreter. */
export const besidePython = (python: string, program: string): string => join(dirname(python), program);

function sitePackages(venv: string): string {
  const lib = join(venv, 'lib');
  const version = readdirSync(lib).find((entry) => entry.startsWith('python'));
  return join(lib, version ?? '', 'site-packages');
}

function must(program: string, ...args: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`\`${program} ${args.join(' ')}\` ended with ${String(status)}.`);
}
