import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import { CallUnanswered, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { CallLm, RunRequest } from '../../../src/engine/interfaces.ts';
import type { Stage } from '../../../src/engine/optimize.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { FakeJournal, FakeLm, FakeProgram } from './fakes.ts';
import { promptStep } from './promptStep.ts';

/** What a host makes of a call that is rejected, and of a program that catches it. */
class Host extends FakeProgram {
  readonly #catches: boolean;
  constructor(catches: boolean) {
    super();
    this.#catches = catches;
  }
  override async run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramOutcome> {
    const outcome = await super.run(request, lm, signal);
    if (!this.#catches || outcome.error?.kind !== 'rejected') return outcome;
    return { prediction: { answer: 'default' }, score: 1, trace: [], seconds: 0 };
  }
}

async function optimize(memory: Map<string, JsonValue>, poison: RegExp | null, catches = false) {
  const journal = new FakeJournal(memory);
  const program = new Host(catches);
  const lm = new FakeLm(({ call }) => {
    const question = (call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '').split('\n').at(-1)!;
    if (poison?.test(question) === true) throw new CallUnanswered('The endpoint answers other calls and not this one.');
    return `a${question.slice(1)}`;
  });
  const optimization = promptStep({ program, lm, journal });
  return { stages: await optimization.run(), journal, program };
}

const ofDev = (stages: readonly Stage[]) => stages.map(({ dev }) => [dev?.score, dev?.failed]);

describe('a row that is not answered while others are', () => {
  it('scores 0 and is named once; the run goes on', async () => {
    const { stages, journal } = await optimize(new Map(), /^d3$/);
    expect(ofDev(stages)).toEqual([
      [91.67, 1],
      [91.67, 1],
    ]);
    expect(journal.of('warning').map(({ message }) => message)).toEqual([
      'Row 4 of dev: The endpoint answers other calls and not this one.',
    ]);
  });

  it.each([false, true])('is asked again the next time, also where the program caught it (%s)', async (catches) => {
    const memory = new Map<string, JsonValue>();
    await optimize(memory, /^d3$/, catches);
    const again = await optimize(memory, null, catches);
    expect(again.program.runs).toBe(1);
    expect(ofDev(again.stages)).toEqual([
      [100, 0],
      [100, 0],
    ]);
  });

  it('is no row’s fault where none was answered, whatever ids the messages hold', () => {
    const tally = new FailureTally([0, 1]);
    for (const id of ['req_ab12cd', 'req_ffee01']) {
      const error = { kind: 'metric', message: `500 (${id})` } as const;
      tally.add({ error }, { settled: false, unanswered: true });
    }
    expect(() => tally.throwIfAllAlike('dev')).toThrow(EndpointUnavailable);
  });

  it('is no row’s fault where none was answered: the run pauses', async () => {
    await expect(optimize(new Map(), /^d/)).rejects.toThrow(EndpointUnavailable);
    await expect(optimize(new Map(), /^d/)).rejects.toThrow(
      /on dev: none of 12 rows was answered.\n.*other calls and not/,
    );
  });

  it('keeps no search from being made again in which it took part', async () => {
    const memory = new Map<string, JsonValue>();
    const { journal } = await optimize(memory, /^q3$/);
    expect(journal.of('warning')[0]?.message).toMatch(/^Row 4 of train: /);
    const { program } = await optimize(memory, null);
    expect(program.runs).toBeGreaterThan(0);
  });
});
