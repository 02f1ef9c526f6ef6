import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../../src/base/errors.ts';
import { chooseForm, formVariable, servedForm } from '../../../../src/embedded/forms/servedForm.ts';
import { defaults } from '../../../../src/embedded/models/hyperParameters.ts';
import type { ModelFile } from '../../../../src/embedded/setup/model.ts';
import type { Home } from '../../../../src/home/home.ts';
import { homeAt } from '../../../../src/home/home.ts';

let home: Home;
let given: ModelFile;

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'form-')));
  await mkdir(home.models);
  const path = join(home.models, 'SmolLM2-135M-Instruct.Q4_1.gguf');
  // No metadata and no tensors, which is a model file too.
  await writeFile(path, Buffer.concat([Buffer.from('GGUF'), Buffer.from([3, 0, 0, 0]), Buffer.alloc(24)]));
  given = { name: 'smollm2-135m-instruct', path, hash: 'of the file as it came' };
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

const inForm = (form: string): Promise<ModelFile> => servedForm(home, given, { env: { [formVariable]: form } });

async function trainedOn(modelHash: string): Promise<void> {
  const folder = join(home.tuned, 'smollm2-135m-instruct-ft-1');
  const meta = { v: 1, name: 'smollm2-135m-instruct-ft-1', parent: given.name, modelHash, rows: 1, trainedTokens: 1 };
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'meta.json'),
    JSON.stringify({ ...meta, hyperParameters: defaults, loss: null, created: 1 }),
  );
}

describe('servedForm', () => {
  it('serves the form that is named: another file, with a hash of its own', async () => {
    expect(await inForm('q4_1')).toEqual(given);
    const served = await inForm('q8_0');
    expect(served).toEqual({
      name: given.name,
      path: join(home.models, 'SmolLM2-135M-Instruct.Q8_0.gguf'),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect((await readFile(served.path)).toString('latin1', 0, 4)).toBe('GGUF');
  });

  it('writes a form once, and again when the file was changed since', async () => {
    const { path, hash } = await inForm('bf16');
    // What was not written again has the content it was given here.
    await writeFile(path, 'changed');
    expect(await inForm('bf16')).toMatchObject({ hash });
    expect((await readFile(path)).toString('latin1', 0, 4)).toBe('GGUF');
    const before = new Date(1000);
    await utimes(path, before, before);
    expect(await inForm('bf16')).toMatchObject({ hash });
  });

  it('keeps the form that models of the home were trained on, whatever the processor', async () => {
    await trainedOn(given.hash);
    // Nothing is measured: there is no runtime here.
    expect(await servedForm(home, given, { env: {} })).toEqual(given);
    const choice = JSON.stringify({ machine: 'another', form: 'q8_0' });
    await writeFile(join(home.models, 'form.json'), choice);
    const served = await inForm('q8_0');
    await trainedOn(served.hash);
    expect(await servedForm(home, given, { env: {} })).toEqual(served);
  });

  it('measures where no model was trained on the form of another processor, and where it cannot serves what came', async () => {
    await writeFile(join(home.models, 'form.json'), JSON.stringify({ machine: 'another', form: 'q8_0' }));
    const { path } = await inForm('q8_0');
    const said: string[] = [];
    // There is no runtime here to measure with.
    const served = await servedForm(home, given, { env: {}, onProgress: ({ message }) => void said.push(message) });
    expect(served).toEqual(given);
    expect(said.at(-1)).toMatch(/served as it comes \(q4_1\), its forms could not be compared: .* could not be loaded/);
    // Another process may be serving it.
    expect((await readFile(path)).toString('latin1', 0, 4)).toBe('GGUF');
  });

  it('names the forms that there are', async () => {
    await expect(inForm('fp64')).rejects.toThrow(UsageError);
    await expect(inForm('fp64')).rejects.toThrow(/one of q4_0, q4_1, q8_0, bf16, not fp64/);
  });

  it('says how to do without when there is no room for another file', async () => {
    await rm(given.path);
    await expect(inForm('q8_0')).rejects.toThrow(/cannot be written: .*ENOENT.*BETTERTOGETHER_EMBEDDED_FORM=q4_1/);
  });
});

it.each([
  [[100, 95, 95], 'q4_1'],
  [[100, 50, 48], 'bf16'],
  [[100, 110, 60], 'q8_0'],
  [[100, 80, 60], 'q8_0'],
])('of the times %j takes %s: the fastest, and of about equal ones the most faithful', (times, form) => {
  for (const steady of [true, false]) {
    expect(chooseForm(times.map((milliseconds) => ({ milliseconds, steady })))).toBe(form);
  }
});

it('takes the fastest of those that answer the same each time', () => {
  const found = [100, 50, 60].map((milliseconds, index) => ({ milliseconds, steady: index !== 1 }));
  expect(chooseForm(found)).toBe('q8_0');
  expect(chooseForm(found.map((each, index) => ({ ...each, steady: index === 0 })))).toBe('q4_1');
});
