/** Labels of a file that are of another kind than the program's answers, through the command line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { answerWith } from './hostTools.ts';
import { Workspace } from './workspace.ts';

const program = `import { Module, Predict } from 'bettertogether';
export class Count extends Module {
  count = new Predict('question -> n: int');
  async forward({ question }) {
    return this.count({ question });
  }
}
export const metric = (example, prediction) => example.n === prediction.n;
export const converting = (example, prediction) => Number(example.n) === prediction.n;
`;

describe('evaluate', () => {
  let fake: FakeEndpoint;
  const workspaces: Workspace[] = [];
  beforeAll(async () => {
    fake = await startFakeEndpoint({ answer: () => answerWith({ n: '3' }).text });
  });
  afterAll(async () => {
    for (const workspace of workspaces) workspace.dispose();
    await fake?.close();
  });

  async function evaluated(metric: string) {
    const settings = {
      program: 'program.ts#Count',
      metric: `program.ts#${metric}`,
      train: 'rows.csv',
      dev: 'rows.csv',
    };
    const workspace = new Workspace({ baseURL: fake.baseURL, program, settings: { ...settings, test: undefined } });
    workspaces.push(workspace);
    workspace.write('rows.csv', ['question,n', ...[1, 2, 3, 4].map((row) => `q ${row},3`)].join('\n'));
    return workspace.run(['evaluate', 'two', '--yes']);
  }

  it('says why a metric that compares the text of a .csv with a number gives 0', async () => {
    const { stdout, stderr } = await evaluated('metric');
    expect(stdout).toContain('two on 4 dev rows: 0.0');
    expect(stderr).toMatch(/warning: .* "n" is a text in the data \("3"\) and a number in the prediction/);
  });

  it('says nothing of a metric that converts it', async () => {
    const { stdout, stderr } = await evaluated('converting');
    expect(stdout).toContain('two on 4 dev rows: 100.0');
    expect(stderr).not.toContain('is a text in the data');
  });
});
