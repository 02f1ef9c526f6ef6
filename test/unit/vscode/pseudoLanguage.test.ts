/** The editor in a language in which every text is another: no code may tell by a text what was chosen. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';

/** Before all modules: constants of theirs are texts too. */
const { shown } = await vi.hoisted(async () => {
  const l10n = await import('@vscode/l10n');
  const inBrackets = (key: string): string => `⟦${key}⟧`;
  l10n.config({ contents: new Proxy({}, { get: (_, key) => inBrackets(String(key)) }) });
  return { shown: inBrackets };
});

import { HumanError } from '../../../src/base/errors.ts';
import type * as vscode from 'vscode';
import { strategyInWords } from '../../../src/editor/settings/ownStrategies.ts';
import { requirePossible } from '../../../src/page/acts.ts';
import { stoppedText } from '../../../src/view/runRow.ts';
import { RunTaskProvider } from '../../../src/vscode/runs/runTask.ts';
import type { TaskHooks } from '../../../src/vscode/runs/runTask.ts';
import { commandIds } from '../../../src/editor/names.ts';
import { Dismissed, MendableError, showError } from '../../../src/vscode/base/errors.ts';
import type { Log } from '../../../src/vscode/base/log.ts';
import { deleteRun } from '../../../src/vscode/commands/endRuns.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import type { Root } from '../../../src/vscode/programs/roots.ts';
import { ApiKeys } from '../../../src/vscode/keys/apiKeys.ts';
import { keyEnvironment } from '../../../src/vscode/keys/askApiKey.ts';
import { Consents } from '../../../src/vscode/keys/consents.ts';
import { decidePrice } from '../../../src/vscode/optimize/decide.ts';
import { strategyChoices } from '../../../src/vscode/optimize/strategies.ts';
import { askProgramSettings } from '../../../src/vscode/optimize/wizard.ts';
import { offerResume } from '../../../src/vscode/models/resumeOffer.ts';
import { lensesOf } from '../../../src/editor/items/lensModel.ts';
import { runTreeItem } from '../../../src/vscode/views/runTreeItem.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { program, runItem } from '../editor/samples.ts';
import { temporaryFolder } from '../run/folder.ts';

beforeEach(resetFake);

const log = { warn: vi.fn(), error: vi.fn(), debug: vi.fn(), info: vi.fn() } as unknown as Log;

function memento() {
  const kept = new Map<string, unknown>();
  return {
    get: (key: string, otherwise?: unknown) => kept.get(key) ?? otherwise,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
    keys: () => [...kept.keys()],
  };
}

it('says every text in the language', () => {
  const known = { score: null, evaluation: null, stale: false, running: null, latest: null };
  const lenses = lensesOf({ ...program, line: 1 }, known, { setting: 'all', trusted: true });
  expect(lenses.map(({ title }) => title)).toEqual([shown('Not scored'), shown('Optimize'), shown('Evaluate')]);
  expect(runTreeItem(runItem('a', { status: 'stopped' }), 'inRuns').description).toContain(shown('stopped'));
});

it('deletes what is to be deleted, and nothing where the question is closed', async () => {
  const folder = join(temporaryFolder(), 'runs', 'a');
  mkdirSync(folder, { recursive: true });
  const item = { ...runItem('a'), run: { id: 'a', folder }, madeHere: true };
  const runs = { all: [item], refresh: () => Promise.resolve(), get: () => item };
  const session = { runs, log } as unknown as Session;
  await expect(deleteRun(session, folder)).rejects.toThrow(Dismissed);
  fake.answers.push('Delete');
  await expect(deleteRun(session, folder)).rejects.toThrow(Dismissed);
  expect(existsSync(folder)).toBe(true);
  fake.answers.push(shown('Delete'));
  await deleteRun(session, folder);
  expect(existsSync(folder)).toBe(false);
});

it('mends an error by its button, and shows the log by the other', async () => {
  const run = vi.fn(() => Promise.resolve());
  const remedy = { title: shown('Choose the Inputs…'), run };
  fake.answers.push(remedy.title);
  showError(new MendableError(new HumanError('It broke.'), remedy), log);
  await expect.poll(() => run).toHaveBeenCalledOnce();
  fake.answers.push(shown('Set API Key'));
  showError(new HumanError('It broke.', { mends: [{ kind: 'apiKey' }] }), log);
  await expect.poll(() => fake.executed.at(-1)).toEqual([commandIds.setApiKey]);
  fake.answers.push(shown('Show Log'));
  showError(new HumanError('It broke.'), log);
  await expect.poll(() => fake.executed.at(-1)).toEqual([commandIds.showLog]);
});

it('asks the wizard’s questions, goes back, and takes what was chosen', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.jsonl'), '{"utterance":"hi","answer":"greet"}\n');
  fake.chosenFolder = join(folder, 'rows.jsonl');
  const loaded = { workspace: folder, file: null, config: {} };
  const root: Root = { folder, name: 'w', loaded, problem: null };
  const session = {
    ...{ home: () => join(folder, 'home'), log, programs: { namesIn: () => [] } },
    keys: new ApiKeys({ get: () => Promise.resolve(undefined), store: vi.fn(), delete: vi.fn() }),
  } as unknown as Session;
  fake.picks.push('⟦Choose a file', 'exactMatch:answer', '\0back', 'exactMatch:answer', 'embedded', 'p -> w -> p');
  const changes = await askProgramSettings(session, root, { ...program, keys: [] }, 'intents');
  const settings = Object.fromEntries(changes.map(({ path, value }) => [path.at(-1), value]));
  expect(settings).toMatchObject({
    train: 'rows.jsonl',
    metric: 'exactMatch:answer',
    endpoint: 'embedded',
    strategy: 'p -> w -> p',
  });
});

it('starts a run where that is chosen', async () => {
  const config = sampleConfig;
  const chosen = { root: '/w', key: config.key, config };
  const runs = { all: [] };
  fake.picks.push(shown('Data and keys'), shown('Start'));
  const decision = await decidePrice({
    ...{ session: { runs, log } as unknown as Session, program, chosen, title: 'Price', plan: null },
    ...{ what: () => 'it', price: () => Promise.resolve(null), changed: () => undefined },
  });
  expect(decision).toBe('start');
  expect(fake.messages).toHaveLength(1);
});

it('sends rows where the person agrees, and not otherwise', async () => {
  const endpoint = { kind: 'openai', name: 'lab', baseURL: 'https://lab.example/v1', apiKeyEnv: null } as const;
  const config = { ...sampleConfig, endpoint: { ...sampleConfig.endpoint, ...endpoint } } as typeof sampleConfig;
  const consents = new Consents(memento() as never);
  fake.answers.push('Send');
  await expect(consents.ask(config)).rejects.toThrow(Dismissed);
  fake.answers.push(shown('Send'));
  expect(await consents.ask(config)).not.toEqual([]);
});

it('sends a key of the environment where the person agrees', async () => {
  const endpoint = {
    ...sampleConfig.endpoint,
    kind: 'openai',
    name: 'lab',
    baseURL: 'https://lab.example/v1',
    apiKeyEnv: 'A_KEY_OF_A_TEST',
  };
  const kept = new Map<string, string>();
  const keys = new ApiKeys({
    get: (name) => Promise.resolve(kept.get(name)),
    store: (name, value) => Promise.resolve(void kept.set(name, value)),
    delete: (name) => Promise.resolve(void kept.delete(name)),
  });
  vi.stubEnv('A_KEY_OF_A_TEST', 'a key');
  fake.answers.push(shown('Send'));
  await keyEnvironment(keys, { endpoint: endpoint as never, services: [] });
  expect(await keys.mayUseEnvironment({ env: 'A_KEY_OF_A_TEST', baseURL: 'https://lab.example/v1' })).toBe(true);
});

it('offers strategies that an endpoint can do first, whatever they are called', () => {
  const choices = strategyChoices(undefined, 'it cannot');
  expect(choices[0]).toMatchObject({ value: 'p', description: shown('prompts only: no training') });
  expect(choices.find(({ value }) => value === 'p -> w -> p')!.description).toBe(
    shown('prompts, weights, prompts again'),
  );
});

it('goes on with a run that waited for a window, which English of its log tells', async () => {
  const stopped = {
    reason: 'endpoint',
    message: 'No window answers (models of VS Code).',
    time: new Date().toISOString(),
  };
  const item = runItem('c', { status: 'stopped' });
  const waiting = { ...item, madeHere: true, view: { ...item.view, stopped: stopped as never } };
  fake.answers.push(shown('Resume'));
  await offerResume([waiting]);
  expect(fake.executed.at(-1)?.[0]).toBe(commandIds.resume);
});

it('names what the steps of a strategy do in the language', () => {
  expect(strategyInWords('mine', { mine: { kind: 'custom' } })).toContain(shown('own optimizer'));
});

it('offers tasks by names that tasks.json has in every language', async () => {
  const folder = { uri: { fsPath: '/w' }, name: 'w', index: 0 } as unknown as vscode.WorkspaceFolder;
  const [task] = await new RunTaskProvider({
    programs: () => Promise.resolve([{ folder, root: '/w', key: 'intents' }]),
  } as unknown as TaskHooks).provideTasks();
  expect([task!.name, task!.detail]).toEqual([
    'optimize intents',
    shown('searches prompts and fine-tunes weights in turn'),
  ]);
});

it('says why something does not apply in its words', () => {
  const run = {
    id: 'a',
    status: 'running',
    madeHere: true,
    trusted: true,
    view: { steps: [], started: null },
  } as const;
  const [status, act] = [shown('running'), shown('Resume')];
  expect(() => requirePossible('resume', run)).toThrow(`is ${status}: "${act}" does not apply to it now.`);
  expect(stoppedText({ reason: 'cancelled', message: 'Ctrl-C' })).toBe(
    shown(`Stopped (${shown('cancelled/Why a run stopped')}): Ctrl-C`),
  );
});
