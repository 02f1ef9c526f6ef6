/** The questions that make a program's entry in `bettertogether.json`: data, metric, endpoint and model, strategy. */
import { basename, resolve } from 'node:path';
import * as vscode from 'vscode';
import { resolveEndpoint } from '../../config/endpoint.ts';
import { normaliseBaseURL } from '../../data/baseUrl.ts';
import { isBuiltInCode } from '../../config/dataset.ts';
import { embeddedModel } from '../../config/resolve.ts';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import type { EndpointEntry, ProgramEntry } from '../../config/schema.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import { builtInMetricNames, builtInMetrics } from '../../data/builtInMetrics.ts';
import { nameProblem } from '../../data/names.ts';
import type { Session } from '../session/session.ts';
import { isSetUp } from '../processes/embeddedModel.ts';
import { programTitle } from '../../editor/items/programItem.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import type { Root } from '../programs/roots.ts';
import { readSettings } from '../base/settings.ts';
import type { ConfigChange } from '../../editor/settings/editConfig.ts';
import { programChanges } from '../../editor/settings/editConfig.ts';
import { askInputs, fieldsOfRows } from './inputs.ts';
import { servedModels } from './servedModels.ts';
import type { OpenAiEndpoint } from '../../editor/settings/models.ts';
import { askText, back, choose } from '../base/picker.ts';
import type { Choice, Place } from '../base/picker.ts';
import {
  endpointKey,
  guessInputs,
  keyVariable,
  labelFields,
  portable,
  proposeBuilt,
  proposeData,
  unseenLabels,
} from '../../editor/settings/proposals.ts';
import type { DataChoice } from '../../editor/settings/proposals.ts';
import { strategyChoices } from './strategies.ts';
import { whyItCannotTrain } from './training.ts';

interface Draft {
  data: DataChoice | null;
  /** Of the rows; none where code builds them. */
  fields: readonly string[];
  inputs: readonly string[];
  metric: string | null;
  endpoint: string | null;
  /** An endpoint that the configuration does not have yet. */
  newEndpoint: EndpointEntry | null;
  /** The address at which the endpoint answers, where the configured one is another. */
  baseURL: string | null;
  model: string | null;
  strategy: string | null;
}

interface Asking {
  readonly session: Session;
  readonly root: Root;
  readonly program: ProgramItem;
  readonly entry: ProgramEntry | undefined;
  readonly title: string;
  readonly draft: Draft;
}

type Answer = 'answered' | 'back' | 'nothing to ask';

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
    baseURL: null,
    model: null,
    strategy: null,
  };
  const asking: Asking = { session, root, program, entry, title: `Optimize ${programTitle(program)}`, draft };
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
  const { data, inputs, metric, endpoint, newEndpoint, baseURL, model, strategy } = draft;
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
    ...(baseURL === null ? [] : [{ path: ['endpoints', endpoint!, 'baseURL'], value: baseURL }]),
    ...programChanges(key, Object.fromEntries(changed)),
  ];
}

async function askData({ session, root, program, entry, title, draft }: Asking, place: Place): Promise<Answer> {
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(root.folder, '**/*.{jsonl,ndjson,csv,json}'),
    excluded,
    mostFiles,
  );
  const proposals = proposeData(
    found.map(({ fsPath }) => fsPath),
    program.file,
  );
  const before: DataChoice[] = entry === undefined ? [] : [configuredData(root.folder, entry)];
  const built = proposeBuilt(session.programs.namesIn(root.folder, 'datasets'), program.language);
  const all = [...before, ...proposals.filter(({ train }) => train !== before[0]?.train)];
  const choices: Choice<DataChoice | 'browse'>[] = [
    ...all.map((value) => dataChoice(root.folder, value)),
    ...built.map((value) => dataChoice(root.folder, value)),
    {
      icon: 'folder-opened',
      label: 'Choose a file…',
      value: 'browse',
      description: '.jsonl, .json or .csv, a row an example',
    },
  ];
  const chosen = await choose({ title, placeholder: 'Rows to optimize on', choices, ...place });
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
  const detail = dev === null ? 'a fifth of the rows is held out to choose on' : undefined;
  return {
    label: portable(root, train),
    ...(beside.length > 0 && { description: `with ${beside.join(' and ')}` }),
    ...(detail !== undefined && { detail }),
    value,
  };
}

async function browse(root: string, files: readonly string[]): Promise<DataChoice | null> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      defaultUri: vscode.Uri.file(root),
      openLabel: 'Optimize on These Rows',
      filters: { 'Rows of data': ['jsonl', 'ndjson', 'json', 'csv'] },
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
    ...(entry === undefined ? [] : [{ label: entry.metric, description: 'as configured', value: entry.metric }]),
    ...functions.map(({ file, name }) => {
      const value = `${portable(root.folder, file)}#${name}`;
      return { label: name, description: portable(root.folder, file), value };
    }),
    ...(first === undefined ? [] : builtIn(first)),
    ...labels.slice(1).map((field) => ({ label: `exactMatch:${field}`, value: `exactMatch:${field}` })),
  ].filter(({ value }, i, all) => all.findIndex((other) => other.value === value) === i);
  if (choices.length === 0) {
    throw new UsageError(
      'No metric was found: write a function (example, prediction) => boolean or number and name it "metric".',
    );
  }
  const placeholder = 'What decides whether an answer is right';
  const metric = await choose({ title, placeholder, choices, ...place });
  if (metric === back) return 'back';
  draft.metric = metric;
  return 'answered';
}

function builtIn(field: string): Choice<string>[] {
  return builtInMetricNames.map((name) => {
    const metric = `${name}:${field}`;
    return { label: metric, description: builtInMetrics[name].help(field), value: metric };
  });
}

async function askEndpoint(asking: Asking, place: Place): Promise<Answer> {
  const { session, root, entry, title, draft } = asking;
  const endpoints: Record<string, EndpointEntry> = { ...root.loaded.config.endpoints };
  const names = [
    ...new Set([
      entry?.endpoint ?? Object.keys(endpoints).find((name) => endpoints[name]?.kind === 'openai') ?? 'embedded',
      ...Object.keys(endpoints),
      'embedded',
    ]),
  ];
  const choices: Choice<string | 'new'>[] = names.map((name) => {
    const endpoint = endpoints[name];
    if (endpoint?.kind === 'openai') return { label: name, description: endpoint.baseURL, value: name };
    const ready = isSetUp(session.home());
    return {
      label: name,
      description: `${embeddedModel} on this machine${ready ? '' : ', set up when the run starts'}`,
      value: name,
    };
  });
  choices.push({ icon: 'add', label: 'Another OpenAI-compatible endpoint…', value: '\0new' });
  const chosen = await choose({
    title,
    placeholder: 'Where the language model is served',
    choices,
    ...place,
  });
  if (chosen === back) return 'back';
  draft.baseURL = null;
  if (chosen === '\0new') {
    draft.newEndpoint = await askNewEndpoint(title);
    draft.endpoint = endpointKey(draft.newEndpoint.baseURL, [...names, 'embedded']);
  } else {
    draft.newEndpoint = null;
    draft.endpoint = chosen;
  }
  return 'answered';
}

type OpenAiEntry = Extract<EndpointEntry, { kind: 'openai' }>;

async function askNewEndpoint(title: string): Promise<OpenAiEntry> {
  const baseURL = await askText({
    title,
    prompt: 'Base URL of the endpoint, seen from the machine that VS Code runs on',
    placeholder: 'http://gpu-box:8000/v1',
    check: urlProblem,
  });
  return { kind: 'openai', baseURL: normaliseBaseURL(baseURL, 'The address') };
}

function urlProblem(text: string): string | null {
  try {
    normaliseBaseURL(text, 'The address');
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** The one that was chosen, at the address at which it answers. */
function endpointOf({ root, title, draft }: Pick<Asking, 'root' | 'title' | 'draft'>): ResolvedEndpoint {
  const name = draft.endpoint!;
  const { loaded } = root;
  const endpoints = { ...loaded.config.endpoints, ...(draft.newEndpoint !== null && { [name]: draft.newEndpoint }) };
  const entry = endpoints[name];
  if (draft.baseURL !== null && entry?.kind === 'openai') endpoints[name] = { ...entry, baseURL: draft.baseURL };
  return resolveEndpoint({ ...loaded, config: { ...loaded.config, endpoints } }, name, title);
}

async function askModel(asking: Asking, place: Place): Promise<Answer> {
  const { entry, title, draft } = asking;
  const name = draft.endpoint!;
  const endpoint = endpointOf(asking);
  const before = entry?.endpoint === name ? entry.model : undefined;
  if (endpoint.kind === 'embedded') {
    draft.model = before ?? embeddedModel;
    return 'nothing to ask';
  }
  const served = await modelsAsServed(asking, endpoint);
  const [only, ...more] = served;
  if (only !== undefined && more.length === 0 && (before === undefined || before === only)) {
    draft.model = only;
    return 'nothing to ask';
  }
  const names = [...new Set([...(before === undefined ? [] : [before]), ...served])];
  const choices: Choice<string>[] = names.map((value) => ({ label: value, value }));
  choices.push({
    icon: 'edit',
    label: 'Another model…',
    description: names.length === 0 ? 'the endpoint did not list its models' : '',
    value: '',
  });
  const chosen = await choose({ title, placeholder: `Model of ${name}`, choices, ...place });
  if (chosen === back) return 'back';
  draft.model = chosen === '' ? await askText({ title, prompt: `Model of ${name}`, check: modelProblem }) : chosen;
  return 'answered';
}

function modelProblem(text: string): string | null {
  if (text === '') return 'The name under which the endpoint serves it';
  const problem = nameProblem(text);
  return problem === null ? null : `The name ${problem}`;
}

/** A new endpoint that wants a key gets a variable for it, and the person is asked for the key. */
async function modelsAsServed(asking: Asking, endpoint: OpenAiEndpoint): Promise<readonly string[]> {
  const { session, draft } = asking;
  const served = await servedModels(session, endpoint);
  if (served !== 'wants a key') {
    if (served.baseURL !== endpoint.baseURL) draft.baseURL = served.baseURL;
    return served.names;
  }
  if (draft.newEndpoint?.kind !== 'openai') return [];
  draft.newEndpoint = { ...draft.newEndpoint, apiKeyEnv: keyVariable(draft.endpoint!) };
  const withKey = endpointOf(asking);
  return withKey.kind === 'openai' ? modelsAsServed(asking, withKey) : [];
}

async function askStrategy(asking: Asking, place: Place): Promise<Answer> {
  const { session, entry, title, draft } = asking;
  const choices = strategyChoices(entry?.strategy, await whyItCannotTrain(session, endpointOf(asking)), entry?.steps);
  const placeholder = 'Steps: p searches for better prompts, w fine-tunes the weights';
  const strategy = await choose({ title, placeholder, choices, ...place });
  if (strategy === back) return 'back';
  draft.strategy = strategy;
  return 'answered';
}
