import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { resolvedProgramSchema } from '../../../src/config/resolved.ts';
import { mayTrain, resolveSteps, stepNames, trains } from '../../../src/config/steps.ts';
import { parseStrategy } from '../../../src/data/strategy.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';

const hosted = { embedded: false };

function errorOf(entry: object): string {
  const text = JSON.stringify(
    { programs: { a: { program: 'p.ts#P', metric: 'f1:x', train: 't.jsonl', ...entry } } },
    null,
    2,
  );
  try {
    parseConfig(text, 'bettertogether.json');
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('steps by names of one’s own', () => {
  const steps = { long: { kind: 'p', candidates: 16 }, slow: { kind: 'w', learningRate: 1e-6 } };

  it('have settings of their own, with the defaults of their kind', () => {
    expect(errorOf({ steps, strategy: 'long -> slow → p' })).toBe('');
    const resolved = resolveSteps({ p: { candidates: 2 }, steps }, hosted);
    expect(Object.keys(resolved)).toEqual(['p', 'w', 'dpo', 'gepa', 'mipro', 'grpo', 'long', 'slow']);
    expect(resolved['p']).toMatchObject({ kind: 'p', settings: { candidates: 2, rounds: 1 } });
    expect(resolved['long']).toMatchObject({ kind: 'p', settings: { candidates: 16, maxLabeledDemos: 3 } });
    expect(resolved['slow']).toMatchObject({ kind: 'w', settings: { learningRate: 1e-6, epochs: 5 } });
  });

  it('take the LoRA of w where they say nothing of it: a job that goes on from an adapter keeps its shape', () => {
    const w = { lora: { rank: 16, targets: ['q_proj'] } };
    const small = { small: { kind: 'dpo', lora: { rank: 8 } } };
    const resolved = resolveSteps({ w, steps: small }, hosted);
    expect(resolved['dpo']!.settings['lora']).toEqual({ rank: 16, alpha: 64, targets: ['q_proj'] });
    expect(resolved['small']!.settings['lora']).toEqual({ rank: 8, alpha: 64, targets: ['q_proj'] });
  });

  it('train where their kind does', () => {
    const resolved = resolveSteps({ steps }, hosted);
    expect(trains({ strategy: ['long', 'slow'], steps: resolved })).toBe(true);
    expect(trains({ strategy: ['long', 'p'], steps: resolved })).toBe(false);
    expect(mayTrain('long -> slow', steps)).toBe(true);
    expect(mayTrain('long -> Π', steps)).toBe(false);
    expect(mayTrain('what is this', steps)).toBe(true);
  });

  it.each(['(long -> w)*2', 'p → (long→slow) × 3 → w', 'w*2 -> long'])(
    'may stand in what is repeated: %s',
    (strategy) => {
      expect(errorOf({ steps, strategy })).toBe('');
    },
  );

  it('are read whatever the capitals', () => {
    const names = stepNames({ Long: null });
    expect(parseStrategy('long -> P -> Θ', names)).toEqual(['Long', 'p', 'w']);
    expect(() => parseStrategy('short', names)).toThrow(
      'step 1 of 1 is "short". A step is p, w, dpo, gepa, mipro, grpo or Long',
    );
  });

  it.each([
    [
      { strategy: 'p -> g' },
      /^bettertogether\.json:7:7: .*step 2 of 2 is "g"\. A step is p, w, dpo, gepa, mipro or grpo/,
    ],
    [{ strategy: '(p -> w)' }, /must be steps joined by ->/],
    [{ strategy: '(p -> w)*0' }, /is no step at all/],
    [{ strategy: 'p ->' }, /^bettertogether\.json:7:7: .*must be steps joined by ->/],
    [
      { steps: { g: { kind: 'gepard' } } },
      /^bettertogether\.json:\d+:\d+: "programs\.a\.steps\.g\.kind" must be "p", "w", "dpo", "gepa", "mipro", "grpo", "custom", or "dspy"\.$/,
    ],
    [{ strategy: 'custom' }, /step 1 of 1 is "custom"\. A step is p, w, dpo, gepa, mipro or grpo/],
    [{ steps: { g: { kind: 'custom', runs: 3 } } }, /"programs\.a\.steps\.g\.optimizer"/],
    [{ steps: { g: { kind: 'custom', optimizer: 'a.py#x', runs: 3 } } }, /must be a file and its export/],
    [{ strategy: 'dspy' }, /step 1 of 1 is "dspy"\. A step is p, w, dpo, gepa, mipro or grpo/],
    [{ steps: { g: { kind: 'dspy', optimizer: 'a.py#make' } } }, /"programs\.a\.steps\.g\.calls"/],
    [
      { steps: { g: { kind: 'dspy', optimizer: 'a.ts#make', calls: 3 } } },
      /must be a Python file or notebook and its function/,
    ],
    [
      { steps: { g: { kind: 'dspy', optimizer: 'a.py#make', calls: 3, folds: 2 } } },
      /unknown key "folds" in "programs\.a\.steps\.g"/,
    ],
    [{ steps: { g: {} } }, /"programs\.a\.steps\.g\.kind"/],
    [
      { steps: { g: { kind: 'p', candidats: 1 } } },
      /unknown key "candidats" in "programs\.a\.steps\.g"\. .*"candidates"/,
    ],
    [{ steps: { 'p -> w': { kind: 'p' } } }, /must be a word of at most 64 letters/],
    [{ steps: { vanilla: { kind: 'p' } } }, /must not be "vanilla"/],
    [{ steps: { w: { kind: 'w' } } }, /settings of w stand under "w" itself/],
    [{ steps: { P: { kind: 'p' } } }, /settings of p stand under "p" itself/],
    [{ steps: { ['a'.repeat(65)]: { kind: 'p' } } }, /at most 64 letters/],
    [{ steps: { long: { kind: 'p' }, Long: { kind: 'p' } } }, /must differ from "long" by more than capitals/],
    [{ strategy: 'p -> g' }, /as in "p -> w -> p"\.$/],
    [{ strategy: 'p w' }, /^[^\n]*must be steps joined by ->[^\n]*$/],
    [{ strategy: 'constructor' }, /step 1 of 1 is "constructor"/],
  ])('are refused by file, line and key: %j', (entry, message) => {
    expect(errorOf(entry)).toMatch(message);
  });
});

describe('a kind that there is not', () => {
  it('of a training service is told with those that there are', () => {
    const endpoints = { lab: { kind: 'openai', baseURL: 'http://h/v1', fineTune: { kind: 'rya' } } };
    expect(() => parseConfig(JSON.stringify({ endpoints }), 'f.json')).toThrow(
      '"endpoints.lab.fineTune.kind" must be "openai", "together", "fireworks", "command", or "ray".',
    );
    expect(() => parseConfig('{"endpoints": {"a": {"kind": "x"}}}', 'f.json')).toThrow(
      '"endpoints.a.kind" must be "embedded", "openai", or "editor".',
    );
  });
});

describe('what a run was asked in earlier builds', () => {
  const { steps, ...rest } = sampleConfig;
  const before = { ...rest, strategy: 'Π→w', p: steps['p']!.settings, w: steps['w']!.settings };

  it('is read as it is asked now', () => {
    expect(resolvedProgramSchema.parse(before)).toEqual(sampleConfig);
  });

  it('is refused where its strategy is none', () => {
    expect(() => resolvedProgramSchema.parse({ ...before, strategy: 'x' })).toThrow('Invalid input');
  });
});
