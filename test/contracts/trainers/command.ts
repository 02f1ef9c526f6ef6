import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCommandTrainer } from '../../../src/finetune/command/commandTrainer.ts';
import { jobFiles, readStart, writeExit } from '../../../src/finetune/command/jobFolder.ts';
import { FakeJobProcesses } from '../../fakes/fakeJobProcesses.ts';
import type { TrainingService } from '../trainer.ts';
import { pollSeconds } from './connections.ts';
import { adapterSurroundings } from './served.ts';

/** A command of the user's whose processes are played: what they print, leave and end with. */
export async function commandTraining(): Promise<TrainingService> {
  const around = await adapterSurroundings();
  const processes = new FakeJobProcesses();
  const current = async () => {
    const place = processes.started.at(-1)!;
    const { attempt } = (await readStart(place))!;
    return { place, attempt, files: jobFiles(place, attempt) };
  };
  const print = async (line: object) => appendFile((await current()).files.output, `${JSON.stringify(line)}\n`);
  const end = async (code: number) => {
    const { place, attempt } = await current();
    await writeExit(place, attempt, { code, signal: null });
    processes.running.delete(place);
  };
  return {
    connect: () =>
      around.serve(
        createCommandTrainer({
          endpoint: 'lab',
          command: ['train', '{rows}', '{out}'],
          parentArguments: ['--adapter', '{parent}'],
          rowsFormat: 'apart',
          textAsChat: false,
          files: {},
          env: {},
          cwd: around.folder,
          folder: join(around.folder, 'jobs'),
          model: '/models/base',
          pollSeconds,
          stallSeconds: 60,
          processes,
        }),
      ),
    started: async () => processes.started.length,
    step: (step) => print({ type: 'progress', step, steps: 9, loss: 1 / step }),
    succeed: async () => {
      const { out } = (await current()).files;
      await mkdir(out, { recursive: true });
      await writeFile(join(out, 'adapter_config.json'), '{}');
      await writeFile(join(out, 'adapter_model.safetensors'), out);
      around.see(out);
      await print({ type: 'done', trained_tokens: 120 });
      await end(0);
    },
    fail: async (reason) => {
      await appendFile((await current()).files.errors, reason === '' ? '' : `${reason}\n`);
      await end(1);
    },
    close: around.close,
  };
}
