/** Data sets built in code: `file.ts#name`, an array of objects or a function that returns one. */
import { realpathSync } from 'node:fs';
import type { Fields, JsonValue } from '../../base/json.ts';
import { isPredictor } from '../../program/brands.ts';
import { toJson } from '../../program/values/toJson.ts';
import type { DatasetRow, ReadDatasetsParams } from '../protocol.ts';
import { argumentsMissing, rowsIn } from './datasetForms.ts';
import { parseExportPath } from './exportPath.ts';
import type { ExportPath } from './exportPath.ts';
import { guardImports } from './importGuard.ts';
import { LoadError } from './loadError.ts';
import { createLoader } from './loader.ts';
import type { Loader } from './loader.ts';
import { fieldsOf as namedFields } from './plainFields.ts';
import { guard, isClass, kindOf, take } from './program.ts';

/**
 * The rows of each data set, in order.
 *
 * @param end see `guardImports`.
 * @throws LoadError written for the user.
 */
export function readDatasets(
  { workspace: given, datasets }: ReadDatasetsParams,
  sdkPath: string,
  end: (reason: string) => never,
): Promise<readonly (readonly DatasetRow[])[]> {
  const workspace = realpathSync(given);
  return guardImports(workspace, end, async () => {
    const paths = datasets.map((spec) => parseExportPath(spec, workspace, 'data set'));
    const all: (readonly DatasetRow[])[] = [];
    // One after the other: what is loaded twice is made once, and errors come in order.
    for (const path of paths) {
      const loader = await createLoader(workspace, path.file, sdkPath);
      all.push(await read(path, workspace, loader));
    }
    return all;
  });
}

async function read(path: ExportPath, workspace: string, loader: Loader): Promise<readonly DatasetRow[]> {
  const exports = await loader.load(path.file);
  const exported = take(exports, path, 'data set');
  const called = isMaker(exported);
  const taken = Object.keys(exports);
  const hint = called ? argumentsMissing(exported, { taken, path }) : '';
  const value = await guard(async () => (called ? exported() : exported), path, workspace, hint);
  const made = rowsIn({ value, path, called, taken });
  const rows = await guard(() => gather(made), path, workspace);
  return rows.map((row, i) => ({ fields: fieldsOf(row, i + 1, path) }));
}

async function gather(made: Iterable<unknown> | AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for await (const row of made) rows.push(row);
  return rows;
}

function isMaker(exported: unknown): exported is () => unknown {
  return typeof exported === 'function' && !isClass(exported) && !isPredictor(exported);
}

function fieldsOf(row: unknown, number: number, { spec, file }: ExportPath): Fields {
  const name = `Row ${number} of ${spec}`;
  const fields = namedFields(asData(row, name, file));
  if (fields !== undefined) return fields;
  throw new LoadError(`${name} is ${kindOf(row)}, which is no object with named fields.`, file);
}

function asData(row: unknown, name: string, file: string): JsonValue | undefined {
  try {
    return toJson(row, 'row');
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new LoadError(`${name} is no data: ${error.message}`, file);
  }
}
