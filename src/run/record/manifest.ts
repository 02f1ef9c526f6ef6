/**
 * `manifest.json`: what a run was asked to do, with which versions, on which data and against which endpoint.
 * Resume takes everything from here. Nothing secret: of a key it holds the name of an environment variable.
 */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../../data/replaceFile.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { UsageError, messageOf } from '../../data/errors.ts';
import { isBuiltInCode } from '../../config/dataset.ts';
import { resolvedProgramSchema, withPaths } from '../../config/resolved.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { programDescriptionSchema } from '../../data/descriptionSchema.ts';
import { givenStateSchema } from './importState.ts';
import type { GivenState } from './importState.ts';
import { cannotWrite } from './diskError.ts';
import { keptPath, locatedPath, withKeys } from '../../data/portablePaths.ts';
import { runFiles, workspaceAround } from './runFolder.ts';

const dataFileSchema = z.object({ file: z.string(), sha256: z.string() });

export const capabilitiesSchema = z.object({
  completions: z.boolean(),
  continueFinal: z.boolean(),
  structuredChoice: z.boolean(),
  jsonSchema: z.boolean(),
});

const manifestSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  /** ISO 8601. */
  created: z.string(),
  versions: z.object({ bettertogether: z.string(), node: z.string(), platform: z.string() }),
  asked: resolvedProgramSchema,
  data: z.object({ train: dataFileSchema, dev: dataFileSchema.nullable(), test: dataFileSchema.nullable() }),
  /** Hosts that the user agreed to send data to; empty when nothing leaves this machine. */
  consent: z.array(z.string()),
  /** The state the run was asked to start from; without one, the program as it is written. */
  start: givenStateSchema.exactOptional(),
  /** Filled in when the program was loaded for the first time. */
  program: programDescriptionSchema.nullable(),
  /** Filled in when the endpoint was probed. */
  endpoint: z
    .object({
      /** As in memo keys: base URL and revision, or the hash of the model file. */
      id: z.string(),
      capabilities: capabilitiesSchema,
      trainer: z.string().nullable(),
    })
    .nullable(),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type DataHashes = Manifest['data'];

export const version: string = packageJson.version;

export function newManifest(
  id: string,
  created: Date,
  asked: ResolvedProgram,
  data: DataHashes,
  consent: readonly string[],
  start?: GivenState,
): Manifest {
  return {
    v: 1,
    id,
    created: created.toISOString(),
    versions: { bettertogether: version, node: process.version, platform: `${process.platform}-${process.arch}` },
    asked,
    data,
    consent: [...consent],
    ...(start === undefined ? {} : { start }),
    program: null,
    endpoint: null,
  };
}

/** The manifest of the run in `folder` with each path in it changed by `as`, within its workspace. */
function inFolder(manifest: Manifest, as: typeof keptPath, folder: string): Manifest {
  const workspace = workspaceAround(folder);
  const change = (path: string) => as(path, workspace);
  const { asked, data, program } = manifest;
  const rows = <T extends { readonly file: string }>(split: T): T => ({ ...split, file: change(split.file) });
  const { train, dev, test } = data;
  return {
    ...manifest,
    asked: withPaths(asked, change),
    data: { train: rows(train), dev: dev && rows(dev), test: test && rows(test) },
    program: program && {
      ...program,
      sources: withKeys(program.sources, change),
      predictors: program.predictors.map((each) =>
        each.source === undefined ? each : { ...each, source: rows(each.source) },
      ),
    },
  };
}

/** @throws HumanError when the disk does not take it. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const { manifest: file } = runFiles(folder);
  try {
    const text = JSON.stringify(inFolder(manifestSchema.parse(manifest), keptPath, folder), null, 2);
    await replaceFile(file, `${text}\n`);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** @throws UsageError when it is missing or not a manifest of this version. */
export async function readManifest(folder: string): Promise<Manifest> {
  const { manifest: file } = runFiles(folder);
  try {
    return inFolder(manifestSchema.parse(JSON.parse(await readFile(file, 'utf8'))), locatedPath, folder);
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsageError(`${file} is not the manifest of a run that this version can go on with: ${why}`, error);
  }
}

/**
 * A run goes on only with the program, metric and data it began with: anything else would mix two experiments.
 *
 * @throws UsageError naming each changed file.
 */
export function checkUnchanged(
  manifest: Manifest,
  now: { readonly data: DataHashes; readonly sources?: Readonly<Record<string, string>> },
  workspace: string,
): void {
  const changed: string[] = [];
  const rebuilt: string[] = [];
  for (const split of ['train', 'dev', 'test'] as const) {
    const before = manifest.data[split];
    if (before === null || before.sha256 === now.data[split]?.sha256) continue;
    changed.push(`the ${split} data ${before.file}`);
    if (isBuiltInCode(before.file)) rebuilt.push(before.file);
  }
  const before = manifest.program?.sources;
  if (before !== undefined && now.sources !== undefined) {
    for (const file of new Set([...Object.keys(before), ...Object.keys(now.sources)])) {
      if (before[file] !== now.sources[file]) changed.push(`the source ${relative(workspace, file) || file}`);
    }
  }
  if (changed.length === 0) return;
  const unseeded =
    rebuilt.length === 0
      ? ''
      : ` If nobody changed ${[...new Set(rebuilt)].join(' and ')}, the code gives other rows each time: seed it.`;
  throw new UsageError(
    `Run ${manifest.id} cannot go on: since it began, ${changed.join(' and ')} changed. ` +
      'Put back what was there, or start a new run: what did not change is remembered and not paid for again.' +
      unseeded,
  );
}
