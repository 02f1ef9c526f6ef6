import { messageOf } from '../../base/errors.ts';
import type { Fields } from '../../base/json.ts';
import type { ProgramExport } from '../../data/program.ts';
import type { TraceCall } from '../../data/trace.ts';
import { isModule, isPredictor } from '../../program/brands.ts';
import type { ExportPath, Role } from './exportPath.ts';
import { LoadError } from './loadError.ts';
import { takesAllInOne, takesRowAlone } from './metricShape.ts';
import { userFrame } from './userFrame.ts';

/** The user's program, whichever way it is exported. */
export interface LoadedProgram {
  readonly name: string;
  readonly exported: ProgramExport;
  /** Where its predictors hang. */
  readonly root: object;
  run(inputs: Fields): unknown;
}

/** The calls of the run, and where feedback about one predictor is wanted its name and a call of it. */
export type BehindPrediction = [trace?: readonly TraceCall[], predictor?: string, calls?: readonly TraceCall[]];

export type UserMetric = (example: Fields, prediction: Fields, ...more: BehindPrediction) => unknown;

type Callable = (...args: readonly unknown[]) => unknown;

/**
 * Takes a class (made with no arguments), a factory (called with none, may be async) or an instance: anything with a
 * `forward` method, or a bare predictor.
 *
 * @throws LoadError
 */
export async function takeProgram(
  exports: Readonly<Record<string, unknown>>,
  path: ExportPath,
  workspace: string,
): Promise<LoadedProgram> {
  const exported = take(exports, path, 'program');
  const name = path.name === 'default' ? nameOf(exported) : path.name;
  const exportedAs = exportOf(exported);
  const hint = argumentsMissing(exported, exportedAs, path);
  const instance = await guard(async () => made(exported, exportedAs), path, workspace, hint);
  const run = runnerOf(instance);
  if (run === undefined) {
    throw new LoadError(
      `${path.spec} gives ${kindOf(instance)}, which is no program: it has no forward method. ` +
        'Export a class that extends Module, a function that returns a program, or a program.',
      path.file,
    );
  }
  return { name, exported: exportedAs, root: instance as object, run };
}

/** @throws LoadError */
export function takeMetric(exports: Readonly<Record<string, unknown>>, path: ExportPath): UserMetric {
  const exported = take(exports, path, 'metric');
  if (typeof exported === 'function' && !isClass(exported)) return fitMetric(exported as UserMetric, path);
  throw new LoadError(
    `${path.spec} is ${kindOf(exported)}. A metric is a function (example, prediction, trace?) => boolean | number.`,
    path.file,
  );
}

function fitMetric(metric: UserMetric, path: ExportPath): UserMetric {
  if (takesAllInOne(metric)) throw new LoadError(allInOne(path), path.file);
  if (!takesRowAlone(metric)) return metric;
  throw new LoadError(
    `${path.spec} takes one argument, and a metric is given two, example and prediction: it never sees what the program ` +
      'answered. Write `(example, prediction) => …`.',
    path.file,
  );
}

function allInOne(path: ExportPath): string {
  return (
    `${path.spec} takes all in one argument, and a metric is given two, example and prediction. Write what calls it and name ` +
    `that: \`(example, prediction) => …({ output: prediction.answer, expected: example.answer })\`.`
  );
}

/** @throws LoadError when there is no such export. */
export function take(exports: Readonly<Record<string, unknown>>, path: ExportPath, role: Role): unknown {
  const names = Object.keys(exports).filter((name) => name !== '__esModule');
  const known = names.length === 0 ? 'It exports nothing.' : `It exports: ${names.join(', ')}.`;
  if (path.name === '') {
    throw new LoadError(`The ${role} '${path.spec}' names no export. Write ${path.spec}#<export>. ${known}`, path.file);
  }
  if (names.includes(path.name)) return exports[path.name];
  const what = `${path.file} has no export '${path.name}' ("${role}": "${path.spec}"). ${known}`;
  throw new LoadError(path.name.includes('.') ? `${what} ${ofItsOwn(path.name)}` : what, path.file);
}

function ofItsOwn(name: string): string {
  const own = name.slice(name.lastIndexOf('.') + 1);
  return `A name without dots is needed: write \`export const ${own} = ${name};\` at the end of the file, and name that.`;
}

function exportOf(exported: unknown): ProgramExport {
  if (isPredictor(exported) || isModule(exported) || typeof exported !== 'function') return 'object';
  return isClass(exported) ? 'class' : 'function';
}

/** What is said where making the program failed: classes and functions are given nothing. */
function argumentsMissing(exported: unknown, as: ProgramExport, { name }: ExportPath): string {
  if (as === 'object' || typeof exported !== 'function' || exported.length === 0) return '';
  const what = as === 'class' ? 'Its constructor' : 'It';
  const own = name === 'default' ? exported.name || 'Program' : name;
  const call = as === 'class' ? `new ${own}(…)` : `${own}(…)`;
  return (
    ` ${what} has parameters, and is called with no arguments: give them default values, or export what gives them, ` +
    `\`export const program = () => ${call};\`, and name that.`
  );
}

function made(exported: unknown, as: ProgramExport): unknown {
  if (as === 'object') return exported;
  return as === 'class' ? new (exported as new () => unknown)() : (exported as Callable)();
}

function runnerOf(instance: unknown): LoadedProgram['run'] | undefined {
  if (instance === null || (typeof instance !== 'object' && typeof instance !== 'function')) return undefined;
  const { call, forward } = instance as { readonly call?: unknown; readonly forward?: unknown };
  // `call` of our modules also notes the module's name in the trace; plain objects have only `forward`.
  if (isModule(instance) && typeof call === 'function') return (inputs) => (call as Callable).call(instance, inputs);
  if (isPredictor(instance) && typeof instance === 'function') return (inputs) => (instance as Callable)(inputs);
  if (typeof forward === 'function') return (inputs) => (forward as Callable).call(instance, inputs);
  return undefined;
}

/**
 * @param hint follows the error's message.
 * @throws LoadError naming the place in the user's code where making what it exports failed.
 */
export async function guard<T>(make: () => Promise<T>, path: ExportPath, workspace: string, hint = ''): Promise<T> {
  try {
    return await make();
  } catch (error) {
    const frame = userFrame(error, workspace);
    const at = frame === undefined ? path.file : `${frame.file}:${frame.line}`;
    const why = messageOf(error);
    const stop = hint === '' || /[.!?]$/.test(why) ? '' : '.';
    throw new LoadError(
      `Making ${path.spec} failed at ${at}: ${why}${stop}${hint}`,
      frame?.file ?? path.file,
      frame?.line,
    );
  }
}

/** Classes, however they were compiled: their prototype has or inherits methods. */
export function isClass(value: object): boolean {
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true;
  const prototype: unknown = (value as { prototype?: unknown }).prototype;
  // That of a generator function has no constructor of its own.
  if (typeof prototype !== 'object' || prototype === null || !Object.hasOwn(prototype, 'constructor')) return false;
  return Object.getOwnPropertyNames(prototype).length > 1 || Object.getPrototypeOf(prototype) !== Object.prototype;
}

function nameOf(value: unknown): string {
  const name = typeof value === 'function' ? value.name : '';
  return name === '' ? 'default' : name;
}

/** For people: `a list`, `a class`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return isClass(value) ? 'a class' : 'a function';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
