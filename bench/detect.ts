import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDetector } from '../src/detect/detectFolder.ts';
import { goalLine } from './report.ts';

const count = 10_000;
/** One Python and one TypeScript file in so many files have programs, two each. */
const every = 100;

/** Looks for programs in generated files, then again after one of them changed. */
export async function detect(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-detect-'));
  try {
    const bytes = generate(folder);
    // What was written a moment ago is read again by the next scan (sourceReader.ts); no workspace is as young.
    await sleep(2500);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const detector = createDetector(folder);
    const first = await timed(() => detector.scan());
    delay.disable();
    const programs = detector.found().programs.length;
    const expected = (4 * count) / every;
    if (programs !== expected) throw new Error(`Expected ${expected} programs, found ${programs}.`);
    const again = await timed(() => detector.scan());
    const changed = await timed(() => detector.update(path(0), `${python(0)}\n\nclass Late(Program0):\n    pass\n`));
    console.log(
      `detect: ${count} files, ${(bytes / 1e6).toFixed(0)} MB, ${programs} programs: ${first.toFixed(0)} ms, ` +
        `again ${again.toFixed(0)} ms, one changed file ${changed.toFixed(1)} ms; ` +
        `event loop held at most ${(delay.max / 1e6).toFixed(0)} ms, 99 % under ${(delay.percentile(99) / 1e6).toFixed(0)} ms`,
    );
    console.log(goalLine('seconds for the first look: at most 1', first / 1000, first <= 1000));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Python in even places, TypeScript in odd ones. Returns the size of it all. */
function generate(folder: string): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    if (i % 100 === 0) mkdirSync(join(folder, `part${i / 100}`));
    const text = i % 2 === 0 ? python(i) : typescript(i);
    writeFileSync(join(folder, path(i)), text);
    bytes += text.length;
  }
  return bytes;
}

function path(i: number): string {
  return `part${Math.floor(i / 100)}/file${i}.${i % 2 === 0 ? 'py' : 'ts'}`;
}

function python(i: number): string {
  const filler = Array.from(
    { length: 80 },
    (_, n) =>
      `def helper_${i}_${n}(values, scale=${n}):\n    """Adds up what is given."""\n    return sum(values) * scale\n`,
  );
  if (i % every !== 0) return `import os\nfrom typing import Any\n\n${filler.join('\n')}`;
  return `import dspy\n\n${filler.join('\n')}
class Program${i}(dspy.Module):
    def __init__(self):
        super().__init__()
        self.search = [dspy.ChainOfThought("context, question -> query") for _ in range(2)]
        self.answer = dspy.Predict("context, question -> answer")

    def forward(self, question):
        return self.answer(context=[], question=question)


ask${i} = dspy.Predict("question -> answer")
`;
}

function typescript(i: number): string {
  const filler = Array.from(
    { length: 80 },
    (_, n) =>
      `export function helper${n}(values: readonly number[], scale = ${n}): number {\n  return values.length * scale;\n}\n`,
  );
  if (i % every !== 1) return `import { join } from 'node:path';\n\n${filler.join('\n')}`;
  return `import { ChainOfThought, Module, Predict } from 'bettertogether';\n\n${filler.join('\n')}
export class Program${i} extends Module {
  search = [0, 1].map(() => new ChainOfThought('context: string[], question -> query'));
  answer = new Predict('context: string[], question -> answer');
  async forward({ question }: { question: string }) {
    return this.answer({ context: [], question });
  }
}
export const ask${i} = new Predict('question -> answer');
`;
}
