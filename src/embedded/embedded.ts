import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { HumanError, UsageError } from '../base/errors.ts';
import type { Home } from '../home/home.ts';
import { resolveHome } from '../home/home.ts';
import { withPrivateFiles } from '../home/private.ts';

export interface EmbeddedOptions {
  readonly home?: Home;
  /** A GGUF instead of the default model. */
  readonly model?: string;
  readonly port?: number;
  readonly threads?: number;
  /** Set-up progress and everything else the endpoint has to say. */
  readonly onLog?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface EmbeddedEndpoint {
  /** `http://127.0.0.1:<port>/v1` */
  readonly baseURL: string;
  /** The file that holds its key: the home's token. */
  readonly tokenFile: string;
  readonly port: number;
  /** The served name of the base model. */
  readonly modelName: string;
  /** SHA-256 of its file: what identifies this endpoint in memo keys. */
  readonly modelHash: string;
  /** The file itself. */
  readonly modelPath: string;
  readonly pid: number;
  /** Settles when the process ends, with its exit code; `null` when a signal ended it. */
  readonly exited: Promise<number | null>;
  close(): Promise<void>;
}

const announcementSchema = z.discriminatedUnion('ready', [
  z.object({
    ready: z.literal(true),
    port: z.int(),
    model: z.string(),
    modelHash: z.string(),
    modelPath: z.string(),
  }),
  z.object({ ready: z.literal(false), error: z.string(), usage: z.boolean() }),
]);

/** How long a closing endpoint may take before it is killed. */
const closeMs = 8000;

/**
 * Starts the embedded endpoint in a process of its own, which ends with this one: a crash of llama.cpp costs a
 * restart, not a run, and generating does not hold up this event loop.
 *
 * @throws UsageError when the model given is not a model file; HumanError when it cannot be set up or started.
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedEndpoint> {
  const home = options.home ?? resolveHome();
  options.signal?.throwIfAborted();
  const child = withPrivateFiles(() =>
    spawn(process.execPath, [...entry(), '--parent', ...flags(options)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      // ELECTRON_RUN_AS_NODE: inside the editor, execPath is the editor's.
      env: { ...process.env, BETTERTOGETHER_HOME: home.root, ELECTRON_RUN_AS_NODE: '1' },
    }),
  );
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stderr }).on('line', (line) => options.onLog?.(line));
  const exited = new Promise<number | null>((resolve) => {
    child.on('error', () => {
      resolve(null);
    });
    child.on('close', resolve);
  });
  const abort = (): void => {
    child.kill();
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const said = await Promise.race([firstLine(child.stdout), exited.then(() => null)]);
    options.signal?.throwIfAborted();
    const announcement = announcementSchema.safeParse(said === null ? null : JSON.parse(said));
    if (!announcement.success)
      throw new HumanError('The embedded endpoint stopped before it answered; its log says why.');
    if (!announcement.data.ready) {
      const { error, usage } = announcement.data;
      throw usage ? new UsageError(error) : new HumanError(error);
    }
    const { port, model, modelHash, modelPath } = announcement.data;
    return {
      baseURL: `http://127.0.0.1:${String(port)}/v1`,
      tokenFile: home.token,
      port,
      modelName: model,
      modelHash,
      modelPath,
      pid: child.pid ?? -1,
      exited,
      async close() {
        child.stdin.end();
        const killer = setTimeout(() => child.kill('SIGKILL'), closeMs);
        await exited;
        clearTimeout(killer);
      },
    };
  } catch (error) {
    child.kill();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | null> {
  return await new Promise((resolve) => {
    createInterface({ input: stream })
      .once('line', resolve)
      .once('close', () => {
        resolve(null);
      });
  });
}

/** The bundle beside us once built; in the sources `main.ts`, through the loader that runs TypeScript. */
function entry(): readonly string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundle = join(here, 'embedded.js');
  if (existsSync(bundle)) return [bundle];
  const loader = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  return [loader, join(here, 'main.ts')];
}

function flags({ model, port, threads }: EmbeddedOptions): readonly string[] {
  return [
    ...(model === undefined ? [] : ['--model', model]),
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
  ];
}
