/** A proposer that is a model of VS Code: runs of the command line ask the window that has the folder open. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveEditorModels } from '../../src/editor/models/modelServer.ts';
import { announceWindow } from '../../src/home/editorWindows.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { gpt, modelError, ScriptedModels } from '../fakes/scriptedModels.ts';
import { instructionsOf, student, words } from './instructed.ts';
import { resultOf } from './resultOf.ts';
import { Workspace } from './workspace.ts';

const proposer = { model: gpt.id, endpoint: 'editor' };
const mipro = {
  kind: 'mipro',
  train: 12,
  validation: 9,
  trials: 6,
  candidates: 3,
  minibatch: 5,
  fullEvery: 5,
  proposer,
};

interface Window {
  readonly token: string;
  readonly baseURL: string;
  close(): Promise<void>;
}

let endpoint: FakeEndpoint;
let models: ScriptedModels;
let home: string;
let workspace: Workspace;
let window: Window | null;

/** What extension hosts do in a trusted window. */
async function openWindow(): Promise<Window> {
  const told = await announceWindow(join(home, 'bettertogether', 'editor'));
  const server = await serveEditorModels({ models, token: told.token, onError: () => undefined });
  await told.publish(server.baseURL, [workspace.folder]);
  return {
    ...{ token: told.token, baseURL: server.baseURL },
    close: async () => {
      told.remove();
      await server.close();
    },
  };
}

function proposal(prompt: string): string {
  const predictor = /# The step\n\n(\w+): /.exec(prompt)?.[1] as keyof typeof words | undefined;
  if (predictor === undefined) return 'Rows hold a question and an answer.';
  return `\`\`\`\nMind this (${prompt.length}).\n${words[predictor]}\n\`\`\``;
}

const run = (args: readonly string[]) => workspace.run(args, { XDG_DATA_HOME: home });
const optimize = ['optimize', 'two', '--yes', '--json'];

beforeEach(async () => {
  endpoint = await startFakeEndpoint({ answer: student });
  home = mkdtempSync(join(tmpdir(), 'bt-editor-home-'));
  models = new ScriptedModels();
  models.answer = ({ turns }) => proposal(turns.map(({ text }) => text).join('\n'));
  workspace = new Workspace({ baseURL: endpoint.baseURL, strategy: 'mipro', settings: { steps: { mipro } } });
  const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
    endpoints: Record<string, object>;
  };
  config.endpoints['editor'] = { kind: 'editor', patienceSeconds: 2 };
  workspace.write('bettertogether.json', JSON.stringify(config));
  window = null;
});
afterEach(async () => {
  await window?.close();
  workspace.dispose();
  rmSync(home, { recursive: true });
  await endpoint.close();
});

describe('a proposer that is a model of VS Code', () => {
  it('says what to open where no window has the folder open, before anything is paid', async () => {
    const { code, stderr } = await run(optimize);
    expect(code).toBe(1);
    expect(stderr).toContain(`no window has ${workspace.folder} open`);
    expect(stderr).toContain('open it in VS Code');
    expect(endpoint.counters.answered).toBe(0);
  });

  it('writes instructions; its calls count as calls, and not in dollars; a second run asks nothing', async () => {
    window = await openWindow();
    const done = await run(optimize);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('mipro')]);
    const result = resultOf(done);
    const own = endpoint.counters.answered;
    expect(result.usage.calls).toBe(own + models.answered.length);
    expect(models.answered.length).toBeGreaterThan(3);
    expect(instructionsOf(result)['hint']).toContain('Mind this');
    const asked = models.asked.length;
    expect((await run(optimize)).code).toBe(0);
    expect([endpoint.counters.answered, models.asked.length]).toEqual([own, asked]);
    // The window's token and address are in no file of the workspace.
    for (const entry of readdirSync(workspace.folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      expect([text.includes(window.token), text.includes(new URL(window.baseURL).host)], entry.name).toEqual([
        false,
        false,
      ]);
    }
  });

  it('pauses when the window is closed in the middle, says so, and goes on in the next window without paying twice', async () => {
    window = await openWindow();
    const first = window;
    const answer = models.answer;
    let [asked, onTheWay] = [0, 0];
    models.answer = async (question) => {
      if (++asked === 3) {
        onTheWay = models.asked.length - models.answered.length - models.left;
        await first.close();
      }
      return answer(question);
    };
    const paused = await run(optimize);
    expect(paused.code).toBe(1);
    expect(paused.stderr).toMatch(/Endpoint "editor" \(models of VS Code\), model "gpt-4o", gave no answer/);
    expect(paused.stderr).toContain(`Open ${workspace.folder} in VS Code`);
    expect(paused.stderr).toContain('Nothing that was paid for is lost.');
    expect(paused.stderr).toMatch(/`bettertogether resume .*` goes on with this run\./);
    const [paidThere, paidHere] = [models.answered.length, endpoint.counters.answered];
    models.answer = answer;
    window = await openWindow();
    const resumed = await run(['resume', 'latest', '--json', '--yes']);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.any(String)]);
    expect([models.answered.length > paidThere, endpoint.counters.answered > paidHere]).toEqual([true, true]);
    expect(resultOf(resumed).best).toBe('mipro');
    // Nothing that was answered is asked again, but for what was on its way when the window closed.
    const inTwo = models.answered.length;
    rmSync(join(workspace.folder, '.bettertogether'), { recursive: true });
    expect((await run(optimize)).code).toBe(0);
    const inOne = models.answered.length - inTwo;
    expect(inTwo - inOne).toBeLessThanOrEqual(onTheWay);
  });

  it('goes on by itself where the window is only loaded anew', async () => {
    window = await openWindow();
    const answer = models.answer;
    let asked = 0;
    models.answer = async (question) => {
      if (++asked === 2) {
        await window!.close();
        setTimeout(() => void openWindow().then((next) => (window = next)), 300);
      }
      return answer(question);
    };
    const done = await run(optimize);
    expect([done.code, done.stderr]).toEqual([0, expect.any(String)]);
  });

  it('ends with what to do where the person does not allow it, and where their plan has nothing left', async () => {
    window = await openWindow();
    models.permission = 'refused';
    const refused = await run(optimize);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('it does not let BetterTogether ask')]);
    expect(refused.stderr).toContain('Test Endpoint');
    models.permission = 'given';
    models.answer = () => {
      throw modelError('Blocked', 'Monthly quota exceeded');
    };
    const empty = await run(['resume', 'latest', '--yes']);
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('no credit left')]);
  });

  it('is looked at by `bettertogether endpoint`, which asks the models that steps name', async () => {
    const away = await run(['endpoint', 'editor', '--yes']);
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining(`Open ${workspace.folder} in VS Code`)]);
    window = await openWindow();
    const { code, stdout } = await run(['endpoint', 'editor', '--yes']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('endpoint "editor": models of VS Code')]);
    expect(stdout).toContain('it lists 1 model: gpt-4o');
    expect(stdout).toMatch(/lacks: system role/);
    expect(stdout).toContain('copilot gpt-4o 2024-11-20');
  });
});

it('refuses a program that would run on them, with why, and a cap in dollars holds for the others', async () => {
  const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
    programs: { two: Record<string, unknown> };
  };
  config.programs.two = { ...config.programs.two, endpoint: 'editor', model: 'gpt-4o' };
  workspace.write('bettertogether.json', JSON.stringify(config));
  const { code, stderr } = await run(optimize);
  expect([code, stderr]).toEqual([2, expect.stringContaining('they cannot be trained')]);
  expect(stderr).toContain('"endpoint": "editor"');
});
