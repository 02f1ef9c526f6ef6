/** Compare Strategies: which strategies with which seeds, one look at the price, then a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as l10n from '../../base/l10n.ts';
import { HumanError } from '../../base/errors.ts';
import { everyStepOf, formatStrategy, paperStrategies } from '../../data/strategy.ts';
import { parseSeeds } from '../../run/compare/question.ts';
import { stepName } from '../../view/words.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import { pick, programTarget } from '../session/targets.ts';
import { allowModelsOf } from '../models/modelPermission.ts';
import type { Session } from '../session/session.ts';
import { configured } from '../optimize/configured.ts';
import type { Configured } from '../optimize/configured.ts';
import { decidePrice } from '../optimize/decide.ts';
import { estimate } from '../optimize/estimate.ts';
import { strategyDescription } from '../optimize/strategies.ts';
import { offeringInputs } from '../optimize/offeringInputs.ts';
import { withProgress } from '../base/messages.ts';
import { otlpArguments } from '../base/otlp.ts';
import { folderNameOf } from '../base/folders.ts';
import { localTime } from '../../editor/items/runItem.ts';
import { askText, chooseMany } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { prepareEmbedded } from '../processes/embeddedModel.ts';
import { ownStrategies } from '../../editor/settings/ownStrategies.ts';
import { lastOutput } from '../../editor/processes/runProcess.ts';
import { readSettings } from '../base/settings.ts';
import { requireTrust } from '../base/trust.ts';
import type { ComparisonItem } from '../runs/comparisonStore.ts';
import { comparisonTitle } from '../../editor/items/comparisonText.ts';
import { comparisonArguments, spawnComparison } from '../../editor/processes/comparisonProcess.ts';
import type { Compared } from '../../editor/processes/comparisonProcess.ts';
import { runStatusWord } from '../../view/runRow.ts';

const usual = ['', 'p', 'w', 'p -> w', 'p -> w -> p'];

export async function compareStrategies(session: Session, argument: unknown): Promise<void> {
  requireTrust(l10n.t('Comparing strategies'));
  const before = asComparison(argument);
  const program = await programTarget(session, before === null ? argument : programOf(session, before), title);
  let chosen = await configured(session, program, title);
  const compared = before === null ? await ask(chosen) : before.comparison;
  chosen = comparing(chosen, compared);
  await prepare(session, chosen);
  const measure = () => estimate(session, chosen, comparisonArguments(chosen.key, compared));
  const again = () => compareStrategies(session, argument);
  const price = () => offeringInputs(session, program, chosen, measure, again);
  const decision = await decidePrice({
    session,
    program,
    chosen,
    title: l10n.t`Compare strategies of ${chosen.key}`,
    what: ({ config }) => l10n.t`${comparisonWords(compared)} with ${config.model} on ${config.endpoint.name}`,
    plan: readSettings().estimate ? await price() : null,
    price,
    changed: (changed) => {
      chosen = comparing(changed, compared);
    },
  });
  if (decision === 'start') await start(session, chosen, compared);
}

const title = l10n.t('Compare Strategies');

function comparisonWords({ strategies, seeds }: Compared): string {
  return l10n.t`${strategies.map((strategy) => stepName(strategy)).join(', ')}; seeds ${seeds.join(', ')}`;
}

/** Rows of the table to choose from, with the words that Optimize has for them. */
export function comparableStrategies({ strategy, steps }: Configured['config']): readonly Choice<string>[] {
  const own = formatStrategy(strategy);
  const all = [...new Set([...paperStrategies, own, ...ownStrategies(steps)])];
  return all.map((value) => ({
    label: stepName(value),
    description: strategyDescription(value, steps),
    picked: usual.includes(value) || value === own,
    value,
  }));
}

async function ask({ key, config }: Configured): Promise<Compared> {
  const choices = comparableStrategies(config);
  const placeholder = l10n.t('Rows of the table: steps that strategies share are paid for once');
  const titleOfKey = l10n.t`Compare Strategies of ${key}`;
  const strategies = pick(await chooseMany({ title: titleOfKey, placeholder, choices }));
  const text = await askText({
    title: titleOfKey,
    prompt: l10n.t('Seeds, one column each; the paper averages over three'),
    value: '0, 1, 2',
    check: seedProblem,
  });
  return { strategies, seeds: parseSeeds(text) };
}

function seedProblem(text: string): string | null {
  try {
    parseSeeds(text);
    return null;
  } catch {
    return l10n.t('Whole numbers separated by commas, as in 0, 1, 2');
  }
}

/** The settings of what is compared, in place of the program's own strategy: where data goes follows from them. */
function comparing(chosen: Configured, { strategies }: Compared): Configured {
  return { ...chosen, config: { ...chosen.config, strategy: [...everyStepOf(strategies)] } };
}

async function prepare(session: Session, chosen: Configured): Promise<void> {
  await session.consents.ask(chosen.config);
  await prepareEmbedded(session, chosen.config);
}

async function start(session: Session, { root, key, config }: Configured, compared: Compared): Promise<void> {
  await session.consents.ask(config);
  await allowModelsOf(session.chatModels, config);
  const keys = await keyEnvironment(session.keys, config);
  const env = await session.environment(root, keys);
  const { process: worker, output } = await spawnComparison(session.cli, root, key, compared, env, otlpArguments());
  session.log.info(`process ${worker.pid} compares strategies of ${key}`);
  let code: number | null | undefined;
  void worker.exited.then((ended) => (code = ended)).then(() => session.comparisons.refresh());
  const item = await withProgress(l10n.t`Starting to compare strategies of ${key}`, async () => {
    for (;;) {
      await session.comparisons.refresh();
      const found = session.comparisons.all.find(({ pid }) => pid === worker.pid);
      if (found !== undefined) return found;
      if (code !== undefined) return done(session, output, code);
      await sleep(300);
    }
  });
  await openComparisonItem(session, item);
}

/** It ended before anybody saw it at work: the table was there already, or it could not begin. */
async function done(session: Session, output: string, code: number | null): Promise<ComparisonItem> {
  const said = await lastOutput(output);
  const id = /^\{.*?"id":"([^"]+)"/m.exec(said)?.[1];
  const item = id === undefined ? undefined : session.comparisons.get(id);
  if (item !== undefined) return item;
  if (said !== '') throw new HumanError(said);
  throw new HumanError(
    code === null ? l10n.t('The comparison ended with a signal.') : l10n.t`The comparison ended with ${code}.`,
  );
}

export async function openComparisonItem({ panels }: Session, item: ComparisonItem): Promise<void> {
  const { root, location, comparison } = item;
  const titles = [comparisonTitle(comparison), ...comparisonAbout(item), location.id] as const;
  await panels.openComparison({ root, runs: [], id: location.id }, titles);
}

/** What tells it from others of the same program. */
export function comparisonAbout({ root, comparison, status }: ComparisonItem): readonly string[] {
  const { model, endpoint, created } = comparison;
  return [l10n.t`${model} on ${endpoint}`, localTime(created), runStatusWord[status], folderNameOf(root)].filter(
    Boolean,
  );
}

/** The node of the tree that a command was called on. */
export function asComparison(argument: unknown): ComparisonItem | null {
  if (typeof argument !== 'object' || argument === null || !('comparison' in argument)) return null;
  return 'location' in argument ? (argument as ComparisonItem) : asComparison(argument.comparison);
}

function programOf({ programs }: Session, { root, comparison }: ComparisonItem): unknown {
  return programs.all.find((each) => each.root === root && each.keys.includes(comparison.program));
}
