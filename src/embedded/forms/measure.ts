import type { Home } from '../../home/home.ts';
import type { LlamaModel, LlamaSequence, Runtime, Token } from '../llama/nodeLlamaCpp.ts';
import { loadRuntime } from '../llama/nodeLlamaCpp.ts';

/** What programs ask of a small model: much to read, little to write. */
const promptTokens = 64;
const answerTokens = 4;
/** The first warms up; the second counts. */
const rounds = 2;
/** Longer prompts are read by other code than single tokens are, whatever the form. */
const shortPromptTokens = 32;
/** Of probabilities that were to be equal, their total variation at most. */
const sameAtMost = 1e-4;

/** What llama.cpp makes of a model file here. */
export interface Measured {
  /** For a prompt of 64 tokens and an answer of 4, on one thread. */
  readonly milliseconds: number;
  /**
   * The next token has the same probabilities whether it comes of many tokens at once or of one. Where it has not, an answer
   * depends on what was asked before and is asked beside it, also with a seed: some processors multiply one vector of
   * bfloat16 by other code than several.
   */
  readonly steady: boolean;
}

/** Each of `files`. Of a processor its time at work counts, so that what else runs on the machine hardly shows. */
export async function measureModels(home: Home, files: readonly string[]): Promise<readonly Measured[]> {
  const runtime = await loadRuntime(home, 1);
  const all: Measured[] = [];
  try {
    // One after the other: together they would not fit into a small machine's memory.
    for (const file of files) all.push(await measure(runtime, file));
  } finally {
    await runtime.llama.dispose();
  }
  return all;
}

async function measure(runtime: Runtime, file: string): Promise<Measured> {
  const model = await runtime.llama.loadModel({ modelPath: file });
  try {
    return await measureModel(model, runtime.llama.gpu === false ? processorTime : () => performance.now());
  } finally {
    await model.dispose();
  }
}

async function measureModel(model: LlamaModel, now: () => number): Promise<Measured> {
  const contextSize = 2 * (promptTokens + answerTokens);
  const context = await model.createContext({
    sequences: 1,
    contextSize,
    batchSize: promptTokens,
    flashAttention: true,
  });
  try {
    const sequence = context.getSequence();
    return { milliseconds: await lastRound(sequence, now), steady: await isSteady(sequence) };
  } finally {
    await context.dispose();
  }
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function lastRound(sequence: LlamaSequence, now: () => number): Promise<number> {
  let took = 0;
  for (let round = 0; round < rounds; round++) {
    await sequence.clearHistory();
    const before = now();
    await readAndWrite(sequence);
    took = now() - before;
  }
  return took;
}

async function readAndWrite(sequence: LlamaSequence): Promise<void> {
  await sequence.evaluateWithoutGeneratingNewTokens(someTokens(promptTokens));
  for (let i = 0; i < answerTokens; i++) {
    const tokens = sequence.evaluate([200 + i], { temperature: 0 });
    await tokens.next();
    await tokens.return();
  }
}

async function isSteady(sequence: LlamaSequence): Promise<boolean> {
  const prompt = someTokens(shortPromptTokens);
  await sequence.clearHistory();
  const atOnce = await probabilitiesAfter(sequence, prompt);
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
  const alone = await probabilitiesAfter(sequence, prompt.slice(-1));
  return totalVariation(atOnce, alone) <= sameAtMost;
}

async function probabilitiesAfter(
  sequence: LlamaSequence,
  tokens: readonly Token[],
): Promise<ReadonlyMap<Token, number>> {
  const drawn = sequence.evaluateWithMetadata(tokens, { probabilities: true }, { temperature: 1, topK: 0, topP: 1 });
  const first = await drawn.next();
  await drawn.return();
  return first.done === true ? new Map() : first.value.probabilities;
}

function totalVariation(some: ReadonlyMap<Token, number>, others: ReadonlyMap<Token, number>): number {
  const tokens = new Set([...some.keys(), ...others.keys()]);
  let sum = 0;
  for (const token of tokens) sum += Math.abs((some.get(token) ?? 0) - (others.get(token) ?? 0));
  return sum / 2;
}

/** Which tokens does not matter for the time: each costs the same. */
function someTokens(count: number): readonly Token[] {
  return Array.from({ length: count }, (_none, i) => 100 + i);
}
