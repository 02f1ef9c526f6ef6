/** What `export` says to serve a result with, done as it is said: the real embedded model, tuned by a run. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Home } from '../../src/home/home.ts';
import { resultSchema } from '../../src/protocol.ts';
import { testHome } from './embeddedHome.ts';
import { lastJson, Workspace } from './workspace.ts';

/** Any answer will do: what is looked at is that the tuned model answers. */
const program = `import { Module, Predict } from 'bettertogether';

export class Two extends Module {
  answer = new Predict('question -> answer');

  async forward({ question }: { question: string }) {
    return this.answer({ question });
  }
}

export const metric = () => true;
`;

let home: Home;
let removeHome: () => Promise<void>;
let workspace: Workspace;
let server: ChildProcess | null = null;

beforeAll(async () => {
  ({ home, remove: removeHome } = await testHome());
});
afterEach(() => {
  server?.kill();
  workspace.dispose();
});
afterAll(() => removeHome());

const env = () => ({ BETTERTOGETHER_HOME: home.root });

/** The first line that a server prints: its address. */
function listening({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
      if (text.includes('\n')) resolve(text.trim());
    });
    stdout!.on('close', () => {
      reject(new Error(`The server ended: ${text}`));
    });
  });
}

it(
  'is served by the one command that export prints, under the name that the state has',
  { timeout: 400_000 },
  async () => {
    const settings = {
      ...{ endpoint: 'embedded', model: undefined, strategy: 'w', adapter: 'text', sampling: { maxTokens: 12 } },
      ...{ dev: undefined, test: undefined, w: { epochs: 1, lora: { rank: 4, alpha: 8 } } },
    };
    workspace = new Workspace({ baseURL: 'http://127.0.0.1:1/v1', program, settings });
    const rows = ['one', 'two', 'three', 'four', 'five', 'six'].map((word) => ({ question: word, answer: word }));
    workspace.write('train.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const run = await workspace.run(['optimize', 'two', '--yes', '--json'], env());
    expect(run.stderr + String(run.code)).toMatch(/0$/);
    const tuned = resultSchema.parse(lastJson(run)).state.predictors['answer']!.model;
    expect(tuned).toMatch(/-ft-/);

    const exported = await workspace.run(['export', 'latest', '--out', 'state.json'], env());
    const [, line, note] = /serve it with\n\n {4}(.+)\n\n(.+)\n/.exec(exported.stderr)!;
    expect(line).toBe('bettertogether serve --port 8123');
    expect(note).toContain(`It serves ${tuned} at http://127.0.0.1:8123/v1`);
    // The package's command is this file.
    const [, ...args] = line!.split(' ');
    server = spawn(process.execPath, [workspace.cli, ...args], {
      ...{ cwd: workspace.folder, env: { ...process.env, ...env() } },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(await listening(server)).toBe('http://127.0.0.1:8123/v1');

    const answer = await fetch('http://127.0.0.1:8123/v1/chat/completions', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${readFileSync(home.token, 'utf8').trim()}`,
      },
      body: JSON.stringify({ model: tuned, messages: [{ role: 'user', content: 'one' }], max_tokens: 4 }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      model: tuned,
      usage: { completion_tokens: expect.any(Number) as number },
    });
  },
);
