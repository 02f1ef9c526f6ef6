import { expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { Cancelled } from '../../../src/engine/errors.ts';
import { protocolError } from '../../../src/host/hostErrors.ts';

it('what the library says of a message is an error of the host; errors that say what they are stay as they are', () => {
  const library = new Error('The received response has neither a result nor an error property.');
  expect(protocolError(library)).toMatchObject({
    message: 'The program host failed: The received response has neither a result nor an error property.',
    cause: library,
  });
  expect(protocolError('gone').message).toBe('The program host failed: gone');
  for (const error of [new UsageError('a.py:1 cannot be loaded.'), new Cancelled('Stopped.')]) {
    expect(protocolError(error)).toBe(error);
  }
});
