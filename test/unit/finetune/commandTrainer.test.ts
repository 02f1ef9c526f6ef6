import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import type { TrainingRow } from '../../../src/data/trace.ts';
import { UnknownJob } from '../../../src/engine/errors.ts';
import { createCommandTrainer } from '../../../src/finetune/command/commandTrainer.ts';
import type { CommandTrainerOptions } from '../../../src/finetune/command/commandTrainer.ts';
import { jobFiles, readStart, writeExit, writeStarts } from '../../../src/finetune/command/jobFolder.ts';
import type { Exit } from '../../../src/finetune/command/jobFolder.ts';
import { readLine } from '../../../src/finetune/command/outputLines.ts';
import {
  checkPlaceholders,
  fillArguments,
  fillText,
  type PlaceholderValues,
} from '../../../src/finetune/command/placeholders.ts';
import type { AdapterJob } from '../../../src/finetune/serving/servedTrainer.ts';
import { FakeJobProcesses } from '../../fakes/fakeJobProcesses.ts';

const never = new AbortController().signal;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-command-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const hash = '0123456789abcdef'.repeat(4);
const row: TrainingRow = {
  predictor: 'p',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }], opened: 'A:' },
  completion: ' yes',
  end: null,
};
const job: AdapterJob = {
  hash,
  parent: 'base',
  parentFolder: null,
  set: { method: 'supervised', rows: [row] },
  hyperParameters: {
    epochs: 2,
    learningRate: 4e-4,
    schedule: 'linear',
    batchSize: 4,
    lora: { rank: 8, alpha: 16, targets: ['q_proj', 'k_proj'] },
    seed: 7,
  },
};

function make(more: Partial<CommandTrainerOptions> = {}) {
  const processes = new FakeJobProcesses();
  const trainer = createCommandTrainer({
    endpoint: 'lab',
    command: ['train', '--rows', '{rows}', '--out={out}', '--targets', '{targets}', '--all', 'x:{targets}'],
    parentArguments: null,
    rowsFormat: 'messages',
    textAsChat: false,
    files: {},
    env: { A: 'b' },
    cwd: folder,
    folder: join(folder, 'jobs'),
    model: '/models/base',
    pollSeconds: 0.01,
    stallSeconds: 60,
    processes,
    ...more,
  });
  return { trainer, processes, place: join(folder, 'jobs', hash.slice(0, 32)) };
}

function leaveAdapter(out: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'adapter_config.json'), '{}');
  writeFileSync(join(out, 'adapter_model.safetensors'), 'w');
}

describe('what is started', () => {
  test('is nothing in a folder behind a link, and what lies there stays', async () => {
    const { trainer, processes, place } = make();
    const precious = join(folder, 'precious');
    mkdirSync(join(precious, 'attempt-1'), { recursive: true });
    writeFileSync(join(precious, 'attempt-1', 'file'), 'precious');
    mkdirSync(join(place, '..'), { recursive: true });
    symlinkSync(precious, place);
    await expect(trainer.submit(job, never)).rejects.toThrow(/is a link/);
    expect(processes.started).toEqual([]);
    expect(readdirSync(join(precious, 'attempt-1'))).toEqual(['file']);
  });

  test('is the command for the set that there is to learn from', async () => {
    const commands = {
      dpo: ['train-dpo', '{rows}', '--beta', '{beta}'],
      grpo: ['train-grpo', '{rows}', '--clip', '{clipLow}', '{clipHigh}'],
    };
    const sets = [
      [{ method: 'dpo', rows: [{ ...row, rejected: ' no' }], beta: 0.3 }, ['train-dpo', '--beta', '0.3']],
      [
        { method: 'grpo', rows: [{ ...row, advantage: 0.5 }], clip: { low: 0.2, high: 0.28 } },
        ['train-grpo', '--clip', '0.2', '0.28'],
      ],
    ] as const;
    expect(make().trainer.methods).toEqual(['supervised']);
    for (const [at, [set, words]] of sets.entries()) {
      const { trainer, place } = make({ commands, rowsFormat: 'apart' });
      expect(trainer.methods).toEqual(['supervised', 'dpo', 'grpo']);
      await trainer.submit({ ...job, set }, never);
      const { rows } = jobFiles(place, at + 1);
      expect((await readStart(place))!.command).toEqual([words[0], rows, ...words.slice(1)]);
      expect(readFileSync(rows, 'utf8')).toBe(trainer.rowsFile(set));
    }
  });

  test('counts for its own jobs alone: those before it are not trained again', () => {
    const [none, with1] = [make().trainer, make({ commands: { dpo: ['train-dpo', '{rows}'] } }).trainer];
    const other = make({ commands: { dpo: ['train-dpo', '--more', '{rows}'] } }).trainer;
    expect([with1.id, other.id]).toEqual([none.id, none.id]);
    expect(new Set([none.id, with1.ids!.dpo, other.ids!.dpo]).size).toBe(3);
  });

  test('is refused where rewards would have no place in the rows, or a placeholder stands for nothing', () => {
    expect(() => make({ commands: { grpo: ['train', '{rows}'] } })).toThrow(
      'endpoints.lab.fineTune.commands.grpo in bettertogether.json needs rows with their rewards: set ' +
        'endpoints.lab.fineTune.rowsFormat to "apart".',
    );
    expect(() => make({ commands: { dpo: ['train', '{betta}'] } })).toThrow(/commands\.dpo .* placeholder \{betta\}/);
  });

  test('is the command with its placeholders filled in, in a folder named by the hash', async () => {
    const { trainer, processes, place } = make({ files: { 'c.yml': 'base: {model}\nr: {rank}\nleft: {other}\n' } });
    expect(await trainer.submit(job, never)).toBe(`command-${hash.slice(0, 32)}-1`);
    const { rows, out } = jobFiles(place, 1);
    const filled = [
      'train',
      '--rows',
      rows,
      `--out=${out}`,
      '--targets',
      'q_proj',
      'k_proj',
      '--all',
      'x:q_proj,k_proj',
    ];
    expect(await readStart(place)).toEqual({ v: 1, attempt: 1, command: filled, cwd: folder, env: { A: 'b' } });
    expect(processes.started).toEqual([place]);
    expect(readFileSync(rows, 'utf8')).toBe(trainer.rowsFile({ method: 'supervised', rows: [row] }));
    expect(readFileSync(join(place, 'c.yml'), 'utf8')).toBe('base: /models/base\nr: 8\nleft: {other}\n');
    expect(JSON.parse(readFileSync(jobFiles(place).datasetInfo, 'utf8'))).toHaveProperty(
      'bettertogether.file_name',
      'train.jsonl',
    );
  });

  test.each([
    ['messages', '{"messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"A: yes"}]}'],
    [
      'prompt-completion',
      '{"prompt":[{"role":"user","content":"Q"}],"completion":[{"role":"assistant","content":"A: yes"}]}',
    ],
    ['apart', '{"messages":[{"role":"user","content":"Q"}],"opened":"A:","completion":" yes","end":null}'],
  ] as const)('with rows as %s', (rowsFormat, line) => {
    expect(make({ rowsFormat }).trainer.rowsFile({ method: 'supervised', rows: [row] })).toBe(`${line}\n`);
  });

  test('goes on from an adapter only where the configuration says how', async () => {
    expect(make().trainer.continues).toBe(false);
    const { trainer, place } = make({ command: ['train'], parentArguments: ['--adapter', '{parent}'] });
    expect(trainer.continues).toBe(true);
    await trainer.submit({ ...job, parentFolder: '/adapters/1' }, never);
    expect((await readStart(place))!.command).toEqual(['train', '--adapter', '/adapters/1']);
  });

  test('has no placeholder that stands for nothing', () => {
    const wrong = () => make({ command: ['train', '{row}'] });
    expect(wrong).toThrow(UsageError);
    expect(wrong).toThrow(/endpoints\.lab\.fineTune\.command.*\{row\}.*\{rows\}/);
  });

  test('decides the identity', () => {
    const ids = [
      {},
      { command: ['t'] },
      { model: 'b' },
      { env: {} },
      { files: { a: 'b' } },
      { rowsFormat: 'apart' as const },
    ];
    expect(new Set(ids.map((more) => make(more).trainer.id)).size).toBe(ids.length);
    expect(make({ pollSeconds: 9, folder: '/elsewhere' }).trainer.id).toBe(make().trainer.id);
  });
});

describe('a job', () => {
  async function submitted() {
    const made = make();
    const id = await made.trainer.submit(job, never);
    const end = async (exit: Partial<Exit>, attempt = 1) => {
      await writeExit(made.place, attempt, { code: null, signal: null, ...exit });
      made.processes.running.delete(made.place);
    };
    return { ...made, id, end, files: jobFiles(made.place, 1) };
  }

  test('that runs is followed: each event once, in order', async () => {
    const { trainer, id, files } = await submitted();
    writeFileSync(files.output, '{"type":"progress","step":1,"steps":2,"epoch":1,"loss":0.5}\nnoise\n{"type":"progr');
    const first = await trainer.poll(id, null, never);
    expect(first).toMatchObject({ state: 'running', events: [{ step: 1, steps: 2, epoch: 1, loss: 0.5 }] });
    appendFileSync(files.output, 'ess","step":2,"steps":2,"epoch":1,"loss":0.25}\n');
    writeFileSync(files.errors, "  50%|##\r 100%|####\n{'loss': '0.125', 'epoch': '1.0'}\n");
    const next = await trainer.poll(id, first.events.at(-1)!.id, never);
    expect(next.events.map(({ loss }) => loss)).toEqual([0.25, 0.125]);
    expect((await trainer.poll(id, next.events.at(-1)!.id, never)).events).toEqual([]);
    expect((await trainer.poll(id, null, never)).events.map(({ loss }) => loss)).toEqual([0.5, 0.25, 0.125]);
  });

  test('that ends well gives its adapter and tokens', async () => {
    const { trainer, id, files, end } = await submitted();
    leaveAdapter(join(files.out, 'peft'));
    writeFileSync(files.output, '{"type":"done","trained_tokens":42}\n');
    await end({ code: 0 });
    const status = await trainer.poll(id, null, never);
    expect(status).toMatchObject({
      state: 'succeeded',
      trainedTokens: 42,
      adapter: { folder: join(files.out, 'peft') },
    });
    expect((await trainer.poll(id, status.events.at(-1)!.id, never)).trainedTokens).toBe(42);
  });

  test.each<readonly [string, Partial<Exit>, string, RegExp]>([
    ['in its own words', { code: 1 }, '{"type":"failed","error":"rank: expected less"}\n', /^rank: expected less$/],
    ['by what it printed last', { code: 3 }, '', /code 3\.[\s\S]*ValueError: no GPU/],
    ['by a signal', { signal: 'SIGKILL', kills: 3 }, '', /killed 3 times \(SIGKILL\)\..*memory[\s\S]*ValueError/],
    ['by a crash of its own', { signal: 'SIGSEGV', kills: 3 }, '', /killed 3 times \(SIGSEGV\)\. Traceback/],
    ['never having begun', { error: 'spawn train ENOENT' }, '', /could not be started: spawn train ENOENT/],
    ['without an adapter', { code: 0 }, '', /left no PEFT adapter .*\{out\}/],
  ])('that fails %s says why', async (_, exit, output, message) => {
    const { trainer, id, files, end } = await submitted();
    writeFileSync(files.output, output);
    writeFileSync(files.errors, 'Traceback\nValueError: no GPU\n');
    await end(exit);
    expect(await trainer.poll(id, null, never)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(message) as string,
    });
  });

  test('whose supervisor was killed goes on under another', async () => {
    const { trainer, processes, id, place } = await submitted();
    await writeStarts(place, 1, 2);
    processes.running.clear();
    expect(await trainer.poll(id, null, never)).toMatchObject({ state: 'running' });
    expect(processes.started).toEqual([place, place]);
    expect((await trainer.poll(id, null, never)).state).toBe('running');
    expect(processes.started.length).toBe(2);
    expect(await trainer.submit(job, never)).toBe(id);
  });

  test('whose supervisors were all killed has failed, and nothing of it is left running', async () => {
    const { trainer, processes, id, place } = await submitted();
    await writeStarts(place, 1, 3);
    processes.running.clear();
    expect(await trainer.poll(id, null, never)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('killed 3 times') as string,
    });
    expect(processes.started).toEqual([place]);
    expect(processes.stopped).toEqual([place]);
    // A new attempt is counted anew.
    const again = await trainer.submit(job, never);
    processes.running.clear();
    expect((await trainer.poll(again, null, never)).state).toBe('running');
  });

  test('that goes on after our crash is adopted, not started again', async () => {
    const { trainer, processes, id } = await submitted();
    expect(await trainer.find(hash, never)).toBe(id);
    expect(await trainer.submit(job, never)).toBe(id);
    expect(processes.started.length).toBe(1);
  });

  test('that failed is started again in a folder of its own', async () => {
    const { trainer, processes, id, place, end } = await submitted();
    await end({ code: 1 });
    const again = await trainer.submit(job, never);
    expect(again).not.toBe(id);
    expect(processes.started.length).toBe(2);
    expect((await readStart(place))!.command).toContain(jobFiles(place, 2).rows);
    expect((await readStart(place))!.command).toContain(`--out=${jobFiles(place, 2).out}`);
    expect((await trainer.poll(again, null, never)).state).toBe('running');
    expect((await trainer.poll(id, null, never)).state).toBe('failed');
  });

  test('that is cancelled is ended as a whole and stays so', async () => {
    const { trainer, processes, id, place } = await submitted();
    await trainer.cancel(id);
    expect(processes.stopped).toEqual([place]);
    expect((await trainer.poll(id, null, never)).state).toBe('cancelled');
    await trainer.cancel(id);
    expect(processes.stopped.length).toBe(1);
  });

  test('cancelled by a process that died meanwhile is ended before another begins', async () => {
    const { trainer, processes, end, place } = await submitted();
    await end({ cancelled: true });
    processes.running.add(place);
    expect(await trainer.submit(job, never)).toMatch(/-2$/);
    expect(processes.stopped).toEqual([place]);
  });

  test('nobody knows is told from others', async () => {
    const { trainer } = make();
    await expect(trainer.poll(`command-${'f'.repeat(32)}-1`, null, never)).rejects.toThrow(UnknownJob);
    await expect(trainer.poll('ftjob-1', null, never)).rejects.toThrow(UnknownJob);
    expect(await trainer.find(hash, never)).toBeNull();
  });
});

test.each<readonly [string, object | null]>([
  [
    '{"type":"progress","step":3,"steps":9,"loss":0.5}',
    { message: 'step 3 of 9, loss 0.5', step: 3, steps: 9, loss: 0.5 },
  ],
  ['{"type":"message","message":"hello"}', { message: 'hello' }],
  ['{"loss":"1.25","epoch":"0.5"}', { message: 'epoch 0.5, loss 1.25', loss: 1.25, epoch: 0.5 }],
  [
    "{'loss': 2.3014, 'grad_norm': 0.9, 'learning_rate': 1e-05, 'epoch': 0.5}",
    { message: 'epoch 0.5, loss 2.301', loss: 2.3014, epoch: 0.5 },
  ],
  ["{'loss': '1.5e-05', 'epoch': '2'}", { message: 'epoch 2, loss 0.000015', loss: 1.5e-5, epoch: 2 }],
  ["{'train_runtime': 3.2, 'train_loss': 0.4, 'epoch': 1.0}", null],
  [
    'Iter 10: Train loss 2.313, Learning Rate 1e-05, It/sec 3',
    { message: 'step 10, loss 2.313', step: 10, loss: 2.313 },
  ],
  ['{"type":"done","trained_tokens":7}', { message: 'done', trainedTokens: 7 }],
  ['{"type":"failed"}', { message: 'failed', error: 'It gives no reason.' }],
  ['{"a":1}', null],
  ['{"type": broken', null],
  ['100%|###| 9/9', null],
])('the line %s', (line, said) => {
  expect(readLine(line)).toEqual(said);
});

test('placeholders', () => {
  const values = { rows: '/r x', targets: ['a', 'b'], seed: '$&' } as unknown as PlaceholderValues;
  expect(fillArguments(['{rows}', '{targets}', '--t={targets}', '{"a": 1}'], values)).toEqual([
    '/r x',
    'a',
    'b',
    '--t=a,b',
    '{"a": 1}',
  ]);
  expect(fillText('{seed} {rows}', values)).toBe('$& /r x');
});

describe('code in a command', () => {
  test.each([
    [['sh', '-c', 'train --model {model}'], '{model}', 'sh'],
    [['/bin/bash', '-lc', 'cp {rows} x'], '{rows}', 'bash'],
    [['env', 'python3.12', '-u', '-c', 'train("{parent}")'], '{parent}', 'python3.12'],
    [['cmd.exe', '/c', 'train {out}'], '{out}', 'cmd.exe'],
    [['pwsh', '-Command', 'train {targets}'], '{targets}', 'pwsh'],
  ] as const)('%j holds no name: it could become code', (command, placeholder, program) => {
    expect(() => checkPlaceholders(command, 'x.command')).toThrow(
      `x.command in bettertogether.json puts ${placeholder} into code that ${program} runs`,
    );
  });

  test.each([
    [['sh', '-c', 'exec train --epochs {epochs} --model "$1"', 'sh', '{model}']],
    [['axolotl', '-c', '{folder}/axolotl.yml']],
    [['python', '-m', 'trainer', '--rows', '{rows}', '-e', '{epochs}']],
  ])('%j is as it should be', (command) => {
    expect(() => checkPlaceholders(command, 'x.command')).not.toThrow();
  });

  test('gets names as arguments, as the documentation shows for mlx-lm', () => {
    const docs = readFileSync(new URL('../../../docs/training-back-ends.md', import.meta.url), 'utf8');
    const written = /"command": (\["sh", "-c", [^\]]*\])/.exec(docs)![1]!;
    const command = JSON.parse(written) as string[];
    expect(() => checkPlaceholders(command, 'x.command')).not.toThrow();
    const folder = mkdtempSync(join(tmpdir(), "bt $(touch pwned) '; touch pwned; '-"));
    try {
      writeFileSync(join(folder, 'rows'), 'a\n');
      writeFileSync(join(folder, 'mlx_lm.lora'), `#!/bin/sh\nprintf '%s\\0' "$@"\n`, { mode: 0o755 });
      const names = { rows: join(folder, 'rows'), data: folder, out: `${folder}/out`, model: '$(touch pwned)' };
      const values = { ...names, batchSize: '4', learningRate: '1e-4' } as unknown as PlaceholderValues;
      const [program, ...args] = fillArguments(command, values);
      const env = { PATH: `${folder}:${process.env['PATH']}` };
      const { stdout, stderr } = spawnSync(program!, args, { cwd: folder, env, encoding: 'utf8' });
      expect(stderr).toBe('');
      const given = stdout.split('\0');
      expect(given[given.indexOf('--data') + 1]).toBe(folder);
      expect(given[given.indexOf('--model') + 1]).toBe('$(touch pwned)');
      expect(readdirSync(folder).sort()).toEqual(['mlx_lm.lora', 'rows', 'valid.jsonl']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
