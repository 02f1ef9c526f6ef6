import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { AdapterGguf } from '../../finetune/serving/llamaServer.ts';
import type { Home } from '../../home/home.ts';
import { trainerSources } from '../../home/home.ts';
import { runCommand } from '../../embedded/setup/command.ts';
import { venvPython } from '../../embedded/setup/python.ts';

export interface GgufRequest {
  /** PEFT folder. */
  readonly peft: string;
  /** The base, as the trainer calls it. */
  readonly base: string;
  /** The file to make. */
  readonly out: string;
}

/** @returns why there is no GGUF; `null`: it is there. */
export type GgufMaker = (request: GgufRequest) => Promise<string | null>;

/**
 * Makes GGUF adapters with the embedded endpoint's trainer. It is not installed for this, and nothing is downloaded:
 * all that is read of the base is its configuration, where this machine has it.
 */
export function ggufMaker(home: Pick<Home, 'venv'>, env: NodeJS.ProcessEnv): GgufMaker {
  const python = venvPython(home.venv);
  return async ({ peft, base, out }) => {
    if (!existsSync(python)) return 'the trainer is not installed here (`bettertogether setup` installs it)';
    const args = ['-m', 'bettertogether_trainer.export_gguf', '--base', base, '--out', out, peft];
    const offline = { PYTHONPATH: trainerSources(), PYTHONDONTWRITEBYTECODE: '1', HF_HUB_OFFLINE: '1' };
    const { code, stderr } = await runCommand(python, args, { env: { ...env, ...offline } });
    if (code === 0) return null;
    const last = stderr.trim().split('\n').at(-1)?.trim() ?? '';
    return last === '' ? `the converter ended with code ${String(code)}` : last;
  };
}

/** The GGUF that our own trainer leaves beside its PEFT folder; `null`: there is none. */
export function ggufBeside(peft: string): string | null {
  const beside = join(dirname(peft), 'adapter.gguf');
  return basename(peft) === 'peft' && existsSync(beside) ? beside : null;
}

/** The GGUF of an adapter, for a server that loads no other: the one beside it, or one that is made in its folder. */
export function adapterGguf(make: GgufMaker, base: string): AdapterGguf {
  return async (peft) => {
    const made = join(peft, 'adapter.gguf');
    const file = ggufBeside(peft) ?? (existsSync(made) ? made : null);
    if (file !== null) return { file };
    const missing = await make({ peft, base, out: made });
    return missing === null ? { file: made } : { missing };
  };
}
