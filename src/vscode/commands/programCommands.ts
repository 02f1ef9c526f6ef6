import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import type { Session } from '../session/session.ts';
import { notify, withProgress } from '../base/messages.ts';
import { configured } from '../optimize/configured.ts';
import { showConfig, writeConfig } from '../optimize/configFile.ts';
import { agreeToMeasure, measure, rememberScore, sourceOf } from '../optimize/measure.ts';
import type { MeasuredProgram } from '../optimize/measure.ts';
import { offeringInputs } from '../optimize/offeringInputs.ts';
import { choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { evaluationText, runsOf } from '../../editor/items/scores.ts';
import { requireOwnRun } from '../session/adoption.ts';
import { whichRun } from '../../editor/items/runText.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { requireSaved } from '../base/saving.ts';
import { showPlace } from '../base/showPlace.ts';
import { requireTrust } from '../base/trust.ts';
import { pick, programTarget } from '../session/targets.ts';
import { counted } from '../../view/counted.ts';

interface Chosen {
  readonly split: 'dev' | 'test';
  /** `null`: as written. */
  readonly run: RunItem | null;
}

export async function evaluateProgram(session: Session, argument: unknown): Promise<void> {
  requireTrust(l10n.t('Evaluating a program'));
  const program = await programTarget(session, argument, l10n.t('Evaluate Program'));
  await requireSaved(program.file);
  const chosen = await configured(session, program, l10n.t('Evaluate Program'));
  const { key, config } = chosen;
  const runs = runsOf(program, session.runs.all).filter(({ states }) => states !== null);
  const what = await askWhat(key, runs, config.data.test !== null);
  if (what.run !== null) await requireOwnRun(what.run);
  await agreeToMeasure(session, chosen);
  const source = await sourceOf(program);
  const asked = { split: what.split, ...(what.run !== null && { state: what.run.run.id }) };
  const measureIt = (): Promise<MeasuredProgram> =>
    withProgress(
      l10n.t`Evaluating ${key} on ${what.split}`,
      ({ report, token }) => measure(session, chosen, asked, { token, onLine: report }),
      { cancellable: true },
    );
  const again = (): Promise<void> => evaluateProgram(session, argument);
  const measured = await offeringInputs(session, program, chosen, measureIt, again);
  if (what.run === null) await rememberScore(session, program, asked, measured, source);
  const name = what.run === null ? key : l10n.t`${key} after ${runName(what.run)}`;
  await tell(session, name, what.split, measured);
}

async function askWhat(key: string, runs: readonly RunItem[], hasTest: boolean): Promise<Chosen> {
  const splits = hasTest ? (['dev', 'test'] as const) : (['dev'] as const);
  const states = [null, ...runs.toReversed().slice(0, 5)];
  const choices: Choice<Chosen>[] = states.flatMap((run) =>
    splits.map((split) => ({
      label: run === null ? l10n.t`Baseline, on ${split}` : l10n.t`${runName(run)}, on ${split}`,
      ...(run !== null && { description: `${l10n.t('its last state')} · ${whichRun(run)}` }),
      value: { split, run },
    })),
  );
  if (choices.length === 1) return choices[0]!.value!;
  const placeholder = l10n.t('Which state, on which rows');
  return pick(await choose({ title: l10n.t`Evaluate ${key}`, placeholder, choices }));
}

async function tell(session: Session, name: string, split: 'dev' | 'test', measured: MeasuredProgram): Promise<void> {
  const { failures } = measured;
  const score = evaluationText({ ...measured, split });
  const text =
    failures.length === 0
      ? `${name}: ${score}.`
      : l10n.t`${name}: ${score}, ${counted(failures.length, 'row')} failed.`;
  session.log.info(text);
  for (const { example, error } of failures) session.log.info(`row ${example + 1}: ${error.kind}: ${error.message}`);
  const show = l10n.t('Show Failures');
  const chosen = await notify('info', text, ...(failures.length === 0 ? [] : [show]));
  if (chosen === show) session.log.show();
}

/** Where a node of the tree has its predictor. */
const placeSchema = z.object({ file: z.string(), line: z.int().positive(), cell: z.int().positive().exactOptional() });

/** The line of a program or, from the tree, of a predictor. */
export async function openProgram(session: Session, argument: unknown): Promise<void> {
  const program = await programTarget(session, argument, l10n.t('Open Program'));
  await showPlace(placeSchema.safeParse(argument).data ?? { ...program, line: program.line ?? 1 });
}

/** Opens the configuration. Where there is none, it starts one with the programs that were found. */
export async function openConfiguration(session: Session, argument: unknown): Promise<void> {
  const roots = session.roots.all;
  const program = argument === undefined ? null : await programTarget(session, argument, l10n.t('Open Configuration'));
  const root = roots.find(({ folder }) => folder === program?.root) ?? (await askRoot(session));
  if (root.loaded.file === null && root.problem === null)
    await writeConfig(root.folder, [{ path: ['programs'], value: {} }]);
  await showConfig(root.folder, program?.keys[0] ?? null, false);
}

async function askRoot({ roots }: Session) {
  const configuredRoots = roots.all.filter(({ loaded, problem }) => loaded.file !== null || problem !== null);
  const from = configuredRoots.length > 0 ? configuredRoots : roots.all;
  if (from.length === 0) throw new UsageError(l10n.t('Open a folder first: bettertogether.json stands in it.'));
  if (from.length === 1) return from[0]!;
  const choices = from.map((value) => ({ label: value.name, description: value.folder, value }));
  return pick(await choose({ title: l10n.t('Open Configuration'), placeholder: l10n.t('Folder'), choices }));
}
