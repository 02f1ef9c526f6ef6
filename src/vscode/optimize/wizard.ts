/** The questions that make a program's entry in `bettertogether.json`: data, metric, endpoint and model, strategy. */
import { basename, resolve } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { dataEndings, dataFilesPattern, packedEnding } from '../../config/dataEndings.ts';
import { isBuiltInCode } from '../../config/dataset.ts';
import { embeddedModel } from '../../config/resolve.ts';
import type { ProgramEntry } from '../../config/schema.ts';
import { UsageError } from '../../base/errors.ts';
import { builtInMetricNames } from '../../data/builtInMetrics.ts';
import type { BuiltInMetricName } from '../../data/builtInMetrics.ts';
import type { Session } from '../session/session.ts';
import { programTitle } from '../../editor/items/programItem.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import type { Root } from '../programs/roots.ts';
import { readSettings } from '../base/settings.ts';
import type { ConfigChange } from '../../editor/settings/editConfig.ts';
import { programChanges } from '../../editor/settings/editConfig.ts';
import { askEndpoint, endpointOf } from './endpointQuestion.ts';
import type { Answer, AskingEndpoint, EndpointDraft } from './endpointQuestion.ts';
import { askInputs, fieldsOfRows } from './inputs.ts';
import { askModel } from './modelQuestion.ts';
import { back, choose } from '../base/picker.ts';
import type { Choice, Place } from '../base/picker.ts';
import {
  guessInputs,
  labelFields,
  portable,
  proposeBuilt,
  proposeData,
  unseenLabels,
} from '../../editor/settings/proposals.ts';
import type { DataChoice } from '../../editor/settings/proposals.ts';
import { strategyChoices } from './strategies.ts';
import { whyItCannotTrain } from './training.ts';
import { anded } from '../../run/text/anded.ts';

interface Draft extends EndpointDraft {
  data: DataChoice | null;
  /** Of the rows; none where code builds them. */
  fields: readonly string[];
  inputs: readonly string[];
  metric: string | null;
  strategy: string | null;
}

interface Asking extends AskingEndpoint {
  readonly program: ProgramItem;
  readonly draft: Draft;
}

const excluded = '**/{node_modules,.bettertogether,.venv,venv,site-packages,.git,dist,out,.vscode}/**';
const mostFiles = 300;

/**
 * Asks everything, with what was found or configured before as the first choice.
 *
 * @returns what has to change in `bettertogether.json`.
 * @throws Dismissed when it is closed.
 */
export async function askProgramSettings(
  session: Session,
  root: Root,
  program: ProgramItem,
  key: string,
): Promise<readonly ConfigChange[]> {
  const entry = root.loaded.config.programs?.[key];
  const draft: Draft = {
    data: null,
    fields: [],
    inputs: [],
    metric: null,
    endpoint: null,
    newEndpoint: null,
    endpointChange: {},
    model: null,
    strategy: null,
  };
  const asking: Asking = { session, root, program, entry, title: l10n.t`Optimize ${programTitle(program)}`, draft };
  const steps = [askData, askFields, askMetric, askEndpoint, askModel, askStrategy];
  const asked: number[] = [];
  for (let step = 0; step < steps.length;) {
    // A step that had nothing to ask is not one to go back to, and does not count.
    const totalSteps = asked.length + steps.length - step;
    const answer = await steps[step]!(asking, { step: asked.length + 1, totalSteps, canGoBack: asked.length > 0 });
    if (answer === 'answered') asked.push(step);
    step = answer === 'back' ? (asked.pop() ?? 0) : step + 1;
  }
  return changesOf(asking, key);
}

function changesOf({ root, program, entry, draft }: Asking, key: string): readonly ConfigChange[] {
  const { data, inputs, metric, endpoint, newEndpoint, endpointChange, model, strategy } = draft;
  const path = (file: string): string => portable(root.folder, file);
  const { defaultBudgetUsd } = readSettings();
  const priced =
    endpoint !== 'embedded' && newEndpoint === null && root.loaded.config.endpoints?.[endpoint!]?.prices !== undefined;
  const settings: Record<string, unknown> = {
    program: entry?.program ?? `${path(program.file)}#${program.name}`,
    metric,
    train: path(data!.train),
    dev: data!.dev === null ? undefined : path(data!.dev),
    test: data!.test === null ? undefined : path(data!.test),
    inputs: inputs.length > 0 ? inputs : undefined,
    endpoint,
    model: endpoint === 'embedded' && model === embeddedModel ? undefined : model,
    strategy,
    // A cap in dollars can only hold where prices are known.
    ...(entry?.budget === undefined && defaultBudgetUsd !== null && priced && { budget: { usd: defaultBudgetUsd } }),
  };
  const before: Readonly<Record<string, unknown>> = entry ?? {};
  const changed = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value),
  );
  return [
    ...(newEndpoint === null ? [] : [{ path: ['endpoints', endpoint!], value: newEndpoint }]),
    ...Object.entries(endpointChange).map(([name, value]) => ({ path: ['endpoints', endpoint!, name], value })),
    ...programChanges(key, Object.fromEntries(changed)),
  ];
}

async function askData({ session, root, program, entry, title, draft }: Asking, place: Place): Promise<Answer> {
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(root.folder, dataFilesPattern),
    excluded,
    mostFiles,
  );
  const proposals = proposeData(
    found.map(({ fsPath }) => fsPath),
    program.file,
  );
  const before: DataChoice[] = entry === undefined ? [] : [configuredData(root.folder, entry)];
  const built = proposeBuilt(session.programs.namesIn(root.folder, 'datasets'), program);
  // Who works in a notebook has the rows there too.
  const isBeside = ({ train }: DataChoice): boolean =>
    program.cell !== undefined && train.startsWith(`${program.file}#`);
  const proposed = [...built.filter(isBeside), ...proposals, ...built.filter((each) => !isBeside(each))];
  const all = [...before, ...proposed.filter(({ train }) => train !== before[0]?.train)];
  const choices: Choice<DataChoice | 'browse'>[] = [
    ...all.map((value) => dataChoice(root.folder, value)),
    {
      icon: 'folder-opened',
      label: l10n.t('Choose a file…'),
      value: 'browse',
      description: l10n.t('.jsonl, .json or .csv, a row an example'),
    },
  ];
  const chosen = await choose({ title, placeholder: l10n.t('Rows to optimize on'), choices, ...place });
  if (chosen === back) return 'back';
  const data =
    chosen === 'browse'
      ? await browse(
          root.folder,
          found.map(({ fsPath }) => fsPath),
        )
      : chosen;
  if (data === null) return askData({ session, root, program, entry, title, draft }, place);
  draft.data = data;
  draft.fields = await fieldsOfRows(data.train);
  return 'answered';
}

function configuredData(root: string, { train, dev, test }: ProgramEntry): DataChoice {
  const absolute = (path: string | undefined): string | null => (path === undefined ? null : resolve(root, path));
  return { train: resolve(root, train), dev: absolute(dev), test: absolute(test) };
}

function dataChoice(root: string, value: DataChoice): Choice<DataChoice> {
  const { train, dev, test } = value;
  const beside = [dev, test].filter((file) => file !== null).map((file) => basename(file));
  const detail = dev === null ? l10n.t('a fifth of the rows is held out to choose on') : undefined;
  return {
    label: portable(root, train),
    ...(beside.length > 0 && { description: l10n.t`with ${anded(beside)}` }),
    ...(detail !== undefined && { detail }),
    value,
  };
}

async function browse(root: string, files: readonly string[]): Promise<DataChoice | null> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      defaultUri: vscode.Uri.file(root),
      openLabel: l10n.t('Optimize on These Rows'),
      filters: { [l10n.t('Rows of data')]: [...dataEndings, packedEnding] },
    })) ?? [];
  if (uri === undefined) return null;
  return (
    proposeData([...files, uri.fsPath], uri.fsPath).find(({ train }) => train === uri.fsPath) ?? {
      train: uri.fsPath,
      dev: null,
      test: null,
    }
  );
}

/** What somebody wrote down is asked again, as it is; what the source says is not asked. */
async function askFields({ program, entry, title, draft }: Asking, place: Place): Promise<Answer> {
  const { fields } = draft;
  const guess = guessInputs(fields, program);
  const before = entry?.inputs?.every((name) => fields.includes(name)) === true ? entry.inputs : null;
  draft.inputs = before ?? guess.inputs;
  if (fields.length === 0 || (before === null && guess.sure)) return 'nothing to ask';
  const chosen = await askInputs(title, fields, draft.inputs, place);
  if (chosen === back) return 'back';
  draft.inputs = chosen;
  return 'answered';
}

async function askMetric({ session, root, program, entry, title, draft }: Asking, place: Place): Promise<Answer> {
  const functions = session.programs
    .namesIn(root.folder, 'metrics')
    .toSorted((a, b) => Number(b.file === program.file) - Number(a.file === program.file));
  const unseen = isBuiltInCode(draft.data!.train);
  const labels = unseen
    ? unseenLabels(program.predictors)
    : labelFields(draft.fields, program.predictors, draft.inputs);
  const first = labels[0];
  const choices: Choice<string>[] = [
    ...(entry === undefined
      ? []
      : [{ label: entry.metric, description: l10n.t('as configured'), value: entry.metric }]),
    ...functions.map(({ file, name }) => {
      const value = `${portable(root.folder, file)}#${name}`;
      return { label: name, description: portable(root.folder, file), value };
    }),
    ...(first === undefined ? [] : builtIn(first)),
    ...labels.slice(1).map((field) => ({ label: `exactMatch:${field}`, value: `exactMatch:${field}` })),
  ].filter(({ value }, i, all) => all.findIndex((other) => other.value === value) === i);
  if (choices.length === 0) {
    throw new UsageError(
      l10n.t('No metric was found: write a function (example, prediction) => boolean or number and name it "metric".'),
    );
  }
  const placeholder = l10n.t('What decides whether an answer is right');
  const metric = await choose({ title, placeholder, choices, ...place });
  if (metric === back) return 'back';
  draft.metric = metric;
  return 'answered';
}

/** When an answer counts as right. */
const rightWhere: Readonly<Record<BuiltInMetricName, (field: string) => string>> = {
  exactMatch: (field) => l10n.t`"${field}" is the same but for case and spaces`,
  lastNumber: (field) => l10n.t`the last number in "${field}" is the same`,
  f1: (field) => l10n.t`words of "${field}" in common`,
};

function builtIn(field: string): Choice<string>[] {
  return builtInMetricNames.map((name) => {
    const metric = `${name}:${field}`;
    return { label: metric, description: rightWhere[name](field), value: metric };
  });
}

async function askStrategy(asking: Asking, place: Place): Promise<Answer> {
  const { session, entry, title, draft } = asking;
  const choices = strategyChoices(entry?.strategy, await whyItCannotTrain(session, endpointOf(asking)), entry?.steps);
  const placeholder = l10n.t('Steps: p searches for better prompts, w fine-tunes the weights');
  const strategy = await choose({ title, placeholder, choices, ...place });
  if (strategy === back) return 'back';
  draft.strategy = strategy;
  return 'answered';
}
