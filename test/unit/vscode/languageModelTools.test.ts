/** Tools as the editor offers them: who is asked, what is refused, and what a model is told. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type * as vscode from 'vscode';
import { languageModelTools } from '../../../src/vscode/tools/languageModelTools.ts';
import { editorHost } from '../../../src/vscode/tools/editorHost.ts';
import { withoutKeys } from '../../../src/base/keys.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { Dismissed } from '../../../src/vscode/base/errors.ts';
import type { Log } from '../../../src/vscode/base/log.ts';
import type { ToolHost } from '../../../src/tools/base/host.ts';
import { PriceTokens } from '../../../src/tools/base/priceTokens.ts';
import { optimizeTool, priceTool, statusTool, listProgramsTool } from '../../../src/tools/base/names.ts';
import type { ToolName } from '../../../src/tools/base/names.ts';
import { makeWorkspace } from '../cli/workspace.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

const log = { debug: vi.fn(), warn: vi.fn() } as unknown as Log;
const never = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
let folder: string;
let consented: string[];
let agrees: boolean;

function sessionIn(root: string): Session {
  return {
    context: { extensionPath: root },
    cli: 'cli.js',
    roots: { refresh: () => Promise.resolve(), all: [{ folder: root, loaded: { config: {} } }] },
    runs: { refresh: () => Promise.resolve() },
    home: () => root,
    consents: {
      ask: (config: { key: string }) => {
        if (!agrees) return Promise.reject(new Dismissed());
        consented.push(config.key);
        return Promise.resolve(['api.example.com']);
      },
    },
  } as unknown as Session;
}

let host: ToolHost;
const toolNamed = (name: ToolName) => languageModelTools(() => host, log).get(name)!;
const invoke = async (name: ToolName, input: object, token: object = never) => {
  const options = { input, toolInvocationToken: undefined } as vscode.LanguageModelToolInvocationOptions<object>;
  const result = await toolNamed(name).invoke(options, token as vscode.CancellationToken);
  return (result as unknown as { content: { value: string }[] }).content.map(({ value }) => value).join('');
};
const prepare = (name: ToolName, input: object) =>
  toolNamed(name).prepareInvocation!(
    { input } as vscode.LanguageModelToolInvocationPrepareOptions<object>,
    never as unknown as vscode.CancellationToken,
  );

beforeEach(() => {
  resetFake();
  folder = makeWorkspace();
  consented = [];
  agrees = true;
  host = {
    ...editorHost(sessionIn(folder)),
    find: () => Promise.resolve({ programs: [], metrics: [], datasets: [], signatures: [] }),
  };
});

describe('a tool of the editor', () => {
  it('that reads asks nobody, in Restricted Mode too', async () => {
    fake.trusted = false;
    expect(await prepare(listProgramsTool, {})).toEqual({ invocationMessage: 'Looking for LM programs' });
    const text = await invoke(listProgramsTool, {});
    expect(text).toContain('"program":"remote"');
    expect(text).toContain('the workspace is not trusted');
    expect(await invoke(statusTool, {})).toContain('There are no runs yet.');
    expect(await prepare(statusTool, { run: 3 })).toEqual({});
  });

  it('that spends asks with price, cap and where rows go, in text without links', async () => {
    const prices = new PriceTokens();
    host = { ...host, prices };
    const { token } = prices.tell({
      ...{ tool: optimizeTool, program: 'promptsOnly', bound: 'hash', sources: [] },
      text: () => 'Optimize promptsOnly: about 10 calls; at most 20 calls. [click](command:evil)',
    });
    const asked = await prepare(optimizeTool, { program: 'promptsOnly', price_token: token, budget_calls: 30 });
    expect(asked?.confirmationMessages).toEqual({
      title: 'Optimize promptsOnly with p?',
      message:
        'Optimize promptsOnly: about 10 calls; at most 20 calls. [click] (command:evil) It is capped at 30 calls. ' +
        'Rows go to api.example.com in prompts.',
    });
    expect(prices.look(token, optimizeTool).bound).toBe('hash');
    const estimate = await prepare(priceTool, { program: 'promptsOnly', for: 'optimize' });
    expect(estimate?.confirmationMessages?.message).toContain('at most 100 calls');
  });

  it('that would be refused asks nobody, and the model is told why', async () => {
    await expect(prepare(optimizeTool, { program: 'promptsOnly', price_token: 'x', budget_calls: 3 })).rejects.toThrow(
      priceTool,
    );
    await expect(prepare(priceTool, { program: 'nothing', for: 'optimize' })).rejects.toThrow('There are: "intents"');
    fake.trusted = false;
    await expect(prepare(priceTool, { program: 'promptsOnly', for: 'optimize' })).rejects.toThrow('not trusted');
    await expect(invoke(priceTool, { program: 'promptsOnly', for: 'optimize' })).rejects.toThrow('not trusted');
    expect(consented).toEqual([]);
  });

  it('sees the open folders’ own configurations alone, and takes no program of a folder above', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    host = { ...host, roots: () => Promise.resolve([inner]) };
    expect(await invoke(listProgramsTool, {})).toContain('"programs":[]');
    await expect(prepare(priceTool, { program: 'promptsOnly', for: 'optimize' })).rejects.toThrow(
      'No program is configured yet',
    );
    writeFileSync(join(inner, 'bettertogether.json'), readFileSync(join(folder, 'bettertogether.json')));
    host = { ...host, roots: () => Promise.resolve([folder, inner]) };
    await expect(prepare(priceTool, { program: 'promptsOnly', for: 'optimize' })).rejects.toThrow(
      `give "folder", one of ${JSON.stringify(folder)}, ${JSON.stringify(inner)}`,
    );
    const asked = await prepare(priceTool, { program: 'promptsOnly', for: 'optimize', folder });
    expect(asked?.confirmationMessages?.title).toContain('promptsOnly');
  });

  it('knows the keys of configured variables before it shows what may repeat them', async () => {
    const endpoints = { lab: { kind: 'openai', baseURL: 'http://lab/v1', apiKeyEnv: 'BT_TEST_LAB_KEY' } };
    vi.stubEnv('BT_TEST_LAB_KEY', 'lab-secret-0987654321');
    const session = {
      ...sessionIn(folder),
      roots: { refresh: () => Promise.resolve(), all: [{ folder, loaded: { config: { endpoints } } }] },
    };
    await editorHost(session as unknown as Session).roots();
    vi.unstubAllEnvs();
    expect(withoutKeys('it is lab-secret-0987654321')).toBe('it is ***');
  });

  it('does not go on where the person does not agree to a new host', async () => {
    agrees = false;
    await expect(invoke(priceTool, { program: 'promptsOnly', for: 'optimize' })).rejects.toThrow('did not agree');
  });

  it('is cancelled with its token', async () => {
    await expect(invoke(listProgramsTool, {}, { ...never, isCancellationRequested: true })).rejects.toMatchObject({
      name: 'CancellationError',
    });
  });
});
