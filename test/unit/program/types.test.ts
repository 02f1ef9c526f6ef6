/** Checked by the compiler (`tsc -p .` covers the tests); running the file only shows that it loads. */
import { describe, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { ChainOfThought, Module, Predict, signature } from '../../../src/program/sdk.ts';
import type { InputsOf, JsonValue, OutputsOf } from '../../../src/program/sdk.ts';

describe('types are inferred from signature strings', () => {
  it('outputs', () => {
    type Out = OutputsOf<'q -> n: number, tags: string[], l: "a" | "b"'>;
    expectTypeOf<Out>().toEqualTypeOf<{ n: number; tags: string[]; l: 'a' | 'b' }>();
  });
  it('Python’s names', () => {
    type Out = OutputsOf<"q -> n: int, f: float, ok: bool, tags: list[str], l: Literal['a, b', 'c'], o: Optional[str]">;
    expectTypeOf<Out>().toEqualTypeOf<{
      n: number;
      f: number;
      ok: boolean;
      tags: string[];
      l: 'a, b' | 'c';
      o: string | null;
    }>();
  });
  it('bigints', () => {
    expectTypeOf<InputsOf<'id: bigint -> n: int'>>().toEqualTypeOf<{ readonly id: bigint }>();
    expectTypeOf<OutputsOf<'q -> id: bigint, all: list[bigint]'>>().toEqualTypeOf<{ id: bigint; all: bigint[] }>();
  });
  it('nested types, null and numbers', () => {
    type Out = OutputsOf<'q -> d: dict[str, list[int]], u: int | None, s: 1 | 2, m: (string | null)[]'>;
    expectTypeOf<Out>().toEqualTypeOf<{
      d: Record<string, number[]>;
      u: number | null;
      s: 1 | 2;
      m: (string | null)[];
    }>();
  });
  it('inputs: an untyped field takes any JSON, an untyped output is a string', () => {
    type Text = ' context: string[],question -> answer ';
    expectTypeOf<InputsOf<Text>>().toEqualTypeOf<{
      readonly context: readonly string[];
      readonly question: JsonValue;
    }>();
    expectTypeOf<OutputsOf<Text>>().toEqualTypeOf<{ answer: string }>();
  });
  it('a string known only at run time', () => {
    expectTypeOf<OutputsOf<string>>().toEqualTypeOf<Record<string, JsonValue>>();
  });
});

describe('predictors', () => {
  it('are called with the inputs and answer with the outputs', () => {
    const predict = new Predict('question, n: int -> answer, score: float');
    expectTypeOf(predict).parameter(0).toEqualTypeOf<{ readonly question: JsonValue; readonly n: number }>();
    expectTypeOf(predict).returns.resolves.toEqualTypeOf<{ answer: string; score: number }>();
    expectTypeOf<ReturnType<Predict<'q -> n: number'>>>().resolves.toEqualTypeOf<{ n: number }>();
    // @ts-expect-error: an input is missing
    void (() => predict({ question: 'q' }));
  });
  it('reason where they are a chain of thought', () => {
    const solve = new ChainOfThought(signature('question -> answer: number', { instructions: 'Solve.' }));
    expectTypeOf(solve).returns.resolves.toHaveProperty('reasoning').toEqualTypeOf<string>();
    expectTypeOf(solve).returns.resolves.toHaveProperty('answer').toEqualTypeOf<number>();
  });
  it('take zod schemas', () => {
    const predict = new Predict(
      signature({ inputs: { review: z.string() }, outputs: { stars: z.int(), tags: z.array(z.enum(['a', 'b'])) } }),
    );
    expectTypeOf(predict).parameter(0).toEqualTypeOf<{ readonly review: string }>();
    expectTypeOf(predict).returns.resolves.toEqualTypeOf<{ stars: number; tags: ('a' | 'b')[] }>();
  });
});

it('a module’s call has the types of its forward', () => {
  class Ask extends Module {
    ask = new Predict('question -> answer');
    async forward({ question }: { question: string }) {
      return this.ask({ question });
    }
  }
  const call = (program: Ask) => program.call({ question: 'q' });
  expectTypeOf(call).returns.resolves.toEqualTypeOf<{ answer: string }>();
  // @ts-expect-error: not an input of forward
  void ((program: Ask) => program.call({ answer: 'a' }));
});
