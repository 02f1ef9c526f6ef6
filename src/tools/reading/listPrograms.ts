import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import { isOneFile } from '../../base/oneFile.ts';
import * as z from 'zod';
import { messageOf } from '../../base/errors.ts';
import { configFileName, loadOwnConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { capText } from '../../editor/settings/planText.ts';
import { mergePrograms } from '../../editor/items/merge.ts';
import { count, plural } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import { rootsNamed } from '../base/find.ts';
import type { ToolHost } from '../base/host.ts';
import { folderInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { listProgramsTool, priceTool } from '../base/names.ts';

/** Of a folder, those that a model is told. */
const programsTold = 50;

const configuredSchema = z.object({
  program: z.string(),
  /** `file#name` */
  source: z.string(),
  /** What is wrong with its entry; the rest is left out then. */
  problem: z.string().exactOptional(),
  metric: z.string().exactOptional(),
  endpoint: z.string().exactOptional(),
  model: z.string().exactOptional(),
  strategy: z.string().exactOptional(),
  rows: z.object({ train: z.string(), dev: z.string().nullable(), test: z.string().nullable() }).exactOptional(),
  cap: z.string().exactOptional(),
  /** What may be spent without asking anybody. */
  allowed: z.string().exactOptional(),
});

const foundSchema = z.object({
  source: z.string(),
  line: z.number().nullable(),
  predictors: z.array(z.string()),
  runnable: z.boolean(),
});

const folderSchema = z.object({
  folder: z.string(),
  /** What is wrong with the configuration. */
  problem: z.string().nullable(),
  programs: z.array(configuredSchema),
  /** Found in sources, and not in the configuration yet. */
  not_configured: z.array(foundSchema),
  /** How many of either are left out here. */
  left_out: z.number(),
});
type FolderData = z.infer<typeof folderSchema>;

export const listPrograms = defineTool({
  name: listProgramsTool,
  title: 'List LM programs',
  forPeople: 'List the LM programs of the open folders, and how they are configured.',
  forModels:
    'Lists the LM programs of the workspace: those that bettertogether.json configures (with metric, rows, model, strategy and caps), which can be ' +
    'evaluated and optimized, and those found in DSPy or TypeScript sources that no entry names yet. Reads files and runs nothing. Start here: other ' +
    `tools, like ${priceTool}, take a name from "program". Not for runs.`,
  icon: '$(list-tree)',
  effect: 'reads',
  input: z.strictObject({ folder: folderInput }),
  output: z.object({ folders: z.array(folderSchema) }),
  quotes: true,
  narrower: 'Give "folder" to see one folder.',
  doing: () => l10n.t('Looking for LM programs'),
  run: async ({ folder }, host, call) => {
    const roots = await rootsNamed(host, folder);
    const folders: FolderData[] = [];
    for (const root of roots) {
      call.signal.throwIfAborted();
      folders.push(await folderData(root, host));
    }
    const configured = folders.reduce((sum, { programs }) => sum + programs.length, 0);
    const found = folders.reduce((sum, one) => sum + one.not_configured.length, 0);
    const entry =
      configured === 0 && found > 0
        ? ` To work with one, write an entry for it under "programs" in ${configFileName}: "program", "metric" and "train" are required.`
        : '';
    return {
      say: `${plural(configured, 'program')} configured, ${count(found)} more found in sources.${entry}`,
      data: { folders },
    };
  },
});

async function folderData(root: string, host: ToolHost): Promise<FolderData> {
  const { loaded, problem } = await configIn(root);
  const keys = Object.keys(loaded.config.programs ?? {});
  const programs = await Promise.all(keys.slice(0, programsTold).map((key) => configured(loaded, key, host)));
  const found = mergePrograms(
    [{ folder: root, found: await host.find(root) }],
    [{ folder: loaded.workspace, loaded }],
    () => root,
    isOneFile,
  ).filter((one) => one.keys.length === 0);
  return {
    folder: root,
    problem,
    programs,
    not_configured: found.slice(0, programsTold).map(({ file, name, line, predictors, runnable }) => ({
      source: cut(`${file}#${name}`, 500),
      line,
      predictors: predictors.slice(0, 20).map((one) => cut(one.name, 100)),
      runnable,
    })),
    left_out: Math.max(0, keys.length - programsTold) + Math.max(0, found.length - programsTold),
  };
}

async function configIn(root: string): Promise<{ readonly loaded: LoadedConfig; readonly problem: string | null }> {
  try {
    return { loaded: await loadOwnConfig(root), problem: null };
  } catch (error) {
    const nothing = { workspace: root, file: join(root, configFileName), config: {} };
    return { loaded: nothing, problem: cut(messageOf(error), 2000) };
  }
}

async function configured(
  loaded: LoadedConfig,
  key: string,
  { permissions }: ToolHost,
): Promise<z.infer<typeof configuredSchema>> {
  const name = { program: cut(key, 500), source: cut(loaded.config.programs?.[key]?.program ?? '', 500) };
  let config: ResolvedProgram;
  try {
    config = await resolveProgram(loaded, key, {}, loaded.workspace);
  } catch (error) {
    return { ...name, problem: cut(messageOf(error), 1000) };
  }
  const { metric, endpoint, model, strategy, data, budget } = config;
  const measure = metric.kind === 'builtin' ? `${metric.name}:${metric.field}` : `${metric.file}#${metric.name}`;
  return {
    ...name,
    metric: cut(measure, 500),
    endpoint: cut(endpoint.name, 200),
    model: cut(model, 200),
    strategy: cut(formatStrategy(strategy), 500),
    rows: data,
    cap: capText(budget),
    allowed: await permissions.tell(loaded.workspace, key),
  };
}
