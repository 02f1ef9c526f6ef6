import type { Home } from '../../home/home.ts';
import type { LlamaModel, LlamaSequence, Runtime } from '../llama/nodeLlamaCpp.ts';
import { loadRuntime } from '../llama/nodeLlamaCpp.ts';

/** What programs ask of a small model: much to read, little to write. */
const promptTokens = 64;
const answerTokens = 4;
/** The first warms up; the second counts. */
const rounds = 2;

/**
 * Milliseconds that llama.cpp takes here for a prompt of 64 tokens and an answer of 4, with each of `files`. On one thread,
 * and of a processor its time at work, so that what else runs on the machine hardly shows.
 */
export async function measureModels(home: Home, files: readonly string[]): Promise<readonly number[]> {
  const runtime = await loadRuntime(home, 1);
  const times: number[] = [];
  try {
    // One after the other: together they would not fit into a small machine's memory.
    for (const file of files) times.push(await measure(runtime, file));
  } finally {
    await runtime.llama.dispose();
  }
  return times;
}

async function measure(runtime: Runtime, file: string): Promise<number> {
  const model = await runtime.llama.loadModel({ modelPath: file });
  try {
    return await lastRound(model, runtime.llama.gpu === false ? processorTime : () => performance.now());
  } finally {
    await model.dispose();
  }
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function lastRound(model: LlamaModel, now: () => number): Promise<number> {
  const contextSize = 2 * (promptTokens + answerTokens);
  const context = await model.createContext({
    sequences: 1,
    contextSize,
    batchSize: promptTokens,
    flashAttention: true,
  });
  try {
    const sequence = context.getSequence();
    let took = 0;
    for (let round = 0; round < rounds; round++) {
      await sequence.clearHistory();
      const before = now();
      await readAndWrite(sequence);
      took = now() - before;
    }
    return took;
  } finally {
    await context.dispose();
  }
}

/** Which tokens does not matter: each costs the same. */
async function readAndWrite(sequence: LlamaSequence): Promise<void> {
  await sequence.evaluateWithoutGeneratingNewTokens(Array.from({ length: promptTokens }, (_none, i) => 100 + i));
  for (let i = 0; i < answerTokens; i++) {
    const tokens = sequence.evaluate([200 + i], { temperature: 0 });
    await tokens.next();
    await tokens.return();
  }
}
