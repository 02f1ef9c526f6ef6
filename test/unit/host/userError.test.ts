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
});
