/** llama.cpp's own server. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveHome } from '../../../src/home/home.ts';
import { must } from './command.ts';
import { freePort, startServer, type Server } from './serverProcess.ts';

export interface LlamaServerOptions {
  /** What calls name the model as. */
  readonly model: string;
  /** How it starts but for its address: `-m FILE.gguf`, or `--models-preset FILE.ini`. */
  readonly args: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
}

export async function startLlamaServer({ model, args, port: given }: LlamaServerOptions): Promise<Server> {
  const port = given ?? (await freePort());
  return startServer({
    ...{ name: 'llama-server', model, port, ready: '/health' },
    command: [llamaServer(), '--host', '127.0.0.1', '--port', String(port), ...args],
  });
}

const platform = `${process.platform}-${process.arch}`;

/** Built once, of the sources and over the libraries of node-llama-cpp; asks for CMake and a C++ compiler. */
function llamaServer(): string {
  const home = resolveHome();
  const folder = join(home.root, 'llama-server');
  const program = join(folder, 'llama-server');
  if (existsSync(program)) return program;
  const packages = join(home.runtime, 'node_modules');
  const libraries = join(packages, '@node-llama-cpp', platform, 'bins', platform);
  const draft = `${folder}.part`;
  const [source, build] = [join(draft, 'source'), join(draft, 'build')];
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  must(['git', 'clone', '--quiet', join(packages, 'node-llama-cpp', 'llama', 'gitRelease.bundle'), source]);
  const given = [`-DLLAMA_SOURCE=${source}`, `-DLLAMA_LIBS=${libraries}`];
  must(['cmake', '-S', fileURLToPath(new URL('llamaServer', import.meta.url)), '-B', build, ...given]);
  must(['cmake', '--build', build, '--parallel', '2']);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // It looks for its libraries, and for the one that suits this processor, beside itself.
  for (const name of readdirSync(libraries).filter((file) => file.endsWith('.so')))
    symlinkSync(join(libraries, name), join(folder, name));
  renameSync(join(build, 'llama-server'), program);
  rmSync(draft, { recursive: true, force: true });
  return program;
}
