import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { pythonWith } from '../test/soak/pythonWith.ts';
import { baseModel } from '../test/soak/servers/baseModel.ts';
import { drive } from './processes.ts';
import { goalLine, median } from './report.ts';

const measuredSchema = z.object({
  /** Prompt and completion tokens, each as often as it was trained on. */
  tokens: z.number(),
  seconds: z.number(),
  /** Of all threads. */
  cpu: z.number(),
  /** Mean over the last epoch. */
  loss: z.number(),
  /** Greatest resident set, MiB. */
  peak: z.number(),
});
type Trained = z.infer<typeof measuredSchema>;

const trainers = { ours: 'BetterTogether', trl: 'TRL 1.16.0, SFTTrainer' } as const;
type TrainerName = keyof typeof trainers;

/** The embedded endpoint's defaults, but for the epochs. */
const settings = { epochs: 1, learningRate: 4e-4, batchSize: 4, rank: 32, alpha: 64 } as const;
const rowCount = Number(process.env['BENCH_ROWS'] ?? 48);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

/**
 * Training tokens a second of the embedded endpoint's trainer and of TRL: the same tokens of `examples/intents`, model,
 * LoRA settings and threads, float32 on the CPU, one after the other in turns. `BENCH_ROUNDS` and `BENCH_ROWS` say how much.
 */
export async function training(): Promise<void> {
  const base = await baseModel();
  const pythons = { ours: base.python, trl: pythonWith('trl', ['trl==1.16.0']) };
  const threads = availableParallelism();
  const folder = mkdtempSync(join(tmpdir(), 'bt-bench-training-'));
  try {
    const rows = writeRows(folder);
    const models = { base: base.folder, model: base.file, sources: base.sources };
    const asked = { ...settings, ...models, folder, rows, threads };
    console.log(`Training ${base.name} on ${rowCount} rows of examples/intents, ${settings.epochs} epoch, batches of ${settings.batchSize}, LoRA rank ${settings.rank} on all linear layers,
float32 on ${threads} threads; medians of ${rounds} rounds, load ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores at the start.
`);
    const all: Record<TrainerName, Trained[]> = { ours: [], trl: [] };
    for (let round = 0; round < rounds; round++) {
      for (const by of ['ours', 'trl'] as const) {
        all[by].push(measuredSchema.parse(await drive('trainingDriver.py', pythons[by], { ...asked, by })));
      }
    }
    report(all);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(all: Readonly<Record<TrainerName, readonly Trained[]>>): void {
  console.log('                           tokens/s  tokens/CPU s   wall s    CPU s   MiB    loss');
  const perSecond = (by: TrainerName) => median(all[by].map(({ tokens, seconds }) => tokens / seconds));
  const perCpu = (by: TrainerName) => median(all[by].map(({ tokens, cpu }) => tokens / cpu));
  for (const [by, name] of Object.entries(trainers) as [TrainerName, string][]) {
    const of = (key: keyof Trained) => median(all[by].map((trained) => trained[key]));
    console.log(
      `${name.padEnd(25)} ${perSecond(by).toFixed(1).padStart(9)} ${perCpu(by).toFixed(1).padStart(13)} ` +
        `${of('seconds').toFixed(1).padStart(8)} ${of('cpu').toFixed(1).padStart(8)} ${of('peak').toFixed(0).padStart(5)} ${of('loss').toFixed(3).padStart(7)}`,
    );
  }
  const ratio = perSecond('ours') / perSecond('trl');
  console.log(goalLine("× TRL's tokens a second, at least 1", ratio, ratio >= 1));
}

const rowSchema = z.object({ utterance: z.string(), answer: z.string() });

/** Rows as the example's program would make of right answers. */
function writeRows(folder: string): string {
  const lines = readFileSync('examples/intents/train.jsonl', 'utf8').trim().split('\n').slice(0, rowCount);
  const labels = 'banking, food, travel, work, home';
  const system = `Classify the user's utterance into one domain. Answer with one of: ${labels}.`;
  const rows = lines.map((line) => {
    const { utterance, answer } = rowSchema.parse(JSON.parse(line));
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: `Utterance: ${utterance}` },
    ];
    return JSON.stringify({ messages, opened: 'Domain:', completion: ` ${answer}` });
  });
  const file = join(folder, 'rows.jsonl');
  writeFileSync(file, rows.join('\n') + '\n');
  return file;
}
