import { readFileSync, realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { PredictorDescription, ProgramDescription } from '../../data/program.ts';
import { builtInMetric } from '../../program/builtInMetric.ts';
import { describe, namedPredictors } from '../../program/predictors.ts';
import type { Predictor } from '../../program/brands.ts';
import type { InitializeParams } from '../protocol.ts';
import { parseExportPath } from './exportPath.ts';
import { attributeLine } from './attributeLine.ts';
import { LoadError } from './loadError.ts';
import { createLoader } from './loader.ts';
import type { Loader } from './loader.ts';
import { takesPredictor } from './measure.ts';
import { takeMetric, takeProgram } from './program.ts';
import type { UserMetric } from './program.ts';
import { programSource } from './source/programSource.ts';
import { knownTypes } from './rowValues.ts';
import type { Loaded } from './loaded.ts';

export interface LoadedHost extends Loaded {
  readonly params: InitializeParams;
  readonly description: ProgramDescription;
  readonly names: ReadonlyMap<object, string>;
  readonly predictors: ReadonlyMap<string, Predictor>;
}

/**
 * Loads the user's program and metric and describes them.
 *
 * @param beforeUserCode called when what we need ourselves is loaded.
 * @throws LoadError
 */
export async function loadUserCode(
  params: InitializeParams,
  sdkPath: string,
  beforeUserCode: () => void,
): Promise<LoadedHost> {
  const workspace = realpathSync(params.workspace);
  const path = parseExportPath(params.program, workspace, 'program');
  const loader = await createLoader(workspace, path.file, sdkPath);
  beforeUserCode();
  const program = await takeProgram(await loader.load(path.file), path, workspace);
  const metric = await loadMetric(params.metric, workspace, loader);
  const predictors = forUser(() => describe(program.root, params.frozen), path.file);
  // Paths as the parent knows them, which may have come to the workspace by a link.
  const given = (file: string): string => resolve(params.workspace, relative(workspace, file));
  const loaded = loader.sources();
  const sources = Object.entries(loaded).map(([file, hash]) => [given(file), hash] as const);
  const source = programSource({ ...path, files: Object.keys(loaded), root: program.root, workspace });
  const found = namedPredictors(program.root);
  return {
    params,
    program,
    metric,
    types: knownTypes(predictors),
    metricSpec: params.metric,
    metricRange: params.metricRange,
    workspace,
    description: {
      name: program.name,
      language: 'typescript',
      exported: program.exported,
      predictors: withLines(predictors, readFileSync(path.file, 'utf8'), given(path.file)),
      ...(source === undefined ? {} : { source }),
      runtime: `Node ${process.versions.node}`,
      sources: Object.fromEntries(sources),
      ...(takesPredictor(metric) ? { metricTakesPredictor: true } : {}),
    },
    names: new Map(found.map((each) => [each.predictor, each.name])),
    predictors: new Map(found.map((each) => [each.name, each.predictor])),
  };
}

/** Where the attribute that a predictor hangs from is written, if that is in the program's own file. */
function withLines(
  predictors: readonly PredictorDescription[],
  source: string,
  file: string,
): readonly PredictorDescription[] {
  const lines = source.split('\n');
  return predictors.map((predictor) => {
    const line = attributeLine(lines, predictor.name);
    return line === undefined ? predictor : { ...predictor, source: { file, line } };
  });
}

async function loadMetric(spec: string, workspace: string, loader: Loader): Promise<UserMetric> {
  const builtIn = forUser(() => builtInMetric(spec));
  if (builtIn !== undefined) return builtIn;
  const path = parseExportPath(spec, workspace, 'metric');
  return takeMetric(await loader.load(path.file), path);
}

/** Usage errors of the SDK concern what the user wrote. */
function forUser<T>(body: () => T, file?: string): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new LoadError(file === undefined ? error.message : `${file}: ${error.message}`, file);
  }
}
