import { describe, expect, it } from 'vitest';
import { isUserFile, parseFrame, userFrame } from '../../../src/host/node/userFrame.ts';

describe('parseFrame', () => {
  it.each([
    ['    at f (/ws/a b.ts:3:7)', { file: '/ws/a b.ts', line: 3 }],
    ['    at /ws/a.ts:12:1', { file: '/ws/a.ts', line: 12 }],
    ['    at async Promise.all (index 0)', undefined],
    ['    at async Iris.forward (file:///ws/b%20c.mjs:4:2)', { file: '/ws/b c.mjs', line: 4 }],
    ['    at async /ws/a.ts:12:1', { file: '/ws/a.ts', line: 12 }],
    ['    at new Iris (C:\\ws\\a.ts:5:6)', { file: 'C:\\ws\\a.ts', line: 5 }],
    ['    at Object.<anonymous> (/ws/(odd)/a.ts:5:6)', { file: '/ws/(odd)/a.ts', line: 5 }],
    ['Error: at nothing:1:2 of note', undefined],
  ])('%s', (text, frame) => {
    expect(parseFrame(text)).toEqual(frame);
  });
});

describe('userFrame', () => {
  const error = new Error('x');
  error.stack = [
    'Error: x',
    '    at parse (/ws/node_modules/zod/index.js:1:1)',
    '    at read (/lib/host.js:2:2)',
    '    at helper (/ws/lib/a.ts:3:3)',
    '    at forward (/ws/program.ts:4:4)',
  ].join('\n');

  it('is the innermost one in the workspace, packages left out', () => {
    expect(userFrame(error, '/ws')).toEqual({ file: '/ws/lib/a.ts', line: 3 });
  });

  it('is absent where there is none', () => {
    expect(userFrame(error, '/elsewhere')).toBeUndefined();
    expect(userFrame('just text', '/ws')).toBeUndefined();
  });
});

describe('isUserFile', () => {
  it.each([
    ['/ws/a.ts', true],
    ['/ws/node_modules/x/a.ts', false],
    ['/ws2/a.ts', false],
    ['/ws', false],
  ])('%s: %s', (file, expected) => {
    expect(isUserFile(file, '/ws')).toBe(expected);
  });
});
