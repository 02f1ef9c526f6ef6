import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { UsageError, messageOf } from '../../base/errors.ts';
import { exactText } from '../../base/exact.ts';
import { checkNoLinks } from '../../base/plainFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { exportFormatNames, languages } from '../../data/language.ts';
import { toDspyJson, toStateJson } from '../../run/export/exportState.ts';
import { ForeignRecord } from '../../run/record/foreign.ts';
import { readOwnManifest } from '../../run/record/manifest.ts';
import type { OwnManifest } from '../../run/record/manifest.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { readOwnStates } from '../../run/record/stateFile.ts';
import type { RunStates } from '../../run/record/stateFile.ts';
import { startName, stepName } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import { runNamed } from '../base/find.ts';
import type { ToolHost } from '../base/host.ts';
import { folderInput, runInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { exportTool } from '../base/names.ts';
import { foreign } from './plannedWork.ts';

/** Characters of instructions that a model is told; the file has all. */
const instructionsTold = 3000;

const input = z.strictObject({
  run: runInput,
  file: z
    .string()
    .min(1)
    .max(1000)
    .describe(
      'Where to write it, from the folder of bettertogether.json: a new file that ends in .json, within that folder.',
    ),
  state: z
    .enum(['final', 'best'])
    .optional()
    .describe('"final" (default): the last state reached. "best": the one with the best dev score.'),
  format: z
    .enum(exportFormatNames)
    .optional()
    .describe('"dspy" for programs in DSPy, "json" for the TypeScript SDK. Default: as the program\'s language is.'),
  folder: folderInput,
});

export const exportProgram = defineTool({
  name: exportTool,
  title: 'Export an optimized program',
  forPeople: 'Write the state that a run reached to a new file, for the program to load.',
  forModels:
    'Writes the state a run reached (instructions, demos, names of tuned models) to a new JSON file in the workspace, for the program to load, and gives the ' +
    'instructions of each predictor. Overwrites nothing, and changes no source: that the program loads the file is for you or the person to write. ' +
    'Only runs that this person made. Export when the gain is real on the dev rows; where it may be chance, say so first.',
  icon: '$(export)',
  effect: 'acts',
  input,
  output: z.object({
    run: z.string(),
    file: z.string(),
    step: z.string(),
    format: z.string(),
    predictors: z.array(z.object({ name: z.string(), model: z.string(), instructions: z.string(), demos: z.number() })),
  }),
  quotes: true,
  doing: ({ run }) => l10n.t`Exporting run ${run}`,
  question: async ({ run: asked, file, folder }, host) => {
    const { root, run } = await runNamed(host, asked, folder);
    const place = await newFileIn(root, file);
    return () => ({
      title: l10n.t`Export run ${run.id}?`,
      message: l10n.t`Its state is written to the new file ${place}.`,
    });
  },
  run: async ({ run: asked, file, state: which = 'final', format: askedFormat, folder }, host) => {
    const { root, run } = await runNamed(host, asked, folder);
    const { manifest, states } = await ownStates(run, host);
    const { prefix, state } = states[which];
    const format = askedFormat ?? languages[manifest.program?.language ?? 'typescript'].exportFormat;
    if (manifest.program === null) throw new UsageError(`Run ${run.id} never loaded its program.`);
    const text =
      format === 'json'
        ? JSON.stringify(toStateJson(state), null, 2)
        : exactText(toDspyJson(state, manifest.program, manifest.asked.sampling));
    const place = await newFileIn(root, file);
    await replaceFile(place, `${text}\n`);
    return {
      say: `The ${which} state of run ${run.id} was written to ${place}.`,
      data: {
        ...{ run: run.id, file: place, format },
        step: cut(stepName(prefix, startName(manifest.start)), 300),
        predictors: Object.entries(state.predictors)
          .slice(0, 30)
          .map(([name, { model, instructions, demos }]) => ({
            name: cut(name, 200),
            model: cut(model, 200),
            instructions: cut(instructions, instructionsTold),
            demos: demos.length,
          })),
      },
    };
  },
});

async function ownStates(
  run: RunLocation,
  host: ToolHost,
): Promise<{ readonly manifest: OwnManifest; readonly states: RunStates }> {
  try {
    const manifest = await readOwnManifest(run.folder);
    const states = await readOwnStates(run.folder);
    if (states !== null) return { manifest, states };
  } catch (error) {
    throw error instanceof ForeignRecord ? foreign(run.id, host) : error;
  }
  throw new UsageError(`Run ${run.id} has no state yet: no step of it has finished.`);
}

/** @throws UsageError for a place that is not in the folder, is there already, or lies behind a link. */
async function newFileIn(root: string, file: string): Promise<string> {
  const place = resolve(root, file);
  const inside = relative(root, place);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new UsageError(`"file" has to lie within ${root}.`);
  }
  const parts = inside.split(sep);
  if (!place.endsWith('.json') || parts.some((part) => part.startsWith('.') || part === 'node_modules')) {
    throw new UsageError('"file" has to end in .json, and to lie in no folder whose name begins with a dot.');
  }
  if (!existsSync(dirname(place))) throw new UsageError(`"file": the folder ${dirname(place)} does not exist.`);
  try {
    checkNoLinks(dirname(place), root);
  } catch (error) {
    throw new UsageError(`"file": ${messageOf(error)}`, error);
  }
  const there = await lstat(place).catch(() => null);
  if (there !== null)
    throw new UsageError(`"file": ${place} is there already, and nothing is overwritten. Take another name.`);
  return place;
}
