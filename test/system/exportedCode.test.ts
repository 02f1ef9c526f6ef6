/** The code that `export` prints, run as a user runs it: it asks exactly what was asked when the program was scored. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { Workspace } from './workspace.ts';

const program = `import { Module, Predict } from 'bettertogether';

export class Two extends Module {
  sort = new Predict("question -> domain: 'travel' | 'banking'");
  answer = new Predict('question, domain -> answer');

  async forward({ question }: { question: string }) {
    const { domain } = await this.sort({ question });
    return this.answer({ question, domain });
  }
}

export const metric = (example: { answer: string }, prediction: { answer: string }) =>
  example.answer === prediction.answer;
`;

/** Answers in the shape asked for; every other row is right. */
function answer({ choices, body, prompt }: FakeCall): string {
  const question = /(?:train|dev|test) \d+/g.exec(prompt.slice(prompt.lastIndexOf('uestion')))?.[0] ?? '';
  const said = Number(question.at(-1)) % 2 === 0 ? `a ${question}` : 'no idea';
  if (choices !== null) return choices[0]!;
  if ('response_format' in body || prompt.includes('JSON object')) {
    return JSON.stringify({ domain: 'travel', answer: said, ok: true });
  }
  return prompt.trimEnd().endsWith('Domain:') ? ' travel' : ` ${said}`;
}

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  const advertise = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
  fake = await startFakeEndpoint({ answer, advertise });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const bodies = (): readonly string[] => fake.calls.map(({ path, body }) => `${path} ${JSON.stringify(body)}`);

/** What stands between "load it with" and the end, as a person copies it. */
function printedCode(stderr: string): string {
  return stderr.slice(stderr.indexOf('load it with') + 'load it with'.length).replaceAll(/^ {4}/gm, '');
}

function runNode(file: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  // From another folder than the program's: the code reads the state from beside itself.
  const child = spawn(process.execPath, [join(workspace.folder, file)], {
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stderr });
    });
  });
}

/** The workspace's `main.ts`, built as users build, with the package installed. */
async function runPasted(code: string): Promise<void> {
  const { folder } = workspace;
  workspace.write('main.ts', code);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), join(folder, 'node_modules', 'bettertogether'), 'dir');
  await build({
    entryPoints: [join(folder, 'main.ts')],
    outfile: join(folder, 'main.mjs'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const { code: exit, stderr } = await runNode('main.mjs');
  expect(stderr).toBe('');
  expect(exit).toBe(0);
}

describe.each([
  ['json', 'auto', 'response_format'],
  ['plain', 'auto', 'continue_final_message'],
  ['plain', 'off', 'continue_final_message'],
  ['text', 'auto', '"prompt"'],
] as const)('exported code with the %s adapter, guided %s', (adapter, guided, sign) => {
  it('sends the requests that were scored', async () => {
    workspace = new Workspace({
      baseURL: fake.baseURL,
      program,
      strategy: 'p',
      settings: {
        adapter,
        sampling: { temperature: 0.3, maxTokens: 77, guided },
        p: { candidates: 2, maxBootstrappedDemos: 1, maxLabeledDemos: 2, train: 10, validation: 10 },
      },
    });
    const optimized = await workspace.run(['optimize', 'two', '--yes', '--json']);
    expect(optimized.stderr + String(optimized.code)).toMatch(/0$/);
    const scored = new Set(bodies());
    const exported = await workspace.run(['export', 'latest', '--format', 'json', '--out', 'best.json']);
    expect(exported.code, exported.stderr).toBe(0);
    fake.reset();
    const rows = readFileSync(join(workspace.folder, 'dev.jsonl'), 'utf8').split('\n');
    const questions = rows.map((row) => (JSON.parse(row) as { question: string }).question);
    await runPasted(
      `${printedCode(exported.stderr)}
for (const question of ${JSON.stringify(questions)}) await program.call({ question }).catch(() => undefined);
`,
    );
    const asked = bodies();
    expect(asked.length).toBeGreaterThanOrEqual(questions.length * 2);
    expect(asked.every((body) => body.includes(sign))).toBe(true);
    expect(asked.some((body) => body.includes('structured_outputs'))).toBe(adapter !== 'json' && guided === 'auto');
    expect(asked.filter((body) => !scored.has(body))).toEqual([]);
  });
});
