import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CallRejectedError, ExitCalled, userError } from '../../../src/host/node/userError.ts';
import { ParseError } from '../../../src/program/values/parseError.ts';

const parse = new ParseError('The answer has no field', { field: 'answer', completion: '' });

describe('userError', () => {
  it.each([
    [new TypeError('no'), 'program', 'program', 'TypeError: no'],
    [new Error('no'), 'metric', 'metric', 'no'],
    [new Error(''), 'program', 'program', 'Error'],
    ['text', 'program', 'program', 'text'],
    [undefined, 'program', 'program', 'undefined'],
    [parse, 'program', 'parse', 'The answer has no field'],
    [parse, 'metric', 'metric', 'The answer has no field'],
    [new CallRejectedError('too long'), 'program', 'rejected', 'too long'],
    [new ExitCalled('exit'), 'metric', 'crash', 'exit'],
  ] as const)('%o in the %s', (error, phase, kind, message) => {
    expect(userError(error, phase, '/nowhere')).toEqual({ kind, message });
  });

  it('says where a file lies that is looked for in the working folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'beside-'));
    writeFileSync(join(folder, 'near.txt'), '');
    const thrown = (path: string): unknown => {
      try {
        return readFileSync(path);
      } catch (error) {
        // As if code there had read it.
        (error as Error).stack = `Error\n    at read (${join(folder, 'program.ts')}:3:7)`;
        return error;
      }
    };
    expect(userError(thrown('near.txt'), 'program', folder).message).toContain(
      `It lies beside the code, in ${folder}, and is looked for in ${process.cwd()}`,
    );
    expect(userError(thrown('nowhere.txt'), 'program', folder).message).not.toContain('beside');
  });
});
