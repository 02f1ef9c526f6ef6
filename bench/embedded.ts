/**
 * How fast the embedded endpoint answers, in each form of its model, and beside it llama.cpp's own server and vLLM with the same
 * weights (`BENCH_BESIDE=llama-server,vllm`, which are built and installed first): short classifications in a grammar over
 * the labels, 8 calls at once, over HTTP. `unshared`: no two prompts begin alike; `shared`: all begin with the same demos. All are
 * asked the same, and greedy answers are compared with those of bfloat16, which has the weights as they came almost exactly.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { startEmbedded } from '../src/embedded/embedded.ts';
import { formVariable } from '../src/embedded/forms/servedForm.ts';
import { readToken } from '../src/home/token.ts';
import { baseModel } from '../test/soak/servers/baseModel.ts';
import { startLlamaServer } from '../test/soak/servers/llamaServer.ts';
import { startVllm } from '../test/soak/servers/vllm.ts';

const forms = ['bf16', 'q4_1', 'q8_0', 'q4_0'] as const;
const kinds = ['unshared', 'shared'] as const;
const requests = 24;
const inFlight = 8;
const demos = 5;

const rowSchema = z.object({ utterance: z.string(), answer: z.string() });
type Row = z.infer<typeof rowSchema>;
const answerSchema = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]),
  usage: z.object({
    prompt_tokens: z.int(),
    // vLLM says so only where it is started with another option.
    prompt_tokens_details: z.object({ cached_tokens: z.int() }).nullish(),
  }),
});

/** One that is asked, and ended afterwards. */
interface Asked {
  readonly baseURL: string;
  readonly model: string;
  /** The bearer of requests, where it wants one. */
  readonly token?: string;
  stop(): Promise<unknown>;
}

async function embeddedIn(form: string): Promise<Asked> {
  process.env[formVariable] = form;
  const { baseURL, modelName, tokenFile, close } = await startEmbedded();
  return { baseURL, model: modelName, token: readToken(tokenFile), stop: close };
}

const beside: Readonly<Record<string, () => Promise<Asked>>> = {
  // As many slots as calls are in flight, and the threads that the embedded endpoint takes on two cores.
  'llama-server': async () => {
    const { name, file } = await baseModel();
    const settings = ['-c', '8192', '-t', '2', '-tb', '2', '-np', String(inFlight)];
    return startLlamaServer({ model: name, args: ['-m', file, '--alias', name, ...settings] });
  },
  vllm: async () => {
    const { name, folder } = await baseModel();
    return startVllm({ model: name, folder, args: ['--enable-prompt-tokens-details'] });
  },
};

function rows(): readonly Row[] {
  const file = join(fileURLToPath(new URL('..', import.meta.url)), 'examples', 'intents', 'train.jsonl');
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => rowSchema.parse(JSON.parse(line)));
}

/** What every answer goes on from. */
const opened = { role: 'assistant', content: 'Domain:' };

/** The `index`-th request's body; the first characters of `opening` are what no other round begins with. */
function body(all: readonly Row[], opening: string, first: number, index: number): object {
  const shown = Array.from({ length: demos }, (_none, i) => all[(first + i * 13) % all.length]!);
  const turns = shown.flatMap(({ utterance, answer }) => [
    { role: 'user', content: `Utterance: ${utterance}` },
    { role: 'assistant', content: `Domain: ${answer}` },
  ]);
  const choice = [...new Set(all.map(({ answer }) => ` ${answer}`))];
  // llama-server's way to say the same.
  const grammar = `root ::= ${choice.map((label) => JSON.stringify(label)).join(' | ')}`;
  const asked = { role: 'user', content: `Utterance: ${all[(index * 3) % all.length]!.utterance}` };
  const instructions = { role: 'system', content: `${opening} Classify the user's utterance into one domain.` };
  const messages = [instructions, ...turns, asked, opened];
  const opens = { continue_final_message: true, add_generation_prompt: false };
  return { messages, temperature: 0, max_tokens: 8, structured_outputs: { choice }, grammar, ...opens };
}

interface Speed {
  readonly perSecond: number;
  /** Of a prompt, in tokens. */
  readonly length: number;
  readonly cached: number;
  readonly answers: readonly string[];
}

async function measure({ baseURL, model, token = 'none' }: Asked, kind: (typeof kinds)[number]): Promise<Speed> {
  const all = rows();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  let next = 0;
  const sum = { length: 0, cached: 0 };
  const answers: string[] = [];
  const worker = async (): Promise<void> => {
    while (next < requests) {
      const index = next++;
      const own = kind === 'shared' ? requests : index;
      const asked = { model, ...body(all, `${own}.`, own, index) };
      const url = `${baseURL}/chat/completions`;
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(asked) });
      const { usage, choices } = answerSchema.parse(await answer.json());
      // llama-server repeats what it was given to go on from.
      answers[index] = choices[0].message.content.replace(opened.content, '');
      sum.length += usage.prompt_tokens;
      sum.cached += usage.prompt_tokens_details?.cached_tokens ?? 0;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - began) / 1000;
  return { perSecond: requests / seconds, length: sum.length / requests, cached: sum.cached / requests, answers };
}

export async function embedded(): Promise<void> {
  console.log(`short classifications, ${requests} by ${inFlight} at once`);
  console.log('served by        prompts   requests/s  tokens  of them reused  answers of bf16');
  const named = process.env[formVariable] ?? '';
  const others = (process.env['BENCH_BESIDE'] ?? '').split(',').filter((name) => name !== '');
  const reference: Reference = {};
  for (const form of forms) await measured(`embedded, ${form}`, () => embeddedIn(form), reference);
  process.env[formVariable] = named;
  for (const name of others) {
    const start = beside[name];
    if (start === undefined) throw new Error(`BENCH_BESIDE names ${Object.keys(beside).join(', ')}, not "${name}"`);
    await measured(name, start, reference);
  }
}

/** Answers of the first that was asked, by kind of prompts. */
type Reference = Partial<Record<(typeof kinds)[number], readonly string[]>>;

async function measured(name: string, start: () => Promise<Asked>, reference: Reference): Promise<void> {
  const asked = await start();
  try {
    for (const kind of kinds) {
      const { perSecond, length, cached, answers } = await measure(asked, kind);
      const expected = (reference[kind] ??= answers);
      const same = answers.filter((answer, index) => answer === expected[index]).length;
      const numbers = [
        perSecond.toFixed(1).padStart(10),
        length.toFixed(0).padStart(7),
        cached.toFixed(0).padStart(15),
      ];
      console.log(`${name.padEnd(16)} ${kind.padEnd(9)} ${numbers.join(' ')} ${`${same} of ${requests}`.padStart(16)}`);
    }
  } finally {
    await asked.stop();
  }
}
