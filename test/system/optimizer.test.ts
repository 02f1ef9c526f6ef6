/** A kind of step in one folder and one line (`test/toy`): nothing else of the product knows of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocation } from '../../src/run/record/runFolder.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeCall } from '../fakes/fakeEndpoint.ts';
import { bundleWithToy } from '../toy/bundle.ts';
import { lastJson, Workspace } from './workspace.ts';

let toy: Awaited<ReturnType<typeof bundleWithToy>>;
let fake: FakeEndpoint;
let workspace: Workspace;

/** Knows every third row; where it is told to think, two of three; a tuned model knows all where it is told to. */
function answer({ messages, model }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  if (asked.startsWith('Name one short sentence')) return 'Think twice.';
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const thinks = messages.some(({ content }) => content.includes('Think twice.'));
  const rest = Number(id) % 3;
  const knows = rest === 0 || (thinks && (rest === 1 || model !== 'base'));
  const value = field === 'hint' ? `hint for ${split} ${id}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}

beforeAll(async () => {
  toy = await bundleWithToy();
});
afterAll(() => toy.dispose());
beforeEach(async () => {
  fake = await startFakeEndpoint({ answer });
  const steps = { think: { kind: 'phrases', phrases: ['Be brief.', 'Think twice.'], rows: 12 } };
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'think -> w -> phrases', settings: { steps } });
  workspace.cli = toy.cli;
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const optimize = ['optimize', 'two', '--yes', '--json'];

describe('a kind of step of one folder and one line', () => {
  it('is priced before the run', async () => {
    const { stdout, code } = await workspace.run(['optimize', 'two', '--yes', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('two, think -> w -> phrases');
    // Three candidates on twelve rows, two calls a row.
    expect(stdout).toMatch(/^think +phrase search +72 /m);
    expect(stdout).toMatch(/^think -> w +fine-tuning +/m);
    // One phrase by default, on ten rows.
    expect(stdout).toMatch(/^think -> w -> phrases +phrase search +40 /m);
  });

  it('runs, and w trains on the instructions that it found', async () => {
    const run = await workspace.run(optimize);
    const result = resultSchema.parse(lastJson(run));
    expect(Object.keys(result.scores)).toEqual(['', 'think', 'think -> w', 'think -> w -> phrases']);
    expect(result.scores['think']).toMatchObject({ dev: 66.67 });
    expect(result.scores['think -> w']).toMatchObject({ dev: 100, test: 100 });
    expect(result.state.predictors['answer']).toMatchObject({
      instructions: expect.stringMatching(/Think twice\.$/) as unknown,
      model: expect.stringContaining('ft-') as unknown,
    });
    const rows = join(runLocation(workspace.folder, result.run).folder, 'rows', 'think-w.jsonl');
    expect(readFileSync(rows, 'utf8')).toContain('Think twice.');
  });

  it('is told of in words of its own, while it runs and afterwards', async () => {
    const run = await workspace.run(['optimize', 'two', '--yes', '--strategy', 'think']);
    expect(run.stderr).toContain('think: phrase search on 40 examples');
    expect(run.stderr).toContain('think: candidate 3 ("Think twice."): 66.7 % of 12');
    const shown = await workspace.run(['show', 'latest']);
    expect(shown.stdout).toMatch(/^think +66\.7 /m);
    const runs = await workspace.run(['runs', '--json']);
    expect(runs.stdout).toContain('"strategy":"think"');
  });

  it('stops at a cap and goes on from there, paying for nothing twice', async () => {
    const whole = resultSchema.parse(lastJson(await workspace.run(optimize)));
    const paid = fake.counters.completions;
    fake.reset();
    const other = new Workspace({
      baseURL: fake.baseURL,
      strategy: 'think -> w -> phrases',
      settings: { steps: { think: { kind: 'phrases', phrases: ['Be brief.', 'Think twice.'], rows: 12 } } },
    });
    other.cli = toy.cli;
    try {
      const stopped = await other.run([...optimize, '--budget-calls', '90']);
      expect(stopped.code).toBe(3);
      const resumed = await other.run(['resume', 'latest', '--yes', '--json', '--budget-calls', '5000']);
      const { scores, final, state } = resultSchema.parse(lastJson(resumed));
      expect({ scores, final }).toEqual({ scores: whole.scores, final: whole.final });
      expect(state.predictors['answer']!.instructions).toBe(whole.state.predictors['answer']!.instructions);
      expect(fake.counters.completions).toBe(paid);
    } finally {
      other.dispose();
    }
  });

  it('is compared with others, and exported', async () => {
    const args = ['compare', 'two', '--strategies', 'vanilla,think,p', '--seeds', '0', '--yes'];
    const compared = await workspace.run(args);
    expect(compared.stdout).toMatch(/^think +66\.7 /m);
    const exported = await workspace.run(['export', 'latest', '--format', 'dspy']);
    expect(exported.code).toBe(0);
    const found = await workspace.run(['optimize', 'two', '--yes', '--strategy', 'think']);
    expect(found.code).toBe(0);
    const state = await workspace.run(['export', 'latest', '--format', 'dspy']);
    expect(state.stdout).toContain('Think twice.');
  });

  it('asks an LM by itself: priced, counted as its own, remembered, and at another endpoint', async () => {
    const far = await startFakeEndpoint({ models: ['writer'], answer });
    const steps = { idea: { kind: 'phrases', phrases: [], rows: 12, invented: 2, endpoint: 'far' } };
    const endpoint = { kind: 'openai', baseURL: fake.baseURL, concurrency: 8 };
    const endpoints = { fake: endpoint, far: { kind: 'openai', baseURL: far.baseURL } };
    const entry = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
      programs: { two: object };
    };
    const two = { ...entry.programs.two, steps, strategy: 'idea' };
    workspace.write('bettertogether.json', JSON.stringify({ programs: { two }, endpoints }));
    try {
      const planned = await workspace.run(['optimize', 'two', '--yes', '--dry-run']);
      // Three candidates on twelve rows, two calls a row, and two questions.
      expect(planned.stdout).toMatch(/^idea +phrase search +74 /m);
      const stopped = await workspace.run([...optimize, '--budget-calls', '31']);
      expect(stopped.code).toBe(3);
      const resumed = await workspace.run(['resume', 'latest', '--yes', '--json', '--budget-calls', '5000']);
      const result = resultSchema.parse(lastJson(resumed));
      expect(result.state.predictors['answer']!.instructions).toMatch(/Think twice\.$/);
      expect(far.counters.completions).toBe(2);
      const again = resultSchema.parse(lastJson(await workspace.run(optimize)));
      expect(again).toMatchObject({ final: result.final, usage: { calls: 0 } });
      const shown = await workspace.run(['show', 'latest']);
      expect(shown.stdout).toMatch(/^idea +66\.7 /m);
    } finally {
      await far.close();
    }
  });

  it('is refused where it would ask at an endpoint that there is not', async () => {
    const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
      programs: { two: { steps: object } };
    };
    config.programs.two.steps = { think: { kind: 'phrases', endpoint: 'fra' } };
    workspace.write('bettertogether.json', JSON.stringify(config));
    const { code, stderr } = await workspace.run([...optimize, '--strategy', 'think']);
    expect(code).toBe(2);
    expect(stderr).toContain('asks at endpoint "fra" ("steps.think")');
    expect(stderr).toContain('It can ask at: fake.');
  });

  it('is refused where its settings are wrong, by file, line and key', async () => {
    const config = {
      programs: { two: { program: 'p', metric: 'm', train: 't', steps: { a: { kind: 'phrases', n: 1 } } } },
    };
    workspace.write('bettertogether.json', JSON.stringify(config, null, 2));
    const { code, stderr } = await workspace.run(optimize);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bettertogether\.json:\d+:\d+: unknown key "n" in "programs\.two\.steps\.a"/);
  });
});
