import { existsSync } from 'node:fs';
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
