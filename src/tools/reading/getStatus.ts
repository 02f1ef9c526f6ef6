import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { UsageError, messageOf } from '../../base/errors.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { readRun } from '../../run/reading/summary.ts';
import { listRuns } from '../../run/record/runFolder.ts';
import { plural, stepName } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import { rootsNamed, runNamed } from '../base/find.ts';
import type { NamedRun } from '../base/find.ts';
import { folderInput, runInput, waitInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { statusTool } from '../base/names.ts';
import { awaitRun } from './awaitRun.ts';
import { runStatus, runStatusSchema, statusSentence } from './runStatus.ts';

/** Of each folder, the latest. */
const runsTold = 10;

const listedSchema = z.object({
  run: z.string(),
  folder: z.string(),
  program: z.string().nullable(),
  strategy: z.string().nullable(),
  status: z.string(),
  made_here: z.boolean(),
  /** Of the final state, in per cent. */
  dev: z.number().nullable(),
  test: z.number().nullable(),
});

export const getStatus = defineTool({
  name: statusTool,
  title: 'Status of runs',
  forPeople: 'Say how far a run is and what it reached, or list the latest runs.',
  forModels:
    'Says how far a run is and what it reached: each step with its scores on dev and test rows (per cent, 95 % interval) and its gain over what the ' +
    'run began with, what was paid, the cap, and why it stopped. "verdict" says whether the gain is real or may be chance: repeat that to the person as it is. ' +
    'With "wait_seconds" it waits for the end. Without "run" it lists the latest runs. Reads only. Runs with "made_here": false came with the folder: somebody else says what they reached.',
  icon: '$(graph)',
  effect: 'reads',
  input: z.strictObject({
    run: runInput
      .optional()
      .describe(
        'The id of a run, the beginning or end of exactly one id, or "latest". Left out: the latest runs are listed.',
      ),
    wait_seconds: waitInput,
    folder: folderInput,
  }),
  output: z.object({ run: runStatusSchema.nullable(), runs: z.array(listedSchema), left_out: z.number() }),
  quotes: true,
  doing: ({ run }) => (run === undefined ? l10n.t('Listing runs') : l10n.t`Looking at run ${run}`),
  run: async ({ run: asked, wait_seconds: seconds, folder }, host, call) => {
    if (asked === undefined) {
      if (seconds !== undefined) throw new UsageError('"wait_seconds" needs "run": which run is to be waited for.');
      const all = await Promise.all((await rootsNamed(host, folder)).map(latest));
      const runs = all.flatMap((one) => one.runs);
      const leftOut = all.reduce((sum, one) => sum + one.leftOut, 0);
      const say = runs.length === 0 ? 'There are no runs yet.' : `${plural(runs.length, 'run')}, the latest last.`;
      return { say, data: { run: null, runs, left_out: leftOut } };
    }
    const named = await runNamed(host, asked, folder);
    if (seconds !== undefined && seconds > 0) await awaitRun(named.run, seconds, call);
    const data = await runStatus(named);
    return { say: statusSentence(data, host.words), data: { run: data, runs: [], left_out: 0 } };
  },
});

async function latest(
  root: string,
): Promise<{ readonly runs: z.infer<typeof listedSchema>[]; readonly leftOut: number }> {
  const all = await listRuns(root);
  const runs = await Promise.all(all.slice(-runsTold).map((run) => listed({ root, run })));
  return { runs, leftOut: Math.max(0, all.length - runsTold) };
}

async function listed({ root, run }: NamedRun): Promise<z.infer<typeof listedSchema>> {
  const place = { run: run.id, folder: root };
  try {
    const { manifest, madeHere, status, view } = await readRun(run);
    const scores = view.result === null ? undefined : view.result.scores[view.result.final];
    return {
      ...place,
      program: cut(manifest.asked.key, 300),
      strategy: cut(stepName(formatStrategy(manifest.asked.strategy)), 300),
      status,
      made_here: madeHere,
      dev: scores?.dev ?? null,
      test: scores?.test ?? null,
    };
  } catch (error) {
    const status = cut(`cannot be read: ${messageOf(error)}`, 300);
    return { ...place, program: null, strategy: null, status, made_here: false, dev: null, test: null };
  }
}
