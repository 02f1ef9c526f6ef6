import { describe, expect, it } from 'vitest';
import { decide, defaults, requestedSchema } from '../../../src/embedded/models/hyperParameters.ts';

describe('decide', () => {
  it('fills in what does best on the embedded model', () => {
    const decided = decide({}, null);
    expect(decided).toEqual(defaults);
    expect(decided).toMatchObject({ lora_targets: 'all-linear', learning_rate: 4e-4, schedule: 'linear' });
    expect(decide({ n_epochs: 'auto', batch_size: null }, null)).toEqual(defaults);
  });

  it('takes what was asked for', () => {
    const asked = {
      n_epochs: 5,
      learning_rate: 1e-5,
      lora_targets: ['q_proj', 'k_proj'],
      schedule: 'constant',
    } as const;
    expect(decide({ ...asked, lora_targets: [...asked.lora_targets] }, null)).toMatchObject(asked);
    expect(decide({ learning_rate_multiplier: 2 }, null).learning_rate).toBe(8e-4);
  });

  it("keeps the parent's shape and refuses another", () => {
    const parent = { ...defaults, lora_r: 8, lora_alpha: 16 };
    expect(decide({ n_epochs: 1 }, parent)).toMatchObject({ lora_r: 8, lora_alpha: 16, n_epochs: 1 });
    expect(() => decide({ lora_r: 32 }, parent)).toThrow(/lora_r 8.*cannot change to 32/);
  });
});

describe('requestedSchema', () => {
  it.each([{ n_epochs: 0 }, { learning_rate: -1 }, { schedule: 'polynomial' }, { lora_targets: [] }, { warmup: 3 }])(
    'refuses %j',
    (value) => {
      expect(requestedSchema.safeParse(value).success).toBe(false);
    },
  );
});
