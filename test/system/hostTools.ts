import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { LmAnswer, LmCall } from '../../src/data/lm.ts';
import type { ProgramDescription, ProgramState } from '../../src/data/program.ts';
import type { CallLm, RunRequest } from '../../src/engine/interfaces.ts';
import type { ProgramHost } from '../../src/host/hostClient.ts';
import { startNodeHost } from '../../src/host/nodeHost.ts';
import type { NodeHostOptions } from '../../src/host/nodeHost.ts';
import type { LogParams } from '../../src/host/protocol.ts';
import { bundleHost } from './bundle.ts';
import type { Bundles } from './bundle.ts';

const fixtures = fileURLToPath(new URL('../fixtures/programs', import.meta.url));

export interface Workspace {
  readonly folder: string;
  write(file: string, text: string): void;
  /** The line, from 1, of a file on which `text` stands. */
  lineOf(file: string, text: string): number;
  dispose(): void;
}

/** A workspace outside of this repository with the fixture programs in it, and nothing installed. */
export function makeWorkspace(): Workspace {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bettertogether-ws-')));
  cpSync(fixtures, folder, { recursive: true });
  return {
    folder,
    write(file, text) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    },
    lineOf(file, text) {
      const lines = readFileSync(join(folder, file), 'utf8').split('\n');
      return lines.findIndex((line) => line.includes(text)) + 1;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface NodeHosts {
  /** From `beforeAll` on. */
  readonly workspace: Workspace;
  readonly bundles: Bundles;
  /** What hosts logged in this test. */
  readonly logs: LogParams[];
  /** A host for a program of the workspace, closed after the test. */
  start(program: string, more?: Partial<NodeHostOptions>): Promise<ProgramHost>;
}

/** Has the host bundled and a workspace made before a file's tests. */
export function nodeHosts(): NodeHosts {
  let bundles: Bundles;
  let workspace: Workspace;
  const logs: LogParams[] = [];
  const open: ProgramHost[] = [];
  beforeAll(async () => {
    bundles = await bundleHost();
    workspace = makeWorkspace();
  });
  afterAll(() => {
    bundles.dispose();
    workspace.dispose();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((host) => host.close()));
    logs.length = 0;
  });
  return {
    get workspace() {
      return workspace;
    },
    get bundles() {
      return bundles;
    },
    logs,
    async start(program, more = {}) {
      const host = await startNodeHost({
        onLog: (log) => logs.push(log),
        entry: bundles.host,
        sdkPath: bundles.sdk,
        workspace: workspace.folder,
        program,
        metric: 'exactMatch:answer',
        adapter: 'chat',
        guided: 'auto',
        frozen: [],
        metricRange: [0, 1],
        ...more,
      });
      open.push(host);
      return host;
    },
  };
}

/** The state in which a program starts. */
export function startState(description: ProgramDescription, model = 'base'): ProgramState {
  return {
    predictors: Object.fromEntries(
      description.predictors.map(({ name, signature, demos }) => [
        name,
        { instructions: signature.instructions, demos, model },
      ]),
    ),
  };
}

export function request(
  state: ProgramState,
  question: string,
  more: { readonly id?: number; readonly collecting?: boolean; readonly labels?: Record<string, string> } = {},
): RunRequest {
  const inputs = { question };
  return {
    state,
    example: { id: more.id ?? 0, inputs, fields: { ...inputs, ...more.labels } },
    collecting: more.collecting ?? false,
  };
}

/** The last user turn of a call. */
export function lastTurn(call: LmCall): string {
  return call.prompt.kind === 'text' ? call.prompt.prompt : call.prompt.messages.at(-1)!.content;
}

/** What the chat format's prompt gives for an input field. */
export function inputOf(call: LmCall, field: string): string {
  const found = new RegExp(`\\[\\[ ## ${field} ## \\]\\]\\n([^]*?)\\n\\n`).exec(lastTurn(call));
  return found?.[1] ?? '';
}

export function answerWith(fields: Readonly<Record<string, string>>): LmAnswer {
  const text = [...Object.entries(fields), ['completed', ''] as const]
    .map(([name, value]) => `[[ ## ${name} ## ]]\n${value}`)
    .join('\n\n');
  return { text, finishReason: 'stop', usage: null, key: 'k', model: 'base', cached: false, seconds: 0 };
}

/** Answers every output field that a prompt in the chat format asks for by `about(field, question)`. */
export function fakeLm(about: (field: string, question: string) => string, seconds = 0): CallLm {
  return async (call) => {
    if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const question = inputOf(call, 'question');
    const fields = ['reasoning', 'search_query', 'answer', 'verdict'];
    const asked = fields.filter((field) => lastTurn(call).split('Respond with').at(-1)!.includes(`## ${field} ##`));
    return answerWith(Object.fromEntries(asked.map((field) => [field, about(field, question)])));
  };
}
