import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import type { Found } from '../../../src/detect/base/found.ts';

const corpus = fileURLToPath(new URL('../../fixtures/detect/python', import.meta.url));
const oracle = fileURLToPath(new URL('./oracle.py', import.meta.url));

const nameSchema = z.strictObject({ file: z.string(), line: z.number(), name: z.string() });
const predictorSchema = z.strictObject({
  name: z.string(),
  line: z.number(),
  signature: z.string(),
  file: z.string().optional(),
});
const programSchema = z.strictObject({
  ...nameSchema.shape,
  language: z.literal('python'),
  kind: z.enum(['module', 'predictor']),
  framework: z.literal('dspy'),
  runnable: z.boolean(),
  predictors: z.array(predictorSchema),
});
const truthSchema = z.strictObject({
  programs: z.array(programSchema),
  metrics: z.array(nameSchema),
  datasets: z.array(nameSchema),
  signatures: z.array(nameSchema),
  /** What Python itself cannot parse or import; the unit tests have those. */
  unreadable: z.array(z.strictObject({ file: z.string(), error: z.string() })),
});
type Truth = z.infer<typeof truthSchema>;

let truth: Truth;
let found: Found;

beforeAll(async () => {
  const json = execFileSync('python3', [oracle, corpus], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  truth = truthSchema.parse(JSON.parse(json));
  const detector = createDetector(corpus);
  await detector.scan();
  found = detector.found();
});

/** Each thing as a line of text that has all that is known of it. */
function facts(all: Omit<Truth, 'unreadable'> | Found) {
  const place = ({ file, line, name }: { readonly file: string; readonly line: number; readonly name: string }) =>
    `${file}:${line} ${name}`;
  const readable = <T extends { readonly file: string }>(each: T) => !each.file.startsWith('broken/');
  const programs = [...all.programs].filter(readable);
  return {
    programs: programs.map((each) => `${place(each)} ${each.kind} runnable=${each.runnable}`),
    predictors: programs.flatMap((program) =>
      program.predictors.map((each) => {
        const file = each.file ?? program.file;
        return `${place(program)}: ${each.name} = ${each.signature ?? '?'} at ${file}:${each.line}`;
      }),
    ),
    metrics: [...all.metrics].filter(readable).map(place),
    datasets: [...all.datasets].filter(readable).map(place),
    signatures: [...all.signatures].filter(readable).map(place),
  };
}

const kinds = [
  ['programs', 42],
  ['predictors', 93],
  ['metrics', 10],
  ['datasets', 9],
  ['signatures', 3],
] as const;

describe('detection beside Python itself', () => {
  it.each(kinds)('finds all %s and nothing else', (kind, atLeast) => {
    const really = new Set<string>(facts(truth)[kind]);
    const said = new Set<string>(facts(found)[kind]);
    const right = [...said].filter((each) => really.has(each));
    const recall = right.length / really.size;
    const precision = right.length / said.size;
    console.log(`${kind}: recall ${right.length}/${really.size}, precision ${right.length}/${said.size}`);
    expect({
      missed: [...really].filter((each) => !said.has(each)),
      wrong: [...said].filter((each) => !really.has(each)),
    }).toEqual({ missed: [], wrong: [] });
    expect([recall, precision]).toEqual([1, 1]);
    expect(really.size).toBeGreaterThanOrEqual(atLeast);
  });

  it('has the predictors in the order in which DSPy has them', () => {
    // Where a flag decides between two, there is no one order.
    const flags = new Set(['mode', 'mode.predict', 'choice', 'choice.predict']);
    const order = (all: Truth | Found) =>
      all.programs
        .filter((program) => !program.file.startsWith('broken/'))
        .map((program) => [
          `${program.file}#${program.name}`,
          program.predictors.map(({ name }) => name).filter((name) => !flags.has(name)),
        ]);
    const sorted = (all: Truth | Found) => Object.fromEntries(order(all)) as Record<string, string[]>;
    expect(sorted(found)).toEqual(sorted(truth));
  });

  it('leaves nothing out but what Python cannot read', () => {
    expect(truth.unreadable.map(({ file }) => file)).toEqual([
      'broken/half_class.py',
      'broken/head.py',
      'broken/names.py',
      'broken/typing.py',
    ]);
  });
});
