/** The `command` back end with real processes: a small script trains, and everything around it is killed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCommandTrainer } from '../../../src/finetune/command/commandTrainer.ts';
import { jobFiles } from '../../../src/finetune/command/jobFolder.ts';
import type { AdapterJob, AdapterStatus } from '../../../src/finetune/serving/servedTrainer.ts';
import { jobProcesses } from '../../../src/run/services/jobProcesses.ts';
import { lockHolder } from '../../../src/run/record/lock.ts';

const never = new AbortController().signal;
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Writes down that it began, starts a child of its own, and works until the file `go` is there; or kills itself. */
const script = `
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const [out, folder, manner] = process.argv.slice(2);
if (manner === 'stubborn') process.on('SIGTERM', () => undefined);
appendFileSync(folder + '/found', readdirSync(out).length + ' ');
writeFileSync(out + '/checkpoint', '');
process.stdout.write('{"type": "progr');
if (manner === 'hopeless' || (manner === 'unlucky' && !existsSync(folder + '/begun'))) {
  appendFileSync(folder + '/begun', process.pid + '\\n');
  process.kill(process.pid, 'SIGKILL');
}
process.stdout.write('\\n');
const helper = spawn('sleep', ['600'], { stdio: 'ignore' });
appendFileSync(folder + '/begun', process.pid + ' ' + helper.pid + '\\n');
console.log(JSON.stringify({ type: 'progress', step: 1, steps: 2, epoch: 1, loss: 0.5 }));
const timer = setInterval(() => {
  if (!existsSync(folder + '/go')) return;
  clearInterval(timer);
  mkdirSync(out, { recursive: true });
  writeFileSync(out + '/adapter_config.json', '{}');
  writeFileSync(out + '/adapter_model.safetensors', 'w');
  console.log(JSON.stringify({ type: 'done', trained_tokens: 9 }));
  helper.kill();
  process.exit(0);
}, 20);
`;

const hash = '89abcdef'.repeat(8);
const job: AdapterJob = {
  hash,
  parent: 'base',
  parentFolder: null,
  set: {
    method: 'supervised',
    rows: [{ predictor: 'p', prompt: { kind: 'text', prompt: 'Q' }, completion: 'A', end: null }],
  },
  hyperParameters: {
    epochs: 1,
    learningRate: 1e-4,
    schedule: 'constant',
    batchSize: 1,
    lora: { rank: 1, alpha: 1, targets: 'all-linear' },
    seed: 0,
  },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-processes-'));
  writeFileSync(join(folder, 'train.mjs'), script);
});
afterEach(async () => {
  await jobProcesses.stop(place());
  rmSync(folder, { recursive: true, force: true });
});

const place = () => join(folder, 'jobs', hash.slice(0, 32));

function trainer(command = [process.execPath, 'train.mjs', '{out}', folder]) {
  return createCommandTrainer({
    endpoint: 'lab',
    command,
    parentArguments: null,
    rowsFormat: 'messages',
    textAsChat: false,
    files: {},
    env: {},
    cwd: folder,
    folder: join(folder, 'jobs'),
    model: 'base',
    pollSeconds: 0.05,
    stallSeconds: 60,
    processes: jobProcesses,
  });
}

/** Every process that the script and its helpers were, oldest first. */
function begun(): readonly (readonly number[])[] {
  const file = join(folder, 'begun');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => line.split(' ').map(Number));
}

/** Zombies, which only wait for somebody to look, count as dead. */
function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const go = () => {
  writeFileSync(join(folder, 'go'), '');
};
const hasBegun = (times: number) => expect.poll(() => begun().length, { timeout: 60_000 }).toBe(times);

async function over(id: string): Promise<AdapterStatus> {
  for (;;) {
    const status = await trainer().poll(id, null, never);
    if (status.state !== 'running') return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a command', { timeout: 120_000 }, () => {
  it('trains, is followed, and leaves its adapter', async () => {
    const id = await trainer().submit(job, never);
    await hasBegun(1);
    expect(await trainer().poll(id, null, never)).toMatchObject({ state: 'running', events: [{ step: 1, loss: 0.5 }] });
    go();
    expect(await over(id)).toMatchObject({
      state: 'succeeded',
      trainedTokens: 9,
      adapter: { folder: jobFiles(place(), 1).out },
    });
    expect(jobProcesses.isRunning(place())).toBe(false);
  });

  it('that cannot be started says so', async () => {
    const id = await trainer(['no-such-trainer']).submit(job, never);
    expect(await over(id)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/could not be started.*ENOENT/) as string,
    });
  });

  it('goes on when whoever started it is killed, and is adopted', async () => {
    const starter = join(folder, 'starter.ts');
    const source = (path: string) => JSON.stringify(join(root, 'src', path));
    writeFileSync(
      starter,
      `import { jobProcesses } from ${source('run/services/jobProcesses.ts')};
       import { createCommandTrainer } from ${source('finetune/command/commandTrainer.ts')};
       const trainer = createCommandTrainer({ ...${JSON.stringify({ ...optionsOf(), command: [process.execPath, 'train.mjs', '{out}', folder] })}, processes: jobProcesses });
       trainer.submit(${JSON.stringify(job)}, new AbortController().signal).then(() => setInterval(() => undefined, 1000));`,
    );
    const jiti = join(root, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs');
    const run = spawn(process.execPath, [jiti, starter], { stdio: 'ignore', detached: true });
    await hasBegun(1);
    process.kill(-run.pid!, 'SIGKILL');
    const id = await trainer().find(hash, never);
    expect(id).not.toBeNull();
    expect((await trainer().poll(id!, null, never)).state).toBe('running');
    expect(await trainer().submit(job, never)).toBe(id);
    go();
    expect((await over(id!)).state).toBe('succeeded');
    expect(begun().length).toBe(1);
  });

  it('whose supervisor is killed is ended, and started again only after that', async () => {
    const id = await trainer().submit(job, never);
    await hasBegun(1);
    process.kill(lockHolder(jobFiles(place()).lock)!.pid, 'SIGKILL');
    await expect.poll(() => jobProcesses.isRunning(place())).toBe(false);
    const again = await trainer().submit(job, never);
    expect(again).not.toBe(id);
    await hasBegun(2);
    const [first, second] = begun();
    expect(first!.map(alive)).toEqual([false, false]);
    expect(second!.map(alive)).toEqual([true, true]);
    go();
    expect((await over(again)).state).toBe('succeeded');
  });

  it('found by several at once is started once', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => trainer().submit(job, never)));
    await hasBegun(1);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(begun().length).toBe(1);
    expect(new Set(ids).size).toBe(1);
  });

  it('that is killed is started again within the same job, from the rows', async () => {
    const id = await trainer([process.execPath, 'train.mjs', '{out}', folder, 'unlucky']).submit(job, never);
    await hasBegun(2);
    const { state, events } = await trainer().poll(id, null, never);
    expect(state).toBe('running');
    expect(events.map(({ message }) => message)).toContain('trainer was killed; started again (2 of 3)');
    go();
    expect(await over(id)).toMatchObject({ state: 'succeeded', trainedTokens: 9 });
    // What the killed one had left in its folder was gone.
    expect(readFileSync(join(folder, 'found'), 'utf8')).toBe('0 0 ');
    expect(await trainer().find(hash, never)).toBe(id);
  });

  it('that is killed each time has failed after the third, and says so', async () => {
    const id = await trainer([process.execPath, 'train.mjs', '{out}', folder, 'hopeless']).submit(job, never);
    expect(await over(id)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/killed 3 times \(SIGKILL\)\..*memory/) as string,
    });
    expect(begun().length).toBe(3);
  });

  it('whose supervisor is killed goes on under another when it is asked for, with the same id', async () => {
    const id = await trainer().submit(job, never);
    await hasBegun(1);
    process.kill(lockHolder(jobFiles(place()).lock)!.pid, 'SIGKILL');
    await expect.poll(() => jobProcesses.isRunning(place())).toBe(false);
    // As an engine does that resumes: it looks whether the job it knows is alive.
    expect((await trainer().poll(id, null, never)).state).toBe('running');
    await hasBegun(2);
    const [first, second] = begun();
    expect(first!.map(alive)).toEqual([false, false]);
    expect(second!.map(alive)).toEqual([true, true]);
    go();
    expect((await over(id)).state).toBe('succeeded');
  });

  it('whose machine goes down is left unfinished, not started again by who goes down as well', async () => {
    const id = await trainer().submit(job, never);
    await hasBegun(1);
    process.kill(-lockHolder(jobFiles(place()).lock)!.pid, 'SIGTERM');
    await expect.poll(() => jobProcesses.isRunning(place()), { timeout: 20_000 }).toBe(false);
    expect(begun().length).toBe(1);
    expect((await trainer().poll(id, null, never)).state).toBe('running');
    await hasBegun(2);
    go();
    expect((await over(id)).state).toBe('succeeded');
  });

  it.each(['', 'stubborn'])('is cancelled with all it started, %s or not', async (manner) => {
    const id = await trainer([process.execPath, 'train.mjs', '{out}', folder, manner]).submit(job, never);
    await hasBegun(1);
    await trainer().cancel(id);
    expect(begun()[0]!.map(alive)).toEqual([false, false]);
    expect((await trainer().poll(id, null, never)).state).toBe('cancelled');
    expect(jobProcesses.isRunning(place())).toBe(false);
  });
});

function optionsOf() {
  return {
    ...{ endpoint: 'lab', parentArguments: null, rowsFormat: 'messages', textAsChat: false, files: {}, env: {} },
    ...{ cwd: folder, folder: join(folder, 'jobs'), model: 'base', pollSeconds: 0.05, stallSeconds: 60 },
  };
}
