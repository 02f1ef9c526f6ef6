/** Paths and texts as Windows and macOS have them, on whatever system the tests run: by functions that take a system's style as an argument. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileNameOf } from '../../../src/base/fileName.ts';
import {
  isAbsoluteAnywhere,
  isSamePath,
  pathBelow,
  posixPaths,
  styleOf,
  windowsPaths,
} from '../../../src/base/paths.ts';
import { keptPath, locatedPath } from '../../../src/base/portablePaths.ts';
import { readRows } from '../../../src/config/dataRows.ts';
import { resolveMetric } from '../../../src/config/metric.ts';
import { rowsFileName } from '../../../src/data/rowsFile.ts';
import { programId } from '../../../src/editor/items/programItem.ts';
import { changeConfig, programChanges } from '../../../src/editor/settings/editConfig.ts';
import { reads } from '../../../src/editor/tests/watched.ts';
import { mapPath } from '../../../src/finetune/serving/pathMap.ts';
import { userFolder } from '../../../src/home/home.ts';
import { inPython } from '../detect/memoryFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'bettertogether-systems-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a path of Windows', () => {
  it('is below a folder whatever the case of letters and drives, and whichever slash; not beside it', () => {
    const below = (path: string, around: string) => pathBelow(path, around, windowsPaths);
    expect(below('C:\\Work\\qa\\Program.py', 'c:\\work\\qa')).toBe('Program.py');
    expect(below('c:/work/qa/sub/a.py', 'C:\\work\\qa\\')).toBe('sub/a.py');
    expect(below('C:\\work', 'c:\\WORK')).toBe('');
    expect(below('C:\\a', 'C:\\')).toBe('a');
    expect(below('C:\\a', 'c:/')).toBe('a');
    expect(below('C:\\workshop\\a', 'C:\\work')).toBeNull();
    expect(below('D:\\work\\a', 'C:\\work')).toBeNull();
    expect(below('\\\\server\\share\\a', '\\\\SERVER\\share')).toBe('a');
    expect(pathBelow('/work/A', '/work', posixPaths)).toBe('A');
    expect(pathBelow('/Work/a', '/work', posixPaths)).toBeNull();
    expect(pathBelow('/w\\a', '/w', posixPaths)).toBeNull();
  });

  it('is told from one of other systems', () => {
    expect(['C:\\jobs', 'c:/jobs', '\\\\server\\jobs'].map(styleOf)).toEqual(Array(3).fill(windowsPaths));
    expect(['/jobs', 'jobs', 'meta-llama/x', 'C:jobs'].map(styleOf)).toEqual(Array(4).fill(posixPaths));
    expect(['/adapters/x', 'C:\\adapters', '\\\\s\\x'].map(isAbsoluteAnywhere)).toEqual([true, true, true]);
    expect(['ft:gpt:me::1', 'org/model', 'C:model'].map(isAbsoluteAnywhere)).toEqual([false, false, false]);
    expect(isSamePath('c:\\W\\dev.jsonl', 'C:\\w/dev.jsonl', windowsPaths)).toBe(true);
    expect(isSamePath('/w/Dev.jsonl', '/w/dev.jsonl', posixPaths)).toBe(false);
  });
});

describe('a record', () => {
  const windows = [
    ['C:\\work\\qa\\src\\Program.py', '${workspaceFolder}/src/Program.py', 'D:\\moved\\src\\Program.py'],
    ['c:\\Work\\QA\\train.jsonl', '${workspaceFolder}/train.jsonl', 'D:\\moved\\train.jsonl'],
    ['c:\\work\\qa', '${workspaceFolder}', 'D:\\moved'],
    ['D:\\data\\train.jsonl', 'D:\\data\\train.jsonl', 'D:\\data\\train.jsonl'],
  ] as const;

  it.each(windows)('of Windows keeps %s as %s, and finds it again in a folder that moved', (path, kept, located) => {
    expect(keptPath(path, 'C:\\work\\qa', windowsPaths)).toBe(kept);
    expect(locatedPath(kept, 'D:\\moved', windowsPaths)).toBe(located);
  });

  it('of another system is the same text', () => {
    expect(keptPath('/work/qa/src/a.py', '/work/qa', posixPaths)).toBe('${workspaceFolder}/src/a.py');
    expect(keptPath('/work/qa/a\\b.py', '/work/qa', posixPaths)).toBe('${workspaceFolder}/a\\b.py');
  });
});

describe('folders of a trainer and of a server', () => {
  it.each([
    [{ '/home/me/jobs': '/mnt/jobs' }, '/home/me/jobs/a/peft', '/mnt/jobs/a/peft'],
    [{ 'C:\\jobs': '/mnt/jobs' }, 'c:\\Jobs\\a\\peft', '/mnt/jobs/a/peft'],
    [{ 'C:\\jobs\\': '/mnt/jobs/' }, 'C:\\jobs', '/mnt/jobs'],
    [{ '/mnt/jobs': 'Z:\\jobs' }, '/mnt/jobs/a/peft', 'Z:\\jobs\\a\\peft'],
    [{ '/': '/root' }, '/a', '/root/a'],
    [{ '/a': '/' }, '/a', '/'],
    [{ 'C:\\jobs': '/x', 'C:\\jobs\\big': '/y' }, 'C:\\jobs\\big\\a', '/y/a'],
    [{ 'C:\\jobs': '/x' }, 'C:\\jobsite\\a', 'C:\\jobsite\\a'],
    [{ '/jobs': 'C:\\' }, '/jobs', 'C:\\'],
    [{ '/jobs': 'C:\\' }, '/jobs/a', 'C:\\a'],
    [{ '/jobs': '/' }, '/jobs', '/'],
  ])('%j takes %s to %s', (map, path, there) => {
    expect(mapPath(path, map as Record<string, string>)).toBe(there);
  });
});

describe('names of files', () => {
  it.each(['con', 'AUX', 'nul', 'com1', 'LPT9', 'con.x'])('are no device of Windows: %s', (name) => {
    expect(rowsFileName(name)).toBe(`_${name}.jsonl`);
    expect(fileNameOf(name, 'model')).toBe(`_${name}`);
  });

  it('have no sign and no end that Windows does not take', () => {
    for (const name of ['base:ft-1', 'a<b>c|d?e*f"g', 'org/model', 'end.', 'end ', '..']) {
      expect(fileNameOf(name, 'model')).toMatch(/^[\w@-][\w.@-]*[\w@-]$/);
      expect(rowsFileName(name)).not.toMatch(/[<>:"/\\|?*]|[. ]$/);
    }
  });
});

describe("the user's folder", () => {
  const env = { HOME: '/home/me' };
  it.each([
    ['linux', env, '/home/me/.local/share/bettertogether'],
    ['linux', { ...env, XDG_DATA_HOME: '/data' }, '/data/bettertogether'],
    ['linux', { ...env, XDG_DATA_HOME: '' }, '/home/me/.local/share/bettertogether'],
    ['linux', { ...env, XDG_DATA_HOME: 'data' }, '/home/me/.local/share/bettertogether'],
    ['darwin', env, '/home/me/Library/Application Support/bettertogether'],
    ['win32', { LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' }, 'C:\\Users\\me\\AppData\\Local\\bettertogether'],
    ['win32', { HOME: 'C:\\Users\\me' }, 'C:\\Users\\me\\AppData\\Local\\bettertogether'],
  ] as const)('of %s', (platform, variables, expected) => {
    expect(userFolder(variables, platform)).toBe(expected);
  });

  it('is never within the current folder, also where HOME is empty', () => {
    expect(userFolder({ HOME: '' }, 'linux')).toMatch(/^\/./);
  });
});

describe('what a continuous run looks at', () => {
  const root = 'c:\\ws';
  const watched = { root, file: 'c:\\ws\\src\\qa.py', language: 'python', files: ['c:\\ws\\dev.jsonl'] } as const;

  it('is what hosts name with another letter of the drive', () => {
    const after = { ...watched, sources: { 'C:\\ws\\lib\\read.py': 'h' } };
    expect(reads(after, 'c:\\ws\\lib\\read.py', windowsPaths)).toBe(true);
    expect(reads(after, 'C:\\WS\\dev.jsonl', windowsPaths)).toBe(true);
    expect(reads(after, 'c:\\ws\\lib\\other.py', windowsPaths)).toBe(false);
    expect(reads({ ...watched, sources: null }, 'C:\\ws\\x.py', windowsPaths)).toBe(true);
    expect(reads({ ...watched, sources: null }, 'C:\\wsx\\x.py', windowsPaths)).toBe(false);
  });
});

it('a program is the same one under a name that macOS keeps decomposed, and that a person typed composed', () => {
  const ids = ['z\u00fcge.py', 'zu\u0308ge.py'].map((file) => programId({ file: `/w/${file}`, name: 'QA' }));
  expect(ids[0]).toBe(ids[1]);
});

it('a metric in a file on a drive is no built-in one', () => {
  expect(resolveMetric('C:\\qa\\metric.py#score', (path) => path, 'qa')).toEqual({
    kind: 'code',
    file: 'C:\\qa\\metric.py',
    name: 'score',
  });
});

describe('lines that end as on Windows', () => {
  const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

  it.each([
    ['rows.jsonl', '{"q":"1","a":"x"}\n{"q":"2","a":"y"}\n'],
    ['rows.json', '[\n{"q":"1","a":"x"},\n{"q":"2","a":"y"}\n]\n'],
    ['rows.csv', 'q,a\n1,x\n2,y\n'],
    ['rows.tsv', 'q\ta\n1\tx\n2\ty\n'],
  ])('hold the same rows: %s', async (name, text) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    const { rows } = await readRows(file, {});
    expect(rows).toHaveLength(2);
    writeFileSync(file, crlf(text));
    expect((await readRows(file, {})).rows).toEqual(rows);
  });

  it.each([
    [
      'whole',
      'import dspy\n\nclass QA(dspy.Module):\n    def __init__(self):\n        self.ask = dspy.Predict("q -> a")\n\n    def forward(self, q):\n        return self.ask(q=q)\n',
    ],
    [
      'in a docstring',
      'import dspy\n\nclass S(dspy.Signature):\n    """Answer\n    shortly."""\n    q = dspy.InputField()\n    a = dspy.OutputField()\n\nask = dspy.Predict(S)\n',
    ],
    [
      'half typed',
      'import dspy\n\nask = dspy.Predict("q -> a")\n\ndef later(x):\n\nclass QA(dspy.Module):\n    def __init__(self):\n        self.ask = dspy.Predict("q -> a"\n\n    def forward(self, q):\n',
    ],
  ])('hold the same programs on the same lines: %s', async (_, text) => {
    const found = await inPython(text);
    expect(found?.programs.length).toBeGreaterThan(0);
    expect(await inPython(crlf(text))).toEqual(found);
  });

  it('stay in a configuration that is changed', () => {
    const before = crlf('{\n  "programs": {\n    "qa": { "program": "qa.py#QA" }\n  }\n}\n');
    const after = changeConfig(before, programChanges('other', { program: 'other.py#Other', metric: 'f1:a' }));
    expect(after).toContain('"other"');
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
  });
});
