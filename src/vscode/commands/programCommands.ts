import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import { percent, plural } from '../../view/words.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import { runCli } from '../processes/childProcess.ts';
import type { Session } from '../session/session.ts';
import { notify, withProgress } from '../base/messages.ts';
import { configured } from '../optimize/configured.ts';
import { showConfig, writeConfig } from '../optimize/configFile.ts';
import { offeringInputs } from '../optimize/offeringInputs.ts';
import { choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { prepareEmbedded } from '../processes/embeddedModel.ts';
import { programId } from '../../editor/items/programItem.ts';
import { runsOf } from '../../editor/items/scores.ts';
import { requireOwnRun } from '../session/adoption.ts';
import { whichRun } from '../../editor/items/runText.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { showPlace } from '../base/showPlace.ts';
import { requireTrust } from '../base/trust.ts';
import { pick, programTarget } from '../session/targets.ts';

interface Measuring {
  readonly split: 'dev' | 'test';
  /** `null`: as written. */
  readonly run: RunItem | null;
}

/** The object that `evaluate --json` prints, as far as it is shown. */
const evaluationSchema = z.object({
  score: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.number(),
  failures: z.array(z.object({ example: z.number(), error: z.object({ kind: z.string(), message: z.string() }) })),
});

export async function evaluateProgram(session: Session, argument: unknown): Promise<void> {
  requireTrust('Evaluating a program');
  const program = await programTarget(session, argument, 'Evaluate Program');
  const chosen = await configured(session, program, 'Evaluate Program');
  const { root, key, config } = chosen;
  const runs = runsOf(program, session.runs.all).filter(({ states }) => states !== null);
  const what = await askWhat(key, runs, config.data.test !== null);
  if (what.run !== null) await requireOwnRun(what.run);
  await session.consents.ask(config, 'evaluation');
  await prepareEmbedded(session, config);
  const env = await session.environment(root, await keyEnvironment(session.keys, config));
  const state = what.run === null ? [] : ['--state', what.run.run.id];
  const source = createHash('sha256')
    .update(await readFile(program.file))
    .digest('hex');
  const args = ['evaluate', key, '--split', what.split, ...state, '--yes', '--json'];
  const measure = (): Promise<string> =>
    withProgress(
      `Evaluating ${key} on ${what.split}`,
      ({ report, token }) => runCli(args, { cli: session.cli, cwd: root, env, token, onLine: report }),
      { cancellable: true },
    );
  const again = (): Promise<void> => evaluateProgram(session, argument);
  const out = await offeringInputs(session, program, chosen, measure, again);
  const measured = evaluationSchema.parse(JSON.parse(out));
  const { score, low, high, n } = measured;
  if (what.run === null) {
    const time = new Date().toISOString();
    await session.evaluations.remember(programId(program), { score, low, high, n, split: what.split, time, source });
    await session.knowledge.refresh();
  }
  await tell(session, `${key}${what.run === null ? '' : ` after ${runName(what.run)}`}`, what.split, measured);
}

async function askWhat(key: string, runs: readonly RunItem[], hasTest: boolean): Promise<Measuring> {
  const splits = hasTest ? (['dev', 'test'] as const) : (['dev'] as const);
  const states = [null, ...runs.toReversed().slice(0, 5)];
  const choices: Choice<Measuring>[] = states.flatMap((run) =>
    splits.map((split) => ({
      label: run === null ? `Baseline, on ${split}` : `${runName(run)}, on ${split}`,
      ...(run !== null && { description: `its last state · ${whichRun(run)}` }),
      value: { split, run },
    })),
  );
  if (choices.length === 1) return choices[0]!.value!;
  return pick(await choose({ title: `Evaluate ${key}`, placeholder: 'Which state, on which rows', choices }));
}

async function tell(
  session: Session,
  name: string,
  split: string,
  { score, low, high, n, failures }: z.infer<typeof evaluationSchema>,
): Promise<void> {
  const failed = failures.length === 0 ? '' : `, ${plural(failures.length, 'row')} failed`;
  const text = `${name}: ${percent(score)} % (${percent(low)} to ${percent(high)}) on ${plural(n, `${split} row`)}${failed}.`;
  session.log.info(text);
  for (const { example, error } of failures) session.log.info(`row ${example + 1}: ${error.kind}: ${error.message}`);
  const show = 'Show Failures';
  const chosen = await notify('info', text, ...(failures.length === 0 ? [] : [show]));
  if (chosen === show) session.log.show();
}

/** Where a node of the tree has its predictor. */
const placeSchema = z.object({ file: z.string(), line: z.int().positive(), cell: z.int().positive().exactOptional() });

/** The line of a program or, from the tree, of a predictor. */
export async function openProgram(session: Session, argument: unknown): Promise<void> {
  const program = await programTarget(session, argument, 'Open Program');
  await showPlace(placeSchema.safeParse(argument).data ?? { ...program, line: program.line ?? 1 });
}

/** Opens the configuration. Where there is none, it starts one with the programs that were found. */
export async function openConfiguration(session: Session, argument: unknown): Promise<void> {
  const roots = session.roots.all;
  const program = argument === undefined ? null : await programTarget(session, argument, 'Open Configuration');
  const root = roots.find(({ folder }) => folder === program?.root) ?? (await askRoot(session));
  if (root.loaded.file === null && root.problem === null)
    await writeConfig(root.folder, [{ path: ['programs'], value: {} }]);
  await showConfig(root.folder, program?.keys[0] ?? null, false);
}

async function askRoot({ roots }: Session) {
  const configuredRoots = roots.all.filter(({ loaded, problem }) => loaded.file !== null || problem !== null);
  const from = configuredRoots.length > 0 ? configuredRoots : roots.all;
  if (from.length === 0) throw new UsageError('Open a folder first: bettertogether.json stands in it.');
  if (from.length === 1) return from[0]!;
  const choices = from.map((value) => ({ label: value.name, description: value.folder, value }));
  return pick(await choose({ title: 'Open Configuration', placeholder: 'Folder', choices }));
}
