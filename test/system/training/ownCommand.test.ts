/** Our own trainer as a command, from the configuration to a model that answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandFineTune, openPlace, type Place } from './embeddedTrainers.ts';
import { factCount, factsJob, finish, known } from './facts.ts';

const never = new AbortController().signal;
let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place.close());

function trainer() {
  const { python, sources } = place.setup.trainer;
  const numbers = ['--epochs', '{epochs}', '--learning-rate', '{learningRate}', '--batch-size', '{batchSize}'];
  const lora = ['--rank', '{rank}', '--alpha', '{alpha}', '--targets', '{targets}'];
  const files = ['--model', '{model}', '--rows', '{rows}', '--out', '{out}'];
  const rest = ['--schedule', '{schedule}', '--seed', '{seed}'];
  const command = [python, '-m', 'bettertogether_trainer.once', ...files, ...numbers, ...lora, ...rest];
  const more = {
    parentArguments: ['--parent', '{parent}'],
    env: { PYTHONPATH: sources, PYTHONDONTWRITEBYTECODE: '1' },
  };
  return place.trainerOf(commandFineTune(place, command, more));
}

describe('our own trainer as a command', { timeout: 1_200_000 }, () => {
  it('trains an adapter, which the embedded endpoint takes and serves; the base stays as it was', async () => {
    const { connection, model } = place;
    expect(await known(connection, model)).toBe(0);
    const one = trainer();
    const job = factsJob(one, model);
    const status = await finish(one, await one.submit(job, never));
    expect(status).toMatchObject({
      state: 'succeeded',
      model: expect.stringMatching(/^smollm2-135m-instruct-ft-/) as string,
    });
    // 8 rows in batches of 4 for 12 epochs.
    expect(status.losses.length).toBe(24);
    expect(status.losses.at(-1)!).toBeLessThan(0.2 * status.losses[0]!);
    expect(await known(connection, status.model!)).toBe(factCount);
    expect(await known(connection, model)).toBe(0);
    expect(await one.serves(status.model!, never)).toBe(true);

    const next = await finish(one, await one.submit(factsJob(one, status.model!, 1), never));
    expect(next.model).not.toBe(status.model);
    // It goes on from what it knows: the loss begins where the other ended.
    expect(next.losses[0]!).toBeLessThan(2 * Math.max(0.1, status.losses.at(-1)!));
    expect(await known(connection, next.model!)).toBe(factCount);
  });

  it('a command whose rows cannot be trained on is told in its own words', async () => {
    const one = trainer();
    const { hyperParameters, ...job } = factsJob(one, place.model);
    const lora = { ...hyperParameters.lora, targets: ['no_such_layer'] };
    const id = await one.submit({ ...job, hash: 'e'.repeat(64), hyperParameters: { ...hyperParameters, lora } }, never);
    expect(await finish(one, id)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/^targets: expected/) as string,
    });
  });
});
