import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, makeWorkspace } from './workspace.ts';

function folderWith(text: string): { readonly place: string; readonly folder: string } {
  const place = makeWorkspace();
  const folder = join(place, 'looked', 'at');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'qa.py'), text);
  return { place, folder };
}

const source = `import dspy
qa = dspy.Predict("question -> answer")
class Base(dspy.Module):
    pass
def metric(example, pred, trace=None):
    return True
`;

describe('detect', () => {
  it('answers with one JSON object, paths from the folder that is named', async () => {
    const { place } = folderWith(source);
    const { code, out, err } = await cli(place, ['detect', 'looked', '--json']);
    expect([code, err]).toEqual([0, '']);
    const common = { file: 'at/qa.py', language: 'python', framework: 'dspy' };
    expect(JSON.parse(out)).toEqual({
      programs: [
        {
          ...common,
          line: 2,
          name: 'qa',
          kind: 'predictor',
          runnable: true,
          predictors: [{ name: 'self', line: 2, signature: 'question -> answer' }],
        },
        { ...common, line: 3, name: 'Base', kind: 'module', runnable: false, predictors: [] },
      ],
      metrics: [{ file: 'at/qa.py', line: 5, name: 'metric' }],
      datasets: [],
      signatures: [],
    });
  });

  it('tells people a line each, control characters taken out', async () => {
    const { folder } = folderWith(source.replace('question ->', 'question \\u001b\u001b[31m ->'));
    const { out } = await cli(folder, ['detect']);
    expect(out).toContain('qa.py:2  predictor qa\n');
    expect(out).toContain('    qa.py:2  self: question \\u001b\uFFFD[31m -> answer\n');
    expect(out).toMatch(/qa\.py:3 {2}program Base {2}\(cannot be run as it is: /);
    expect(out).toContain('qa.py:5  metric metric\n');
  });

  it('names places in cells of notebooks, and what keeps one from being read', async () => {
    const { folder } = folderWith('x = 1\n');
    const cells = ['import dspy', '\nqa = dspy.Predict("question -> answer")'].map((code) => ({
      cell_type: 'code',
      source: code,
    }));
    const text = JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
    writeFileSync(join(folder, 'qa.ipynb'), text);
    writeFileSync(join(folder, 'cut.ipynb'), text.slice(0, -30));
    const { code, out, err } = await cli(folder, ['detect']);
    expect(code).toBe(0);
    expect(out).toContain(
      'qa.ipynb, cell 2, line 2  predictor qa\n    qa.ipynb, cell 2, line 2  self: question -> answer\n',
    );
    expect(err).toMatch(
      /^cut\.ipynb: it is no Jupyter notebook: it is not JSON \(.*\); what it holds may be missing\n$/,
    );
    const { out: json } = await cli(folder, ['detect', '--json']);
    expect(JSON.parse(json)).toMatchObject({ programs: [{ file: 'qa.ipynb', name: 'qa', cell: 2, line: 2 }] });
  });

  it('says where there is nothing, and what is no folder', async () => {
    const { place } = folderWith('x = 1\n');
    const nothing = await cli(place, ['detect', 'looked']);
    expect([nothing.code, nothing.out]).toEqual([0, '']);
    expect(nothing.err).toContain('no programs found in');
    const wrong = await cli(place, ['detect', 'looked/at/qa.py']);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('qa.py is not a folder');
  });
});
