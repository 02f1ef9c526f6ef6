import { expect, it } from 'vitest';
import { wordsOf } from '../../../src/finetune/base/plainRequest.ts';
import { underError } from '../../../src/wire/answerBody.ts';

const traceback = 'Traceback (most recent call last):\n  File "job.py", line 3\nValueError: no such model\n';

it.each([traceback, underError(traceback), JSON.stringify({ detail: traceback })])(
  'of a traceback the line counts that says what it was: %#',
  (text) => {
    expect(wordsOf(text)).toBe('ValueError: no such model');
  },
);
