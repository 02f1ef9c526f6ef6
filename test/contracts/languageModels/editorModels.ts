import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Budget } from '../../../src/engine/budget.ts';
import { resolveEditor } from '../../../src/config/endpoint.ts';
import { serveEditorModels } from '../../../src/editor/models/modelServer.ts';
import { announceWindow } from '../../../src/home/editorWindows.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { OtherEndpoints } from '../../../src/run/services/otherEndpoints.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { modelError, ScriptedModels } from '../../fakes/scriptedModels.ts';
import type { AnsweringService, Trouble } from '../languageModel.ts';

const troubles: Readonly<Record<Trouble, () => Error>> = {
  gone: () => modelError('Unknown', 'The network connection was lost.'),
  'wrong key': () => modelError('NoPermissions', 'The model cannot be used by this extension.'),
  'prompt too long': () => modelError('Unknown', 'Message exceeds token limit.'),
};

/** The models of the editor: a window's server, found by its file, as runs find it. */
export async function openEditorModels(): Promise<AnsweringService> {
  const folder = await mkdtemp(join(tmpdir(), 'bt-contract-editor-'));
  const before = process.env['XDG_DATA_HOME'];
  process.env['XDG_DATA_HOME'] = folder;
  const models = new ScriptedModels();
  const window = await announceWindow(join(folder, 'bettertogether', 'editor'));
  const server = await serveEditorModels({ models, token: window.token, onError: () => undefined });
  await window.publish(server.baseURL, [folder]);
  const memo = await openMemo(join(folder, 'memo'));
  const closing: (() => Promise<void>)[] = [() => server.close(), () => memo.close()];
  const entry = { kind: 'editor', patienceSeconds: 0.3 } as const;
  const loaded = { workspace: folder, file: null, config: { endpoints: { editor: entry } } };
  return {
    connect: () => {
      const others = new OtherEndpoints({
        workspace: folder,
        config: { ...sampleConfig, services: [resolveEditor(loaded, 'editor')!] },
        caps: { calls: null, tokens: null, usd: null },
        ...{ memo, gate: new Budget({ calls: null, tokens: null, usd: 1 }, { calls: 0, tokens: 0, usd: 0 }) },
        signal: new AbortController().signal,
        log: () => undefined,
        warn: () => undefined,
        onAnswer: () => undefined,
      });
      closing.push(() => others.close());
      return others.behind({ complete: () => Promise.reject(new Error('not a call of the run’s own endpoint')) });
    },
    callOf: (message) => ({
      model: 'gpt-4o',
      prompt: { kind: 'chat', messages: [{ role: 'user', content: message }] },
      stop: [],
      ...{ authors: true, endpoint: 'editor' },
    }),
    paid: () => models.answered.length,
    answer: (by) => {
      models.answer = ({ turns }) => by(turns.at(-1)?.text ?? '');
    },
    fail: (trouble) => {
      models.answer = () => {
        throw troubles[trouble]();
      };
    },
    close: async () => {
      window.remove();
      for (const close of closing.toReversed()) await close();
      if (before === undefined) delete process.env['XDG_DATA_HOME'];
      else process.env['XDG_DATA_HOME'] = before;
      await rm(folder, { recursive: true });
    },
  };
}
