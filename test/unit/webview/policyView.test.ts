// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { rowsFileName } from '../../../src/data/rowsFile.ts';
import { rowsShownOf } from '../../../webview/policyView.ts';

const updated = (file?: string) => ({
  ...{
    update: 1,
    updates: 2,
    reward: 50,
    groups: 1,
    withoutDifference: 1,
    rows: 2,
    calls: 8,
    unreadable: 1,
    model: 'm',
  },
  ...(file === undefined ? {} : { file }),
});

describe('rows of an update', () => {
  it.each(['grpo', 'p -> w -> grpo', Array.from({ length: 40 }, () => 'grpo').join(' -> ')])(
    'are asked for by a name that leads to their file: %s',
    (prefix) => {
      const file = rowsFileName(`${prefix} update 3`);
      const name = file.slice(0, -'.jsonl'.length);
      expect(rowsFileName(name)).toBe(file);
      expect(rowsShownOf([updated(), updated(`rows/${file}`)], name)).toBe(true);
    },
  );

  it('are not those of another update, step or name', () => {
    expect(rowsShownOf([updated('rows/grpo-update-1.jsonl'), updated()], 'grpo-update-2')).toBe(false);
    expect(rowsShownOf([updated()], 'grpo')).toBe(false);
  });
});
