import { describe, expect, it } from 'vitest';
import { isRunIn } from '../../../src/vscode/panel/windowRuns.ts';

const at = (workspace: string, id = 'r1') => ({ id, folder: `${workspace}/.bettertogether/runs/${id}` });

describe('runs of the open folders', () => {
  it.each([
    ['of the folder', at('/ws'), true],
    ['of a folder inside', at('/ws/programs/intents'), true],
    ['of a folder whose name begins with dots', at('/ws/..hidden'), true],
    ['of a neighbour', at('/ws2'), false],
    ['of the folder above', at('/'), false],
    ['reached by ..', at('/ws/../etc'), false],
    ['that is relative', at('ws'), false],
    ['that has another name than its folder', { ...at('/ws'), id: 'r2' }, false],
    ['that is no folder of a run', { id: 'src', folder: '/ws/src' }, false],
    ['with a path for a name', { id: '..', folder: '/ws/.bettertogether/runs/..' }, false],
  ])('a run %s', (_, run, expected) => {
    expect(isRunIn(['/ws'], run)).toBe(expected);
  });
});
