import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as vscode from 'vscode';
import type { ResolvedProgram } from '../../../src/config/resolved.ts';
import { resolveSteps } from '../../../src/config/steps.ts';
import { windowOn } from '../../../src/home/editorWindows.ts';
import type { Log } from '../../../src/vscode/base/log.ts';
import { ChatModels } from '../../../src/vscode/models/chatModels.ts';
import { allowModelsOf, WantedModels } from '../../../src/vscode/models/modelPermission.ts';
import { offerResume } from '../../../src/vscode/models/resumeOffer.ts';
import { WindowServer } from '../../../src/vscode/models/windowServer.ts';
import { commandIds } from '../../../src/editor/names.ts';
import { EventEmitter, fake, LanguageModelError, resetFake } from '../../fakes/fakeVscode.ts';
import type { FakeChatModel } from '../../fakes/fakeVscode.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { runItem } from '../editor/samples.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Log;

/** What VS Code was asked. */
interface Sent {
  readonly messages: readonly unknown[];
  readonly options: unknown;
}

let sent: Sent[];
let can: boolean | undefined;
let answer: (token: { readonly isCancellationRequested: boolean }) => AsyncIterable<string> | Error;

async function* pieces(...texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) yield await Promise.resolve(text);
}

function chatModel(more: Partial<FakeChatModel> = {}): FakeChatModel {
  return {
    ...{ id: 'gpt-4o', vendor: 'copilot', family: 'gpt-4o', version: '1', name: 'GPT-4o', maxInputTokens: 1000 },
    sendRequest: (messages, options, token) => {
      sent.push({ messages, options });
      const text = answer(token);
      return text instanceof Error ? Promise.reject(text) : Promise.resolve({ text });
    },
    countTokens: (text) => Promise.resolve(JSON.stringify(text).length),
    ...more,
  };
}

let state: Map<string, unknown>;
function chatModels(onWanted: (title: string) => void = () => undefined): ChatModels {
  const context = {
    globalState: {
      get: (key: string) => state.get(key),
      update: (key: string, value: unknown) => Promise.resolve(void state.set(key, value)),
    },
    languageModelAccessInformation: { canSendRequest: () => can },
  } as unknown as vscode.ExtensionContext;
  return new ChatModels(context, ({ title }) => onWanted(title));
}

const signal = new AbortController().signal;

beforeEach(() => {
  resetFake();
  sent = [];
  can = true;
  state = new Map();
  answer = () => pieces('o', 'k');
  fake.chatModels.push(chatModel());
});

describe('the models that VS Code has', () => {
  it('are asked with turns of user and assistant and the options, and answer in pieces', async () => {
    const models = chatModels();
    const [model] = await models.list();
    const turns = [
      { role: 'user', text: 'a' },
      { role: 'assistant', text: 'b' },
      { role: 'user', text: 'c' },
    ] as const;
    let text = '';
    for await (const piece of models.ask(model!, { turns, options: { temperature: 1 }, signal })) text += piece;
    expect(text).toBe('ok');
    expect(sent).toEqual([
      {
        messages: [
          { role: 1, content: 'a' },
          { role: 2, content: 'b' },
          { role: 1, content: 'c' },
        ],
        options: {
          justification: expect.stringContaining('BetterTogether') as unknown,
          modelOptions: { temperature: 1 },
        },
      },
    ]);
    expect(await models.countTokens(model!, 'abc', signal)).toBe(5);
  });

  it('are told to stop where nobody waits any more', async () => {
    const stop = new AbortController();
    let token: { readonly isCancellationRequested: boolean } | undefined;
    answer = (given) => {
      token = given;
      return pieces('a', 'b', 'c');
    };
    const models = chatModels();
    const [model] = await models.list();
    for await (const piece of models.ask(model!, { turns: [], options: {}, signal: stop.signal })) {
      expect([piece, token?.isCancellationRequested]).toEqual(['a', false]);
      stop.abort();
      expect(token?.isCancellationRequested).toBe(true);
      break;
    }
  });

  it('count as allowed once they have answered after an act of the person, also where VS Code does not say so', async () => {
    can = undefined;
    const models = chatModels();
    const [model] = await models.list();
    expect(models.permissionFor(model!)).toBe('not asked');
    await models.askPermission(model!, signal);
    expect(models.permissionFor(model!)).toBe('given');
    // In the next window, where VS Code says nothing until it was asked.
    expect(chatModels().permissionFor((await models.list())[0]!)).toBe('given');
    can = false;
    expect(models.permissionFor(model!)).toBe('refused');
  });
});

/** A program with a proposer at the editor's models. */
const askingFor = (model: string): ResolvedProgram => ({
  ...sampleConfig,
  strategy: ['mipro'],
  steps: resolveSteps(
    { steps: { mipro: { kind: 'mipro', ...{ proposer: { model, endpoint: 'editor' } } } } },
    { embedded: false },
  ),
  services: [
    {
      ...{ name: 'editor', baseURL: 'http://vscode-models.invalid/v1', apiKeyEnv: null, revision: null },
      ...{ concurrency: 4, prices: null, editor: true },
    },
  ],
});

describe('before a run', () => {
  it('asks for the models that its steps name, and for no other', async () => {
    can = undefined;
    await allowModelsOf(chatModels(), sampleConfig);
    expect(sent).toEqual([]);
    const models = chatModels();
    await allowModelsOf(models, askingFor('gpt-4o'));
    await allowModelsOf(models, askingFor('gpt-4o'));
    expect(sent.length).toBe(1);
  });

  it('says which models there are where a step names another', async () => {
    await expect(allowModelsOf(chatModels(), askingFor('gpt-9'))).rejects.toThrow(
      /"steps\.mipro\.proposer" names "gpt-9".*It has: gpt-4o/,
    );
    fake.chatModels.length = 0;
    await expect(allowModelsOf(chatModels(), askingFor('gpt-9'))).rejects.toThrow('sign in');
  });

  it('offers the permission to a run that waits for it, once', async () => {
    can = undefined;
    const wanted = new WantedModels(quiet);
    const models = chatModels();
    const [model] = await models.list();
    fake.answers.push(undefined, 'Allow…');
    await wanted.offer(models, model!);
    await wanted.offer(models, model!);
    expect([fake.messages.length, models.permissionFor(model!)]).toEqual([1, 'not asked']);
    await new WantedModels(quiet).offer(models, model!);
    expect(models.permissionFor(model!)).toBe('given');
  });

  it('says why where the person does not agree', async () => {
    can = undefined;
    answer = () => LanguageModelError.NoPermissions('GPT-4o cannot be used by bettertogether.');
    const models = chatModels();
    fake.answers.push('Allow…');
    await new WantedModels(quiet).offer(models, (await models.list())[0]!);
    expect(fake.messages.at(-1)).toContain('cannot be used by bettertogether');
    expect(models.permissionFor((await models.list())[0]!)).toBe('not asked');
  });
});

describe('a window', () => {
  let root: string;
  let folder: string;
  let server: WindowServer | undefined;
  let wants: boolean;
  const changed = new EventEmitter<void>();

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bt-window-'));
    folder = join(root, 'editor');
    wants = true;
    fake.folders.push(root);
  });
  afterEach(() => {
    server?.dispose();
    rmSync(root, { recursive: true });
  });

  function open(beatMs?: number): { opened: number } {
    const told = { opened: 0 };
    server = new WindowServer({
      ...{ models: chatModels(), log: quiet, folder, isWanted: () => wants },
      onDidChange: changed.event as unknown as vscode.Event<void>,
      onOpened: () => void told.opened++,
      ...(beatMs === undefined ? {} : { beatMs }),
    });
    return told;
  }

  it('answers runs of its folders as long as a configuration names its models, and is gone at once when it ends', async () => {
    const told = open();
    await expect.poll(() => windowOn(root, folder)).not.toBeNull();
    const { baseURL } = windowOn(root, folder)!;
    expect((await fetch(`${baseURL}/models`)).status).toBe(401);
    await expect.poll(() => told.opened).toBe(1);
    wants = false;
    changed.fire();
    await expect.poll(() => readdirSync(folder)).toEqual([]);
    await expect(fetch(`${baseURL}/models`)).rejects.toThrow();
    wants = true;
    changed.fire();
    await expect.poll(() => windowOn(root, folder)).not.toBeNull();
    server?.dispose();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('serves nothing before it is trusted', async () => {
    fake.trusted = false;
    open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(windowOn(root, folder)).toBeNull();
    fake.trusted = true;
    fake.trustGranted.fire();
    await expect.poll(() => windowOn(root, folder)).not.toBeNull();
  });

  it('that does not answer any more, though its extensions are at work, is taken back until it does', async () => {
    let answerNow: (() => void) | null = null;
    let hangs = false;
    fake.onCommand = () => (hangs ? new Promise<void>((resolve) => (answerNow = resolve)) : Promise.resolve());
    open(20);
    await expect.poll(() => windowOn(root, folder)).not.toBeNull();
    hangs = true;
    await expect.poll(() => windowOn(root, folder)).toBeNull();
    hangs = false;
    (answerNow as (() => void) | null)?.();
    await expect.poll(() => windowOn(root, folder)).not.toBeNull();
  });
});

describe('a run that paused for want of a window', () => {
  it('is offered to go on where it waits for one, and no other', async () => {
    const stopped = (message: string, time = new Date().toISOString()) => {
      const item = runItem('a', { status: 'stopped' });
      const event = { v: 1, seq: 9, time, type: 'run.stopped', reason: 'endpoint', message } as const;
      return { ...item, view: { ...item.view, stopped: event } };
    };
    await offerResume([stopped('Endpoint "lab" (http://gpu:8000/v1) gave no answer.'), runItem('b')]);
    expect(fake.messages).toEqual([]);
    fake.answers.push('Resume');
    const message = 'Endpoint "editor" (models of VS Code), model "gpt-4o", gave no answer.';
    const waits = stopped(message);
    await offerResume([stopped(message, '2026-01-01T00:00:00Z')]);
    await offerResume([{ ...waits, madeHere: false }]);
    expect(fake.messages).toEqual([]);
    await offerResume([waits]);
    expect(fake.messages.at(-1)).toContain('paused because no window answered');
    expect(fake.executed.at(-1)).toEqual([commandIds.resume, waits.run.folder]);
  });
});
