/** Damaged messages: what a program host says, and what an endpoint answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { expect } from 'vitest';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { mutateBytes, mutateValue } from '../../fakes/mutate.ts';
import { HumanError } from '../../../src/base/errors.ts';
import type { ProgramDescription } from '../../../src/data/program.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { CallRejected, EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { HostClient } from '../../../src/host/hostClient.ts';
import type { HostExit, HostProcess } from '../../../src/host/hostProcess.ts';
import { initializeRequest, pingRequest, runRequest, shutdownNotification } from '../../../src/host/protocol.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { createLanguageModel } from '../../../src/lm/languageModel.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { twoPredictors } from '../../unit/engine/fakes.ts';
import type { Cases } from './files.ts';

const outcome: ProgramOutcome = {
  prediction: { answer: 'a' },
  score: 1,
  seconds: 0.1,
  trace: [
    {
      predictor: 'a.predict',
      inputs: { question: 'q' },
      outputs: { answer: 'a' },
      lm: [],
      path: [],
      start: 0,
      seconds: 0.1,
    },
  ],
};

/** How the host damages what it says. */
type Damage =
  | { readonly kind: 'values'; readonly random: PythonRandom; readonly of: 'description' | 'outcome' }
  | { readonly kind: 'bytes'; readonly random: PythonRandom };

/** A host in this process that says damaged things: the first one it starts, that is; the next one is sound. */
function hostOf(damage: Damage | null): HostProcess {
  const [toHost, wire] = [new PassThrough(), new PassThrough()];
  const out = damage?.kind === 'bytes' ? wire.pipe(garbled(damage.random)) : wire;
  const connection = createMessageConnection(new StreamMessageReader(toHost), new StreamMessageWriter(wire));
  const told = <T>(what: 'description' | 'outcome', value: T): T =>
    damage?.kind === 'values' && damage.of === what ? (mutateValue(value, damage.random) as T) : value;
  connection.onRequest(initializeRequest, () => told<ProgramDescription>('description', twoPredictors));
  connection.onRequest(runRequest, () => told<ProgramOutcome>('outcome', outcome));
  connection.onRequest(pingRequest, () => ({ cpuSeconds: 0 }));
  let end: (exit: HostExit) => void = () => undefined;
  const exited = new Promise<HostExit>((resolve) => (end = resolve));
  const kill = () => {
    connection.dispose();
    end({ code: null, signal: 'SIGKILL', lastWords: '' } as unknown as HostExit);
  };
  connection.onNotification(shutdownNotification, kill);
  connection.listen();
  return {
    reader: new StreamMessageReader(out),
    writer: new StreamMessageWriter(toHost),
    exited,
    onPrint: () => undefined,
    whereBlocked: () => Promise.resolve(null),
    kill,
  };
}

/** Spoils one chunk of the stream, the third or one after it: the program has been described by then. */
function garbled(random: PythonRandom): Transform {
  let left = random.randint(2, 5);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, left-- === 0 ? mutateBytes(chunk, random) : chunk);
    },
  });
}

/** Messages of a host: each run ends with an outcome of the protocol's shape or an error that names the host. */
export async function damagedHostMessages({ seed, count }: Cases): Promise<number> {
  const random = new PythonRandom(seed);
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const where = `host message, seed ${seed}, case ${i}`;
    const damage: Damage =
      i % 10 === 0
        ? { kind: 'bytes', random }
        : { kind: 'values', random, of: i % 2 === 0 ? 'description' : 'outcome' };
    refused += (await oneHost(damage, where)) ? 0 : 1;
  }
  return refused;
}

async function oneHost(damage: Damage, where: string): Promise<boolean> {
  let spawned = 0;
  const initialize = {
    protocol: 2 as const,
    workspace: tmpdir(),
    program: 'a.ts#A',
    metric: 'exactMatch:answer',
    adapter: 'chat' as const,
    guided: 'auto' as const,
    frozen: [],
    metricRange: [0, 1] as [number, number],
  };
  const options = { blockedSeconds: 0.2, startTimeoutSeconds: 2, exampleSeconds: 1 };
  let client: HostClient | null = null;
  try {
    client = await HostClient.start(() => hostOf(spawned++ === 0 ? damage : null), initialize, options);
    const state = { predictors: {} };
    const example = { id: 0, inputs: { question: 'q' }, fields: { question: 'q', answer: 'a' } };
    const lm = () => Promise.reject(new Error('nobody asks'));
    const got = await Promise.race([
      client.run({ state, example, collecting: false }, lm, new AbortController().signal),
      hang(where),
    ]);
    expect([typeof got.score, Number.isFinite(got.score), Array.isArray(got.trace)], where).toEqual([
      'number',
      true,
      true,
    ]);
    return true;
  } catch (error) {
    if (!(error instanceof HumanError)) {
      expect(error, where).toBeInstanceOf(Error);
      expect((error as Error).message, where).toMatch(/host|protocol/i);
    }
    return false;
  } finally {
    await client?.close();
  }
}

async function hang(where: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
  throw new Error(`${where}: hangs`);
}

const reply = {
  id: 'cmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'base',
  choices: [{ index: 0, message: { role: 'assistant', content: 'The text — “as it is”.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};

/** Replies of an endpoint: the text that comes of one is the text that stands in it; everything else is refused. */
export async function damagedReplies({ seed, count }: Cases): Promise<number> {
  const random = new PythonRandom(seed);
  let body: Buffer = Buffer.alloc(0);
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-replies-'));
  const memo = await openMemo(folder);
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const connection = connect(defineEndpoint({ name: 'lab', baseURL }), { timeoutSeconds: 5 });
  const unlimited = { calls: null, tokens: null, usd: null };
  const gate = new Budget(unlimited, { calls: 0, tokens: 0, usd: 0 });
  const lm = createLanguageModel({
    connection,
    capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
    sampling: { temperature: 0, topP: 1, maxTokens: 10 },
    memo,
    gate,
    retry: { attempts: 2, firstSeconds: 0.0005, longestSeconds: 0.001, patienceSeconds: 5 },
    onWarning: () => undefined,
  });
  let refused = 0;
  try {
    for (let i = 0; i < count; i++) {
      const where = `reply, seed ${seed}, case ${i}`;
      body =
        i % 2 === 0
          ? mutateBytes(Buffer.from(JSON.stringify(reply)), random)
          : Buffer.from(JSON.stringify(mutateValue(reply, random)) ?? '');
      const messages = [{ role: 'user' as const, content: `case ${i}` }];
      const call = { model: 'base', prompt: { kind: 'chat' as const, messages }, stop: [] };
      try {
        const { text, usage } = await lm.complete(call, { round: 0, repeat: 0 }, new AbortController().signal);
        const said = JSON.parse(body.toString('utf8')) as typeof reply & { choices: { text?: string }[] };
        expect(text, where).toBe(said.choices[0]!.message?.content ?? said.choices[0]!.text);
        if (usage !== null) expect(usage.inputTokens, where).toBe(said.usage.prompt_tokens);
      } catch (error) {
        refused++;
        const kinds = [CallRejected, EndpointUnavailable, EndpointRefused];
        if (!kinds.some((kind) => error instanceof kind))
          throw new Error(`${where}: ${String(error)}`, { cause: error });
        expect((error as Error).message, where).toContain('Endpoint "lab"');
      }
      const { calls, tokens } = gate.spent;
      expect([Number.isFinite(calls), Number.isFinite(tokens)], where).toEqual([true, true]);
    }
  } finally {
    await memo.close();
    await connection.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
  return refused;
}
