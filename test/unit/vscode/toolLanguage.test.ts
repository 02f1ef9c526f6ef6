/** Tools in an editor that speaks another language: models are answered in English, and the person is asked in theirs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import type * as vscode from 'vscode';

/** Before all modules: constants of theirs are texts too. */
await vi.hoisted(async () => {
  const l10n = await import('@vscode/l10n');
  l10n.config({ contents: new Proxy({}, { get: (_, key) => `⟦${String(key)}⟧` }) });
});

import { HumanError } from '../../../src/base/errors.ts';
import type { RunToStart } from '../../../src/editor/processes/startRun.ts';
import { holderOf } from '../../../src/run/record/lock.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import * as names from '../../../src/tools/base/names.ts';
import type { ToolName } from '../../../src/tools/base/names.ts';
import { tools } from '../../../src/tools/all.ts';
import type { Log } from '../../../src/vscode/base/log.ts';
import { requireTrust } from '../../../src/vscode/base/trust.ts';
import { Consents } from '../../../src/vscode/keys/consents.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { editorHost } from '../../../src/vscode/tools/editorHost.ts';
import { languageModelTools } from '../../../src/vscode/tools/languageModelTools.ts';
import { purposeName } from '../../../src/view/words.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { makeWorkspace } from '../cli/workspace.ts';
import { runPlan } from '../run/samples.ts';

const never = {
  isCancellationRequested: false,
  onCancellationRequested: () => ({ dispose: () => undefined }),
} as unknown as vscode.CancellationToken;

let folder: string;
let logged: string[];
let shown: string[];
let offered: ReadonlyMap<ToolName, vscode.LanguageModelTool<object>>;
let started: RunLocation;

beforeEach(async () => {
  resetFake();
  folder = makeWorkspace();
  [logged, shown] = [[], []];
  started = await writeSampleRun({ workspace: folder, strategy: 'p' });
  const cli = join(folder, 'cli.mjs');
  const plan = { ...runPlan({ usd: null }), deploysAt: undefined };
  writeFileSync(cli, `process.stdout.write(${JSON.stringify(JSON.stringify(plan))});\n`);
  const kept = new Map<string, unknown>();
  const session = {
    context: { extensionPath: folder },
    cli,
    log: { info: () => undefined },
    roots: {
      refresh: () => Promise.resolve(void shown.push(purposeName.rollout)),
      all: [{ folder, loaded: { config: {} } }],
    },
    runs: { refresh: () => Promise.resolve(void shown.push(purposeName.rollout)) },
    home: () => folder,
    keys: { get: () => Promise.resolve(undefined), urlsOf: () => Promise.resolve(['http://other']) },
    environment: () => Promise.resolve(process.env),
    consents: new Consents({
      get: (key: string, otherwise: unknown) => kept.get(key) ?? otherwise,
      update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
      keys: () => [],
    } as unknown as vscode.Memento),
    starter: {
      start: (wanted: RunToStart) => {
        requireTrust('Optimizing');
        return wanted.config.key === 'remote' ? Promise.resolve(started) : Promise.reject(new HumanError('no'));
      },
    },
  } as unknown as Session;
  const note = (message: string): void => void logged.push(message);
  const host = editorHost(session);
  const find = () => Promise.resolve({ programs: [], metrics: [], datasets: [], signatures: [] });
  offered = languageModelTools(() => ({ ...host, find }), { debug: note, warn: note } as unknown as Log);
});

async function invoke(name: ToolName, input: object): Promise<string> {
  const options = { input, toolInvocationToken: undefined } as vscode.LanguageModelToolInvocationOptions<object>;
  const result = await offered.get(name)!.invoke(options, never);
  return (result as unknown as { content: { value: string }[] }).content.map(({ value }) => value).join('');
}

const prepare = (name: ToolName, input: object) =>
  offered.get(name)!.prepareInvocation!(
    { input } as vscode.LanguageModelToolInvocationPrepareOptions<object>,
    never,
  ) as Promise<vscode.PreparedToolInvocation>;

const failing = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: Error) => error.message,
  );

/** What a model reads when it begins a run, and what the person saw meanwhile. */
async function price(purpose: 'optimize' | 'evaluate'): Promise<{ readonly text: string; readonly token: string }> {
  fake.answers.push('⟦Send⟧');
  const text = await invoke(names.priceTool, { program: 'remote', for: purpose });
  return { text, token: /"price_token":"([^"]+)"/.exec(text)![1]! };
}

it('models read English in the answers of every tool', async () => {
  const open = await writeSampleRun({ workspace: folder, strategy: 'p', seed: 2, open: true });
  // The rows of the others cannot be read any more.
  const other = await writeSampleRun({ workspace: folder, strategy: 'p -> w -> p', seed: 1, dev: 30 });
  writeFileSync(runFiles(open.folder).process, JSON.stringify(holderOf(process.pid)));
  const [optimize, evaluate] = [await price('optimize'), await price('evaluate')];
  const asked = { program: 'remote', budget_calls: 500 };
  const failures = await invoke(names.failuresTool, { run: started.id });
  const trace = Number(/"trace":(\d+)/.exec(failures)![1]);
  const answers: Readonly<Record<string, string>> = {
    [names.listProgramsTool]: await invoke(names.listProgramsTool, {}),
    [names.statusTool]: [
      await invoke(names.statusTool, {}),
      await invoke(names.statusTool, { run: other.id }),
      await invoke(names.statusTool, { run: open.id, wait_seconds: 1 }),
    ].join('\n'),
    [names.failuresTool]: failures,
    [names.traceTool]: await invoke(names.traceTool, { run: started.id, trace }),
    [names.compareTool]: await invoke(names.compareTool, { runs: [started.id, other.id, open.id] }),
    [names.priceTool]: optimize.text,
    [names.optimizeTool]: await invoke(names.optimizeTool, { ...asked, price_token: optimize.token }),
    [names.evaluateTool]: await invoke(names.evaluateTool, { ...asked, price_token: evaluate.token, wait_seconds: 0 }),
    [names.cancelTool]: await invoke(names.cancelTool, { run: open.id }),
    [names.exportTool]: await invoke(names.exportTool, { run: started.id, file: 'state.json' }),
  };
  expect(Object.keys(answers).toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
  for (const [name, text] of Object.entries(answers)) expect(text, name).not.toContain('⟦');
  expect(logged.filter((line) => line.includes('⟦'))).toEqual([]);
  expect(answers[names.failuresTool]).toMatch(/"labels":"[^"]* changed/);
  expect(answers[names.compareTool]).toContain('not comparable: other dev rows');
  expect(answers[names.compareTool]).toMatch(/"test_against_first":"\S+ \(\S+ to /);
  expect(answers[names.priceTool]).toContain('Optimize remote with');
  expect(answers[names.priceTool]).toContain('The cap is 1000 calls');
  expect(answers[names.listProgramsTool]).toContain('capped at 1,000 calls');
});

it('models read English in the errors of tools', async () => {
  const { token } = await price('optimize');
  const start = { program: 'promptsOnly', price_token: token, budget_calls: 10 };
  const errors = [
    await failing(invoke(names.statusTool, { run: 'nothing' })),
    await failing(invoke(names.failuresTool, { run: started.id, step: 'w' })),
    await failing(invoke(names.traceTool, { run: started.id, trace: 100_000 })),
    await failing(invoke(names.cancelTool, { run: started.id })),
    await failing(invoke(names.optimizeTool, start)),
    await failing(prepare(names.priceTool, { program: 'nothing', for: 'optimize' })),
  ];
  writeFileSync(join(folder, 'cli.mjs'), 'process.exit(3);\n');
  errors.push(await failing(invoke(names.priceTool, { program: 'remote', for: 'optimize' })));
  fake.trusted = false;
  errors.push(await failing(invoke(names.priceTool, { program: 'remote', for: 'optimize' })));
  errors.push(await failing(prepare(names.priceTool, { program: 'remote', for: 'optimize' })));
  expect(errors.filter((text) => text.includes('⟦'))).toEqual([]);
  expect(errors.slice(-3)).toEqual([
    'bettertogether optimize ended with 3.',
    expect.stringContaining('This tool runs code of this workspace, and the workspace is not trusted.'),
    expect.stringContaining('This tool runs code of this workspace, and the workspace is not trusted.'),
  ]);
});

it('the person is asked in their language, and sees it in the views', async () => {
  const { token } = await price('optimize');
  expect(fake.messages).toHaveLength(1);
  expect(JSON.stringify(fake.messages)).toContain('⟦May rows of your data be sent to');
  const start = { program: 'remote', price_token: token, budget_calls: 10 };
  const prepared = [
    await prepare(names.priceTool, { program: 'remote', for: 'optimize' }),
    await prepare(names.optimizeTool, start),
    await prepare(names.cancelTool, { run: started.id }),
    await prepare(names.exportTool, { run: started.id, file: 'state.json' }),
  ];
  for (const { confirmationMessages: asked, invocationMessage } of prepared) {
    expect([asked?.title, asked?.message, invocationMessage]).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining('⟦')),
    );
  }
  const [, begins] = prepared;
  expect(begins!.confirmationMessages!.message).toContain('⟦about ⟦');
  expect(shown).not.toEqual([]);
  expect(shown.filter((text) => text !== '⟦rollouts⟧')).toEqual([]);
});
