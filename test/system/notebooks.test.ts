/** Programs, metrics and rows in notebooks: DSPy's own tutorials, and one of marimo's, evaluated and optimized as they are. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/protocol.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson, Workspace } from './workspace.ts';

const fixtures = fileURLToPath(new URL('../fixtures/notebooks', import.meta.url));

/** The sum that a question asks for; every third one is not known. */
function sum(asked: string): string {
  const [, one, two] = /\[\[ ## (?:problem|question) ## \]\]\n(\d+) \+ (\d+)/.exec(asked) ?? [];
  if (one === undefined || two === undefined) return '0';
  return Number(one) % 3 === 0 ? '0' : String(Number(one) + Number(two));
}

const values: Readonly<Record<string, string>> = {
  next_thought: 'Done.',
  next_tool_name: 'finish',
  next_tool_args: '{}',
  new_notes: '["noted"]',
  extracted_people: '["Ada"]',
  label: 'card_arrival',
  judgment: 'True',
  num_pii_leaked: '0',
  next_selected_fn: 'finish',
  args: '{"answer": "4"}',
  recall: '1.0',
  precision: '1.0',
};

function answer({ messages }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  const fields = [...(asked.split('Respond with').at(-1) ?? '').matchAll(/`\[\[ ## (\w+) ## \]\]`/g)].map(
    ([, name]) => name!,
  );
  if (fields.length === 0) return 'fine';
  const known = fields.filter((name) => name !== 'completed');
  const number = /claim (\d+)/.exec(asked)?.[1] ?? '';
  const own: Readonly<Record<string, string>> = { answer: sum(asked), titles: `["T ${number}"]` };
  const blocks = known.map((name) => `[[ ## ${name} ## ]]\n${values[name] ?? own[name] ?? 'said'}`);
  return [...blocks, '[[ ## completed ## ]]'].join('\n\n');
}

/** An entry of each tutorial: what stands in its cells is named, and nothing of it copied. */
const tutorials: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  agents: { program: '#react', metric: '#top5_recall', train: '#trainset' },
  classification_finetuning: { program: '#classify', metric: '#metric', train: '#raw_data' },
  customer_service_agent: { program: '#agent', metric: 'metric.py#booked', train: 'requests.jsonl' },
  entity_extraction: { program: '#people_extractor', metric: '#extraction_correctness_metric', train: '#train_set' },
  gepa_aime: { program: '#program', metric: '#metric', train: '#train_set', dev: '#test_set' },
  gepa_papillon: { program: '#papillon', metric: '#compute_overall_score', train: '#examples' },
  math: { program: '#module', metric: 'exactMatch:answer', train: 'sums.jsonl' },
  multihop_search: { program: '#Hop', metric: '#top5_recall', train: '#trainset' },
  program_of_thought: { program: '#cot', metric: 'dspy/gepa_aime.ipynb#metric', train: 'sums.jsonl' },
  rag: { program: '#cot', metric: '#metric', train: 'dspy/rag.ipynb#trainset' },
  tool_use: { program: '#agent', metric: '#metric', train: '#trainset' },
};

const sums = (count: number): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ question: `${i} + 1`, answer: String(i + 1) })).join('\n');

function write(workspace: Workspace, baseURL: string): void {
  cpSync(fixtures, workspace.folder, { recursive: true });
  workspace.write('sums.jsonl', sums(8));
  workspace.write(
    'requests.jsonl',
    ['a', 'b', 'c', 'd', 'e', 'f'].map((user_request) => JSON.stringify({ user_request })).join('\n'),
  );
  workspace.write(
    'metric.py',
    "def booked(example, prediction, trace=None):\n    return prediction.process_result == 'said'\n",
  );
  const passages = [1, 2, 3].map((i) => ({ title: `T ${i}`, text: [`passage ${i}`] }));
  workspace.write('dspy/wiki.abstracts.2017.jsonl', passages.map((each) => JSON.stringify(each)).join('\n'));
  const asked = [1, 2, 3, 4, 5, 6].map((i) => ({ question: `q ${i}`, response: 'said' }));
  workspace.write('dspy/ragqa_arena_tech_examples.jsonl', asked.map((each) => JSON.stringify(each)).join('\n'));
  const tools = [1, 2, 3, 4, 5, 6].map((i) => ({
    question: `q ${i}`,
    answer: '4',
    functions: [`def tool_${i}(x):\n    return x`],
  }));
  workspace.write('dspy/ToolHop.json', JSON.stringify(tools));
  const common = {
    endpoint: 'fake',
    model: 'base',
    strategy: 'p',
    p: { candidates: 1, maxBootstrappedDemos: 1, maxLabeledDemos: 1, train: 2, validation: 2 },
  };
  const entries = Object.entries(tutorials).map(([name, named]) => {
    const written = Object.entries(named).map(([key, value]) => [key, value.replace(/^#/, `dspy/${name}.ipynb#`)]);
    return [name, { ...common, ...(Object.fromEntries(written) as Record<string, string>) }] as const;
  });
  const marimo = { ...common, program: 'marimo.py#Add', metric: 'marimo.py#metric', train: 'marimo.py#rows' };
  const add = { ...common, program: 'own.ipynb#Add', metric: 'own.ipynb#metric', train: 'own.ipynb#rows' };
  const steps = { boot: { kind: 'dspy', optimizer: 'own.ipynb#boot', calls: 20 } };
  const programs = { ...Object.fromEntries(entries), marimo, own: add, compiled: { ...add, strategy: 'boot', steps } };
  workspace.write(
    'bettertogether.json',
    JSON.stringify({ programs, endpoints: { fake: { kind: 'openai', baseURL } } }),
  );
}

const own = [
  'import dspy, random\n%load_ext autoreload\nlm = dspy.LM("openai/gpt-4o")\ndspy.configure(lm=lm)',
  'rows = []\nfor i in range(8):\n    rows.append(dspy.Example(question=f"{i} + 1", answer=str(i + 1)).with_inputs("question"))',
  'random.Random(0).shuffle(rows)',
  'class Add(dspy.Module):\n    def __init__(self):\n        self.add = dspy.Predict("question -> answer")\n\n    def forward(self, question):\n        return self.add(question=question)',
  'Add()(question="1 + 1")',
  'def metric(example, prediction, trace=None):\n    if example.answer == "3":\n        raise ValueError("no 3s")\n    return example.answer == prediction.answer',
  'def boot(metric):\n    return dspy.LabeledFewShot(k=1)',
];

function notebookOf(cells: readonly string[], outputs: readonly unknown[] = []): string {
  const code = cells.map((source) => ({ cell_type: 'code', source, outputs, metadata: {}, execution_count: null }));
  return JSON.stringify({
    cells: [{ cell_type: 'markdown', source: 'Adding', metadata: {} }, ...code],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
}

describe('notebooks', () => {
  let endpoint: FakeEndpoint;
  let workspace: Workspace;
  let env: NodeJS.ProcessEnv = {};
  const optimize = async (name: string) => {
    const finished = await workspace.run(['optimize', name, '--yes', '--json'], env);
    expect(finished.code, `${name}: ${finished.stderr}`).toBe(0);
    return { ...finished, result: resultSchema.parse(lastJson(finished)) };
  };

  beforeAll(async () => {
    endpoint = await startFakeEndpoint({ answer, models: ['base'], serves: () => true });
    workspace = new Workspace({ baseURL: endpoint.baseURL });
    write(workspace, endpoint.baseURL);
    workspace.write('own.ipynb', notebookOf(own));
    env = { BETTERTOGETHER_PYTHON: dspyPython(), PYTHONPATH: join(workspace.folder, 'standins') };
  });
  afterAll(async () => {
    workspace.dispose();
    await endpoint.close();
  });

  it.concurrent.each(Object.keys(tutorials))(
    'optimizes the tutorial %s as it was published',
    { timeout: 120_000 },
    async (name) => {
      const { stderr, result } = await optimize(name);
      expect(stderr).toMatch(new RegExp(`${name}\\.ipynb: \\d+ statements? of cells? [\\d, and-]+ (is|are) gathered`));
      expect(result.scores['p']?.dev, stderr).toBeGreaterThan(0);
    },
  );

  it.concurrent('optimizes a notebook of marimo, whose cells stand in any order', { timeout: 120_000 }, async () => {
    const { result, stderr } = await optimize('marimo');
    expect(result.scores['p']?.dev, stderr).toBeGreaterThan(0);
    expect(stderr).toContain('marimo.py: 3 statements of cells 1 and 6-7 are gathered');
  });

  describe('of the user', () => {
    const evaluate = async (...more: readonly string[]) => {
      const finished = await workspace.run(['evaluate', 'own', '--yes', '--split', 'train', '--json', ...more], env);
      expect(finished.code, finished.stderr).toBe(0);
      return { ...finished, result: lastJson<Evaluation>(finished) };
    };
    interface Evaluation {
      readonly usage: { readonly calls: number; readonly cached: number };
      readonly failures: readonly {
        readonly error: { readonly file?: string; readonly line?: number; readonly cell?: number };
      }[];
    }

    it('name cell and line of an error', { timeout: 120_000 }, async () => {
      const { stderr, result } = await evaluate();
      expect(stderr).toContain(
        'own.ipynb: 3 statements of cells 2, 5 and 7 are gathered for the run; nothing of cells 3-4, 6 and 8',
      );
      expect(result.failures[0]!.error).toMatchObject({ file: join(workspace.folder, 'own.ipynb'), cell: 7, line: 3 });
    });

    it(
      'keep what is remembered where outputs change, and lose it where a needed cell does',
      { timeout: 180_000 },
      async () => {
        const moved = ['"a cell before all others"', ...own];
        workspace.write('own.ipynb', notebookOf(moved, [{ output_type: 'stream', name: 'stdout', text: 'ran' }]));
        expect((await evaluate()).result.usage.calls).toBe(0);
        const changed = own.map((cell) =>
          cell.replace('"question -> answer"', '"question -> answer", temperature=0.5'),
        );
        workspace.write('own.ipynb', notebookOf(changed));
        expect((await evaluate()).result.usage.calls).toBeGreaterThan(0);
        workspace.write('own.ipynb', notebookOf(own));
      },
    );

    it('are shown before they are used', { timeout: 120_000 }, async () => {
      const { code, stdout, stderr } = await workspace.run(['notebook', 'own'], env);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain('── own.ipynb: program and metric ──');
      expect(stdout).toContain('# own.ipynb, cell 5, line 1\nclass Add(dspy.Module):');
      expect(stdout).toContain('  cell 2, line 2: `%load_ext autoreload` is a magic\n');
      expect(stdout).toContain("  cell 2, line 4: it sets the LM, which is the run's\n");
      expect(stdout).toContain('── own.ipynb: rows ──');
      const json = await workspace.run(['notebook', 'own.ipynb#rows', '--json'], env);
      const { notebooks } = lastJson<{ notebooks: readonly { readonly statements: readonly object[] }[] }>(json);
      expect(notebooks[0]!.statements.map((each) => (each as { cell: number }).cell)).toEqual([2, 3, 3, 4]);
      const none = await workspace.run(['notebook', 'own.ipynb#Nope'], env);
      expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no cell binds "Nope"')]);
    });

    it("have optimizers of DSPy's beside the program", { timeout: 120_000 }, async () => {
      const { result, stderr } = await optimize('compiled');
      expect(result.state.predictors['add']!.demos, stderr).toHaveLength(1);
    });

    it('are named on the command line, from their own folder', { timeout: 120_000 }, async () => {
      const named = [
        '--metric',
        'own.ipynb#metric',
        '--train',
        'own.ipynb#rows',
        '--endpoint',
        'fake',
        '--model',
        'base',
      ];
      const { code, stdout, stderr } = await workspace.run(
        ['optimize', 'own.ipynb#Add', ...named, '--dry-run', '--strategy', 'p'],
        env,
      );
      expect(code, stderr).toBe(0);
      expect(stdout + stderr).toContain('own.ipynb#Add');
      const prompt = await workspace.run(['prompt', 'own'], env);
      expect(prompt.stdout).toContain('[[ ## question ## ]]');
    });

    it('go on after a stop whatever their outputs are, and not with other code', { timeout: 120_000 }, async () => {
      const other = own.map((cell) => cell.replace('"question -> answer"', '"question -> answer", temperature=0.7'));
      workspace.write('own.ipynb', notebookOf(other));
      const stopped = await workspace.run(['optimize', 'own', '--yes', '--json', '--budget-calls', '4'], env);
      expect(stopped.code, stopped.stderr).toBe(3);
      const [run] = (await workspace.run(['runs'], env)).stdout.match(/\S*own\S*/) ?? [];
      workspace.write('own.ipynb', notebookOf(own));
      const refused = await workspace.run(['resume', run!, '--yes', '--budget-calls', '200'], env);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('own.ipynb')]);
      workspace.write('own.ipynb', notebookOf(other, [{ output_type: 'stream', name: 'stdout', text: 'ran' }]));
      const resumed = await workspace.run(['resume', run!, '--yes', '--budget-calls', '200'], env);
      expect(resumed.code, resumed.stderr).toBe(0);
      const exported = await workspace.run(['export', run!, '--out', 'best.json'], env);
      expect(exported.stdout + exported.stderr).toContain(
        "# in a cell of 'own.ipynb', below the one that has the program",
      );
      const inCell = await workspace.run(['export', run!, '--out', 'best.json', '--cell'], env);
      expect([inCell.code, inCell.stderr]).toEqual([0, expect.stringContaining('own.ipynb loads it')]);
      const { cells } = JSON.parse(readFileSync(join(workspace.folder, 'own.ipynb'), 'utf8')) as {
        cells: { source: string | string[]; outputs?: { text: string }[] }[];
      };
      expect([cells.at(-1)!.source].flat().join('')).toContain('best.json');
      expect(JSON.stringify(cells)).toContain('"ran"');
      // What a run takes of the notebook is the same as before.
      const again = await workspace.run(['evaluate', 'own'], env);
      expect(again.code, again.stderr).toBe(0);
    });
  });
});
