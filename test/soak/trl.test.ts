/** TRL's command line on a CPU as the `command` back end, as docs/training-back-ends.md shows it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandFineTune, openPlace, type Place } from '../system/training/embeddedTrainers.ts';
import { factCount, facts, factsJob, finish, known, preferences } from '../system/training/facts.ts';
import { besidePython, pythonWith } from './pythonWith.ts';

const never = new AbortController().signal;
let place: Place;
let trl: string;
let base: string;

beforeAll(async () => {
  trl = besidePython(pythonWith('trl', ['trl==1.16.0']), 'trl');
  place = await openPlace();
  base = join(place.workspace, 'base');
  const { python, sources } = place.setup.trainer;
  const args = ['-m', 'bettertogether_trainer.export_base', place.modelFile, base];
  const env = { ...process.env, PYTHONPATH: sources, PYTHONDONTWRITEBYTECODE: '1' };
  expect(spawnSync(python, args, { env, stdio: 'inherit' }).status).toBe(0);
}, 1_800_000);
afterAll(() => place.close(), 120_000);

function trainer() {
  const model = ['--model_name_or_path', '{model}', '--dataset_name', '{data}', '--output_dir', '{out}'];
  const lora = ['--use_peft', '--lora_r', '{rank}', '--lora_alpha', '{alpha}', '--lora_target_modules', '{targets}'];
  const steps = ['--num_train_epochs', '{epochs}', '--per_device_train_batch_size', '{batchSize}', '--seed', '{seed}'];
  const rate = ['--learning_rate', '{learningRate}', '--lr_scheduler_type', '{schedule}', '--lora_dropout', '0'];
  const report = ['--logging_steps', '1', '--report_to', 'none', '--save_strategy', 'no'];
  const cpu = ['--use_cpu', '--bf16', 'False', '--gradient_checkpointing', 'False'];
  const common = [...model, ...lora, ...steps, ...rate, ...report, ...cpu];
  const command = [trl, 'sft', ...common];
  const commands = { dpo: [trl, 'dpo', ...common, '--beta', '{beta}'] };
  const more = { commands, rowsFormat: 'prompt-completion', model: base, env: { HF_HUB_OFFLINE: '1' } } as const;
  return place.trainerOf(commandFineTune(place, command, more));
}

describe("TRL's command line", { timeout: 3_600_000 }, () => {
  it('trains an adapter that the embedded endpoint serves', async () => {
    const one = trainer();
    const began = performance.now();
    const status = await finish(one, await one.submit(factsJob(one, place.model, 10), never));
    process.stderr.write(`trl: ${status.state} after ${Math.round((performance.now() - began) / 1000)} s\n`);
    expect(status).toMatchObject({ state: 'succeeded', model: expect.stringMatching(/-ft-/) as string });
    expect(status.losses.length).toBe(20);
    expect(status.losses.at(-1)!).toBeLessThan(0.3 * status.losses[0]!);
    // TRL trains the opened "Answer:" with the rest and renders the chat by the same template: a fact may still slip.
    expect(await known(place.connection, status.model!)).toBeGreaterThanOrEqual(factCount - 2);
  });

  it('learns to prefer, and the embedded endpoint serves what came of it', async () => {
    const one = trainer();
    const status = await finish(one, await one.submit(factsJob(one, place.model, 5, preferences), never));
    expect(status).toMatchObject({ state: 'succeeded', model: expect.stringMatching(/-ft-/) as string });
    // As every loss of DPO it begins at ln 2: neither answer is likelier than it was.
    expect(status.losses[0]).toBeCloseTo(Math.LN2, 2);
    expect(status.losses.at(-1)!).toBeLessThan(0.3 * Math.LN2);
    const { openai } = place.connection;
    const answer = await openai.chat.completions.create({
      ...{ model: status.model!, max_tokens: 4, messages: [{ role: 'user', content: facts[0][0] }] },
    });
    expect(answer.choices).toHaveLength(1);
  });
});
