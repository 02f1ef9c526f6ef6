/** The paper's three programs run p → w → p, in TypeScript and in DSPy, with an LM that knows some of the answers. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../../src/base/json.ts';
import { userFolder } from '../../src/home/home.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson } from './workspace.ts';
import type { Finished } from './workspace.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

interface Entry {
  readonly inputs: readonly string[];
  readonly p: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** Few rows of each split: enough for every step to have something to do. */
const sizes = { train: 24, dev: 6, test: 6 } as const;

describe.each(['iris', 'gsm8k', 'hotpotqa'])('examples/%s', (name) => {
  let folder: string;
  let fake: FakeEndpoint;
  let entries: Record<string, Entry>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bettertogether-examples-'));
    cpSync(join(repository, 'examples', name), join(folder, 'examples', name), { recursive: true });
    const rows = (['train', 'dev', 'test'] as const).flatMap((split) => shorten(join(folder, 'examples', name), split));
    const config = parse(readFileSync(join(repository, 'bettertogether.json'), 'utf8')) as {
      programs: Record<string, Entry>;
    };
    entries = config.programs;
    fake = await startFakeEndpoint({ answer: (call) => student(call, rows, entries[name]!.inputs) });
    const small = { train: 6, validation: 8 };
    const programs = Object.entries(config.programs)
      .filter(([key]) => key === name || key === `${name}-dspy`)
      .map(([key, entry]) => [key, { ...entry, model: 'base', endpoint: 'fake', p: { ...entry.p, ...small } }]);
    const endpoint = { kind: 'openai', baseURL: fake.baseURL, fineTune: { pollSeconds: 0.05 } };
    writeFileSync(
      join(folder, 'bettertogether.json'),
      JSON.stringify({ programs: Object.fromEntries(programs), endpoints: { fake: endpoint } }),
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await fake.close();
  });

  it.each(['', '-dspy'])(`${name}%s rises with its weights, on the paper's settings`, async (language) => {
    const key = `${name}${language}`;
    const python = language === '' ? {} : { BETTERTOGETHER_PYTHON: dspyPython() };
    fake.reset();
    const finished = await runCli(folder, ['optimize', key, '--yes', '--json'], python);
    expect(finished.code, finished.stderr).toBe(0);
    const result = resultSchema.parse(lastJson(finished));
    expect(Object.keys(result.scores)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    expect(result.scores['']!.test).toBeLessThan(70);
    expect(result.scores['p -> w -> p']!.test).toBe(100);

    const names =
      name === 'hotpotqa' ? ['generate_query[0]', 'generate_query[1]', 'generate_answer'] : ['generate_answer'];
    expect(Object.keys(result.state.predictors)).toEqual(names.map((predictor) => `${predictor}.predict`));
    // The paper's own fine-tuning settings reach the service.
    const [job] = fake.jobs.slice(-1);
    expect(JSON.stringify(job!.body)).toMatch(/"n_epochs":5/);
    expect(entries[key]!['w']).toMatchObject({ learningRate: 1e-5, batchSize: 8, lora: { rank: 32, alpha: 64 } });
    if (name === 'hotpotqa') {
      // What was found by the first search is in the prompt of the second: passages of the corpus.
      const second = fake.calls.filter(({ prompt }) => /Search Query|search_query/.test(prompt) && / \| /.test(prompt));
      expect(second.length).toBeGreaterThan(10);
      if (language === '') {
        // The corpus is one of the files that the answers depend on, and its index is kept.
        const kept = join(folder, '.bettertogether');
        expect(readFileSync(join(kept, 'runs', result.run, 'manifest.json'), 'utf8')).toContain('corpus.jsonl');
        expect(readdirSync(join(userFolder(), 'indexes'))).toContainEqual(expect.stringMatching(/^corpus-.*\.bm25$/));
      }
    }
  });
});

function runCli(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> {
  const cli = join(repository, 'dist', 'cli.js');
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Keeps the first rows of a split. */
function shorten(folder: string, split: keyof typeof sizes): readonly Fields[] {
  const file = join(folder, `${split}.jsonl`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // hotpotqa has no dev rows of its own
  }
  const lines = text.split('\n').slice(0, sizes[split]);
  writeFileSync(file, lines.join('\n'));
  return lines.map((line) => JSON.parse(line) as Fields);
}

/** The base model knows every second row, a tuned one all; both write whatever the prompt's format asks for. */
function student(call: FakeCall, rows: readonly Fields[], inputs: readonly string[]): string {
  const asText = call.path === 'completions';
  const query = asText ? call.prompt.split('\n---\n').at(-1)! : call.messages.at(-1)!.content;
  const plain = query.replace(/\s+/g, ' ');
  const number = rows.findIndex((row) => {
    const values = inputs.map((input) => String(row[input]).replace(/\s+/g, ' '));
    if (inputs.length === 1) return plain.includes(values[0]!);
    const numbers = plain.match(/\d+\.\d+/g)?.slice(0, inputs.length) ?? [];
    return numbers.join() === values.join();
  });
  const knows = call.model !== 'base' || number % 2 === 0;
  const searching = asText
    ? call.prompt.includes('Search Query: ${search_query}')
    : query.includes('then `[[ ## search_query ## ]]`');
  const value = searching ? String(rows[number]?.['question']) : knows ? String(rows[number]?.['answer']) : '0';
  if (!asText) {
    const field = searching ? 'search_query' : 'answer';
    return `[[ ## reasoning ## ]]\nIt follows.\n\n[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
  }
  const gap = inputs.length === 1 && !call.prompt.includes('Context:') ? '\n' : '\n\n';
  return ` find out. It follows.${gap}${searching ? 'Search Query' : 'Answer'}: ${value}`;
}
