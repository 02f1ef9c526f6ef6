import { describe, it } from 'vitest';
import file from '../../goldens/adapterCases.json' with { type: 'json' };
import { expectAsDspy } from './adapterCase.ts';
import type { AdapterCase } from './adapterCase.ts';

describe('random signatures, demos and answers are rendered and read as DSPy 3.4.1 does', () => {
  for (const recorded of file as unknown as readonly AdapterCase[]) {
    it(recorded.signature, () => {
      expectAsDspy(recorded);
    });
  }
});
