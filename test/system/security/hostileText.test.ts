/** Whatever a record, a configuration, an endpoint, a program or an argument says: no terminal is sent what it obeys. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { harmIn, hostileTexts } from '../../fakes/hostile.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { smallWorkspace } from '../faults/runs.ts';
import { studentAnswer } from '../workspace.ts';
import type { Finished, Workspace } from '../workspace.ts';

/** Clears the screen, names the window, turns writing around, hides, and begins a line of its own. */
const evil = 'EVIL\u001B[2J\u001B]0;x\u0007\u009B2J\u202E\u200B\r\nrun finished\u2028';

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = smallWorkspace(fake.baseURL);
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

/** Runs a command line, and looks at every character that it printed. */
async function printed(...args: readonly string[]): Promise<Finished & { readonly all: string }> {
  const finished = await workspace.run(args);
  const all = finished.stdout + finished.stderr;
  expect(harmIn(all), `${args.join(' ')}\n${JSON.stringify(all)}`).toBeNull();
  expect(all).not.toContain('This is a bug');
  return { ...finished, all };
}

const names =
  /^(rivers|lab|small-model.*|Rivers|write_query\.predict|answer|ftjob-17|LAB_KEY|(p|w)( -> (p|w))*|question)$/;

/** Every name in a record with something evil after it, in values and in keys. */
function poisoned(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return names.test(value) && !['kind', 'strategy'].includes(key) ? value + evil : value;
  if (Array.isArray(value)) return value.map((each) => poisoned(each, key));
  if (value === null || typeof value !== 'object') return value;
  const states = ['predictors', 'scores', 'steps', 'byPredictor'].includes(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      states && names.test(name) ? name + evil : name,
      poisoned(each, name),
    ]),
  );
}

function poisonRun(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!statSync(file).isFile() || !/\.jsonl?$/.test(name)) continue;
    const lines = name.endsWith('.jsonl')
      ? readFileSync(file, 'utf8').trim().split('\n')
      : [readFileSync(file, 'utf8')];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(poisoned(JSON.parse(line)))}\n`).join(''));
  }
}

describe('no escape sequence and no turned text is printed', () => {
  it('of a run that somebody committed', async () => {
    const { folder } = workspace;
    const { id, folder: run } = await writeSampleRun({
      workspace: folder,
      dev: 20,
      test: 10,
      texts: [...hostileTexts, evil],
    });
    poisonRun(run);
    writeFileSync(join(run, 'label.json'), JSON.stringify({ name: evil, note: evil }));
    let all = '';
    for (const args of [
      ['runs'],
      ['runs', '--json'],
      ['show', id],
      ['show', id, '--json'],
      ['show', id, '--failures'],
      ['show', id, '--failures', '--json'],
      ['export', id],
      ['export', id, '--best', '--format', 'dspy'],
      ['export', id, '--out', 'state.json'],
      ['export', id, '--weights', 'weights'],
      ['prompt', id],
      ['resume', id],
      ['cancel', id],
      ['prune', '--older-than', '0'],
      ['optimize', 'two', '--from', id, '--dry-run', '--yes'],
    ]) {
      const said = await printed(...args);
      expect(said.all).not.toMatch(/^run finished/m);
      all += said.all;
    }
    expect(all).toContain('EVIL');
    // What programs read is JSON all the same.
    const { stdout } = await printed('runs', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ run: id }] });
  });

  it('of records that cannot be read', async () => {
    const run = join(workspace.folder, '.bettertogether', 'runs', `20261123-090000-${'x'}-\u202Ebad`);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'manifest.json'), `{"v": 1, "id": "${'\u001B'}[2J`);
    await printed('runs');
    await printed('show', 'latest');
    await printed('show', `x${evil}`);
  });

  it('of programs, metrics, answers and training services', async () => {
    const quoted = JSON.stringify(evil);
    workspace.write(
      'program.ts',
      `import { Module, Predict } from 'bettertogether';
export class Two extends Module {
  hint = new Predict('question -> hint');
  answer = new Predict('question, hint -> answer');
  async forward({ question }: { question: string }) {
    console.log(${quoted}, question);
    process.stderr.write(${quoted} + '\\n');
    if (question.endsWith('1')) throw new Error(${quoted});
    const { hint } = await this.hint({ question });
    return this.answer({ question, hint });
  }
}
export const metric = (example: { answer: string }, prediction: { answer: string }) => {
  if (example.answer.endsWith('2')) throw new Error(${quoted});
  return example.answer === prediction.answer;
};
`,
    );
    fake.setAnswer((call) => (call.prompt.includes('3') ? evil : { text: studentAnswer(call), model: `base${evil}` }));
    fake.setFineTuning({ failWith: evil });
    const optimized = await printed('optimize', 'two', '--strategy', 'p -> w', '--yes');
    expect(optimized.all).toContain('EVIL');
    // Nor does it begin a line that looks like ours.
    expect(optimized.all).not.toMatch(/^run finished/m);
    const compare = ['compare', 'two', '--strategies', 'vanilla,p', '--seeds', '0', '--yes'];
    for (const args of [
      ['show', 'latest'],
      ['show', 'latest', '--failures'],
      ['resume', 'latest', '--json'],
      ['evaluate', 'two', '--yes'],
      ['prompt', 'two'],
      compare,
      [...compare, '--markdown'],
      [...compare, '--json'],
    ]) {
      expect((await printed(...args)).all).not.toMatch(/^run finished/m);
    }
    fake.fault(
      ...Array.from({ length: 50 }, () => ({
        kind: 'status' as const,
        status: 401,
        body: { error: { message: evil } },
      })),
    );
    await printed('evaluate', 'two', '--split', 'test', '--yes');
  });

  it('of a configuration, of source that is looked through, and of arguments', async () => {
    workspace.write('found.py', `import dspy\nqa = dspy.Predict("question ${evil.replace('\r\n', '')} -> answer")\n`);
    await printed('detect');
    await printed('detect', '--json');
    for (const args of [
      ['optimize', evil],
      ['optimize', `program.ts#${evil}`],
      ['optimize', 'two', '--endpoint', evil],
      ['optimize', 'two', '--metric', evil],
      ['optimize', 'two', '--strategy', evil],
      ['optimize', 'two', '--from', `${evil}.json`],
      ['optimize', 'two', `--${evil}`],
      ['optimize', 'two', '--seed', evil],
      [evil],
      ['detect', evil],
      ['prompt', evil],
    ]) {
      const { code } = await printed(...args);
      expect(code).not.toBe(0);
    }
    const config = readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8');
    for (const change of [
      config.replace('"fake":{', `${JSON.stringify(evil)}:{`),
      config.replace('"endpoint":"fake"', `"endpoint":${JSON.stringify(evil)}`),
      config.replace('"model":"base"', `"model":${JSON.stringify(evil)}`),
      `${config}${evil}`,
      `{${JSON.stringify(evil)}: 1}`,
    ]) {
      workspace.write('bettertogether.json', change);
      expect((await printed('optimize', 'two', '--yes')).code).toBe(2);
    }
  });
});
