import { expect, it } from 'vitest';
import { BudgetExhausted, EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { withSameCommand } from '../../../src/run/work/advice.ts';

it('an endpoint that gave up or refused is told with how to go on, as what it was', () => {
  const away = withSameCommand(new EndpointUnavailable('No answer.'));
  expect(away).toBeInstanceOf(EndpointUnavailable);
  expect((away as Error).message).toBe('No answer. The same command then goes on; what was answered is remembered.');
  const refused = withSameCommand(new EndpointRefused('Wrong key.', { key: true }));
  expect(refused).toBeInstanceOf(EndpointRefused);
  expect(refused).toMatchObject({ key: true, message: expect.stringContaining('The same command') as string });
  const other = new BudgetExhausted('Enough.', 'calls');
  expect(withSameCommand(other)).toBe(other);
});
