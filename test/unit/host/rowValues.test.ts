import { describe, expect, it } from 'vitest';
import { knownTypes, rowValues } from '../../../src/host/node/rowValues.ts';
import { signature } from '../../../src/program/signature.ts';

const types = knownTypes([
  { signature: signature('id: int, text -> label: int') },
  { signature: signature('id: bigint, weight: float -> ids: bigint[]') },
]);
const long = { $exact: 'int', value: '12345678901234567890' };

describe('rowValues', () => {
  it('has a bigint where a signature says so, and where none names the field', () => {
    const fields = { id: 7, ids: [1, long], text: long, other: { deep: [long, 8] } };
    expect(rowValues(fields, types, 0)).toEqual({
      id: 7n,
      ids: [1n, 12345678901234567890n],
      text: 12345678901234567890n,
      other: { deep: [12345678901234567890n, 8] },
    });
  });

  it('has floats as numbers', () => {
    expect(rowValues({ weight: { $exact: 'float', value: '2.0' }, other: 0.5 }, types, 0)).toEqual({
      weight: 2,
      other: 0.5,
    });
  });

  it('has a number of a small bigint where a signature says so, and else the bigint', () => {
    const small = { $exact: 'int', value: '5', shown: 5 };
    expect(rowValues({ label: small, text: small, id: small }, types, 0)).toEqual({ label: 5, text: 5n, id: 5n });
  });

  it.each(['label', 'weight'])('names row and field where no number holds what a signature says is one: %s', (name) => {
    expect(() => rowValues({ [name]: long }, types, 4)).toThrow(
      `The field "${name}" of row 5 is 12345678901234567890, which does not fit a JavaScript number. Say bigint`,
    );
  });
});
