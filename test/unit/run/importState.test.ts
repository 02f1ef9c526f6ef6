import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import type { ProgramDescription } from '../../../src/data/program.ts';
import { toDspyJson, toStateJson } from '../../../src/run/export/exportState.ts';
import { readGivenState, startOf, stateFor } from '../../../src/run/record/importState.ts';
import { temporaryFolder } from './folder.ts';
import { description, state } from './samples.ts';

const folder = temporaryFolder();
const sampling = { temperature: 0, topP: 0.9, maxTokens: 8 };
const python: ProgramDescription = { ...description, language: 'python' };

function write(value: unknown): string {
  const file = join(folder, 'state.json');
  writeFileSync(file, JSON.stringify(value));
  return file;
}

const imported = async (value: unknown, program = python) =>
  stateFor(await readGivenState(write(value)), program, 'base');

describe('a state by file', () => {
  it.each<[string, JsonValue]>([
    ['an exported state', toStateJson(state)],
    ['an object that holds it', { state: toStateJson(state) }],
    ["a run's states", { final: { prefix: 'p', state: toStateJson(state) }, best: null }],
    ['a DSPy state', toDspyJson(state, python, sampling)],
  ])('%s is read back as it was', async (_, value) => {
    expect(await imported(value)).toEqual(state);
  });

  it.each([
    ['as we export it', toStateJson(state)],
    ['as DSPy saves it', toDspyJson(state, python, sampling)],
  ])('has its numbers as they are written, %s', async (_, value) => {
    const file = join(folder, 'numbers.json');
    const demos = /"utterance":\s*"[^"]*"/;
    const text = JSON.stringify(value);
    expect(text).toMatch(demos);
    writeFileSync(file, text.replace(demos, '"utterance": [12345678901234567890, 2.0, 2, 1e+16]'));
    const { predictors } = stateFor(await readGivenState(file), python, 'base');
    const [demo] = Object.values(predictors)[0]!.demos;
    expect(demo?.fields['utterance']).toEqual([
      { $exact: 'int', value: '12345678901234567890' },
      { $exact: 'float', value: '2.0' },
      2,
      { $exact: 'float', value: '1e+16' },
    ]);
  });

  it('has tags where we wrote them, and data that looks like one where DSPy did', async () => {
    const tag = { $exact: 'int', value: '12345678901234567890' };
    const [name, predictor] = Object.entries(state.predictors)[0]!;
    const tagged = {
      predictors: { [name]: { ...predictor, demos: [{ fields: { utterance: tag }, augmented: false }] } },
    };
    expect(await imported(toStateJson(tagged))).toEqual(tagged);
    const saved = JSON.parse(JSON.stringify(toDspyJson(state, python, sampling))) as Record<
      string,
      Record<string, unknown>
    >;
    saved[name]!['demos'] = [{ utterance: tag }];
    const [read] = Object.values((await imported(saved)).predictors);
    expect(read?.demos[0]?.fields['utterance']).toMatchObject({ $exact: 'dict', value: Object.entries(tag) });
  });

  it('DSPy saves a program that is itself a predictor at the top', async () => {
    const [predictor] = python.predictors;
    const self = { ...python, predictors: [{ ...predictor!, name: 'self' }] };
    const own = { predictors: { self: state.predictors['classify.predict']! } };
    expect(await imported(toDspyJson(own, self, sampling), self)).toEqual(own);
  });

  it("without an LM it is on the run's model, and parameters without a prompt are left alone", async () => {
    const saved = toDspyJson(state, python, sampling) as Record<string, Record<string, JsonValue>>;
    saved['classify.predict']!['lm'] = null;
    const [only] = Object.values((await imported({ ...saved, retrieve: { k: 3 } })).predictors);
    expect(only?.model).toBe('base');
  });

  it('leaves frozen sub-modules, of which DSPy saves nothing, as the program makes them', async () => {
    const frozen = { ...python.predictors[0]!, name: 'inner.predict', frozen: true };
    const program = { ...python, predictors: [...python.predictors, frozen] };
    const read = await imported(toDspyJson(state, python, sampling), program);
    expect(read.predictors['inner.predict']).toEqual(startOf(program, 'base').predictors['inner.predict']);
  });

  it('with another name for a predictor is refused with the renaming', async () => {
    const named = (name: string) => ({ ...python, predictors: [{ ...python.predictors[0]!, name }] });
    const saved = (name: string) => toDspyJson({ predictors: { [name]: before } }, named(name), sampling);
    const before = state.predictors['classify.predict']!;
    const renamed =
      '"classify.predict" is now "sort.predict". If so, write "sort.predict" in the place of "classify.predict"';
    await expect(imported(saved('classify.predict'), named('sort.predict'))).rejects.toThrow(renamed);
    await expect(imported(toStateJson(state), named('sort.predict'))).rejects.toThrow(renamed);
    await expect(imported(saved('self'), named('ask'))).rejects.toThrow(
      'put all but "metadata" under "ask" in the file',
    );
    await expect(imported(saved('ask'), named('self'))).rejects.toThrow('put what is under "ask" at the top');
    const frozen = { ...python.predictors[0]!, name: 'frozen', frozen: true };
    const withFrozen = { ...python, predictors: [...named('sort').predictors, frozen] };
    await expect(imported(saved('classify'), withFrozen)).rejects.toThrow('"classify" is now "sort"');
    const old = {
      classify: { signature: { instructions: 'i' }, demos: [{ utterance: 'u', rationale: 'r', answer: 'a' }] },
    };
    await expect(imported(old, named('sort'))).rejects.toThrow('"classify" is now "sort"');
  });

  it('of another program, or with other fields, is refused', async () => {
    const other = { ...python, predictors: [{ ...python.predictors[0]!, name: 'other' }] };
    await expect(imported(toStateJson(state), other)).rejects.toThrow('it has the predictors classify.predict');
    const wider = { ...python.predictors[0]!.signature, outputs: [] };
    const narrow = { ...python, predictors: [{ ...python.predictors[0]!, signature: wider }] };
    await expect(imported(toDspyJson(state, python, sampling), narrow)).rejects.toThrow(
      /the predictor classify\.predict has the fields .*utterance, .* there, and .*utterance in the program\./,
    );
    await expect(imported(toDspyJson(state, python, sampling), other)).rejects.toThrow('state of another program');
    const text = JSON.stringify(toDspyJson(state, python, sampling)).replace('${utterance}', 'what was said');
    await expect(imported(JSON.parse(text))).rejects.toThrow('describes the field "utterance"');
    await expect(imported({ predictors: { a: {} } })).rejects.toThrow(
      /does not hold the state of a program: [^]*predictors\.a/,
    );
    await expect(imported({})).rejects.toThrow(/does not hold the state of a program: [^]*at predictors/);
    const later = /cannot be taken: a later version of BetterTogether wrote it in form 2, .*update BetterTogether\.$/;
    const written = toStateJson(state) as Record<string, JsonValue>;
    for (const saved of [
      { v: 2, ...written },
      { v: 2, state: written },
      { v: 2, final: { state: written } },
    ]) {
      await expect(imported(saved)).rejects.toThrow(later);
    }
    await expect(readGivenState(join(folder, 'none.json'))).rejects.toThrow('could not be read');
  });

  it("a prefix that DSPy's optimizers changed is shown by no adapter of DSPy's, and by ours", async () => {
    const text = JSON.stringify(toDspyJson(state, python, sampling)).replace('"Domain:"', '"The domain is:"');
    expect(await imported(JSON.parse(text))).toEqual(state);
    await expect(imported(JSON.parse(text), { ...python, language: 'typescript' })).rejects.toThrow('The domain is:');
  });

  const older = {
    'up to 2.4': { signature_instructions: 'Say what is meant.', signature_prefix: 'Answer:' },
    'up to 2.4, with reasoning': {
      signature_instructions: 'Old.',
      extended_signature_instructions: 'Say what is meant.',
    },
    'of 2.5': {
      signature: { instructions: 'Say what is meant.', fields: [{ prefix: 'Other:', description: 'other' }] },
    },
  };
  it.each(Object.entries(older))('that DSPy saved %s has its instructions and demos', async (_, part) => {
    const demo = { augmented: true, utterance: 'hello', intent: 'greeting' };
    const names = Object.keys(state.predictors);
    const saved = Object.fromEntries(
      names.map((name) => [name, { ...part, lm: null, traces: [], train: [], demos: [demo] }]),
    );
    const { predictors } = await imported(saved);
    expect(Object.keys(predictors)).toEqual(names);
    expect(Object.values(predictors)[0]).toEqual({
      instructions: 'Say what is meant.',
      demos: [{ fields: { utterance: 'hello', intent: 'greeting' }, augmented: true }],
      model: 'base',
    });
  });

  it('that DSPy 2 saved is of the predictors that DSPy 3 calls otherwise', async () => {
    const [predictor] = python.predictors;
    const thinking = { ...predictor!, name: 'think.predict' };
    thinking.signature = { ...thinking.signature, outputs: [{ ...thinking.signature.outputs[0]!, name: 'reasoning' }] };
    const program = { ...python, predictors: [thinking] };
    const part = { signature: { instructions: 'Think.' }, demos: [{ utterance: 'hello', rationale: 'It greets.' }] };
    for (const name of ['think._predict', 'think']) {
      const { predictors } = await imported(
        { [name]: part, metadata: { dependency_versions: { dspy: '2.6.27' } } },
        program,
      );
      expect(predictors['think.predict']?.demos[0]?.fields).toEqual({ reasoning: 'It greets.', utterance: 'hello' });
    }
  });

  it('that is a pickle is not read, and what to do is said', async () => {
    const whole = join(folder, 'whole');
    mkdirSync(whole);
    writeFileSync(join(whole, 'program.pkl'), '');
    await expect(readGivenState(whole)).rejects.toThrow(
      /saved whole.*dspy\.load\(".*whole", allow_pickle=True\).*state\.json/,
    );
    const pickled = join(folder, 'state.bin');
    writeFileSync(pickled, Buffer.from([0x80, 5, 0x7d, 0x2e]));
    await expect(readGivenState(pickled)).rejects.toThrow(
      /is a pickle.*program\.load\(".*state\.bin", allow_pickle=True\)/,
    );
  });
});
