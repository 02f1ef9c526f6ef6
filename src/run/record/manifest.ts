/**
 * `manifest.json`: what a run was asked to do, with which versions, on which data and against which endpoint.
 * Resume takes everything from here. Nothing secret: of a key it holds the name of an environment variable. It is sealed:
 * one that this user did not write here can be looked at, and only an own one (`OwnManifest`) can be acted on.
 */
import { basename, relative } from 'node:path';
import * as z from 'zod';
import { LaterForm, parseRecord } from '../../data/record.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { UsageError, messageOf } from '../../base/errors.ts';
import { checkNoLinks, checkPlain, readPlainFile } from '../../base/plainFile.ts';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { isBuiltInCode } from '../../config/dataset.ts';
import { resolvedProgramSchema, withPaths } from '../../config/resolved.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { programDescriptionSchema } from '../../data/program.ts';
import { givenStateSchema } from './importState.ts';
import type { GivenState } from './importState.ts';
import { cannotWrite } from './diskError.ts';
import { keptPath, locatedPath, withKeys } from '../../base/portablePaths.ts';
import { ForeignRecord } from './foreign.ts';
import { isLater, unreadKeys } from './laterVersion.ts';
import { runFiles, workspaceAround } from './runFolder.ts';

const dataFileSchema = z.object({ file: z.string(), sha256: z.string() });

export const capabilitiesSchema = z.object({
  completions: z.boolean(),
  continueFinal: z.boolean(),
  repeatsOpened: z.literal(true).exactOptional(),
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
  /** The state the run was asked to start from. Without one, the program as it is written. */
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

declare const madeHere: unique symbol;
/** A manifest that this user wrote on this machine, or took over. Only such a one is written, and sealed. */
export type OwnManifest = Manifest & { readonly [madeHere]: true };

export const version: string = packageJson.version;

export function newManifest(
  id: string,
  created: Date,
  asked: ResolvedProgram,
  data: DataHashes,
  consent: readonly string[],
  start?: GivenState,
): OwnManifest {
  return adopted({
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
  });
}

/** Says that the manifest is this user's own: it is new, its seal holds, or the user has looked at it and took it over. */
export const adopted = (manifest: Manifest): OwnManifest => manifest as OwnManifest;

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
export async function writeManifest(folder: string, manifest: OwnManifest): Promise<void> {
  const { manifest: file } = runFiles(folder);
  try {
    const record = inFolder(manifestSchema.parse(manifest), keptPath, folder);
    await replaceFile(file, sealedText(sealAt(folder), 'manifest', basename(folder), record));
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** A manifest that was read, and where it comes from. */
export type ReadManifest = (
  | { readonly madeHere: true; readonly manifest: OwnManifest }
  | { readonly madeHere: false; readonly manifest: Manifest }
) & {
  /** Keys of a later version, which writing the manifest would lose. */
  readonly unread: readonly string[];
};

/**
 * Reading a run, or writing to it, starts with its manifest. So this is where a run that holds a link is found.
 *
 * @throws UsageError when it is missing or not a manifest of this version, or the folder holds a link.
 */
export async function inspectManifest(folder: string): Promise<ReadManifest> {
  const { manifest: file } = runFiles(folder);
  try {
    checkNoLinks(folder, workspaceAround(folder));
    checkPlain(folder);
    const text = (await readPlainFile(file)) ?? '';
    if (text === '') throw new Error('there is no such file');
    const record = parseRecord(manifestSchema, text);
    const manifest = inFolder(record, locatedPath, folder);
    const id = basename(folder);
    const unread = isLater(record.versions.bettertogether, version) ? unreadKeys(text, { ...record, seal: true }) : [];
    return manifest.id === id && isSealedText(sealAt(folder), 'manifest', id, text)
      ? { madeHere: true, manifest: adopted(manifest), unread }
      : { madeHere: false, manifest, unread };
  } catch (error) {
    if (error instanceof LaterForm) throw new UsageError(`${file} cannot be read: ${error.message}.`, error);
    throw new UsageError(
      `${file} is not the manifest of a run that this version can go on with: ${messageOf(error)}`,
      error,
    );
  }
}

/** To look at, wherever it comes from. @throws as `inspectManifest`. */
export async function readManifest(folder: string): Promise<Manifest> {
  return (await inspectManifest(folder)).manifest;
}

/**
 * To act on.
 *
 * @throws ForeignRecord when this user did not write it here.
 * @throws UsageError when a later version asks in it for what this one does not know; else as `inspectManifest`.
 */
export async function readOwnManifest(folder: string): Promise<OwnManifest> {
  const read = await inspectManifest(folder);
  if (!read.madeHere) throw new ForeignRecord(`Run ${basename(folder)}`, basename(folder));
  checkKnown(read);
  return read.manifest;
}

/** @throws UsageError naming the later version that began the run, and what it asks for. */
export function checkKnown({ manifest: { id, versions }, unread }: ReadManifest): void {
  if (unread.length === 0) return;
  const asks = unread.slice(0, 3).map((key) => `"${key}"`);
  throw new UsageError(
    `Run ${id} was begun by BetterTogether ${versions.bettertogether} and asks for ${asks.join(', ')}, which this version ` +
      `(${version}) does not know. It can be looked at; update BetterTogether to go on with it.`,
  );
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
