import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HumanError, UsageError, messageOf } from '../data/errors.ts';
import type { ProgramState } from '../data/program.ts';
import type { Home } from '../embedded/home.ts';

/** The tuned models a state answers with: every model of a predictor but the base. */
export function tunedModels(state: ProgramState, base: string): readonly string[] {
  const models = Object.values(state.predictors).map(({ model }) => model);
  return [...new Set(models)].filter((model) => model !== base);
}

/** A tuned model whose adapter is on this machine. */
export interface TunedWeights {
  readonly model: string;
  readonly base: string;
  /** The folder of the adapter, as PEFT and as GGUF. */
  readonly from: string;
}

/**
 * The weights behind a state, found before anything of the export is written.
 *
 * @throws UsageError when there is no tuned model, HumanError when its files are gone.
 */
export async function findWeights(
  state: ProgramState,
  base: string,
  home: Pick<Home, 'tuned'>,
): Promise<readonly TunedWeights[]> {
  const models = tunedModels(state, base);
  if (models.length === 0) {
    throw new UsageError('This state answers with the base model: no weight step changed it, so there are no weights.');
  }
  return await Promise.all(
    models.map(async (model) => {
      const from = join(home.tuned, fileName(model));
      const found = await stat(from).catch(() => undefined);
      if (found?.isDirectory()) return { model, base, from };
      throw new HumanError(`The adapter of "${model}" is not in ${home.tuned}. Resume the run: it is trained again.`);
    }),
  );
}

/** Copies adapters, each into a folder of its own in `folder`, with a note on how to serve them. Returns the folders. */
export async function copyWeights(weights: readonly TunedWeights[], folder: string): Promise<readonly string[]> {
  return await Promise.all(weights.map((one) => copyModel(one, folder)));
}

async function copyModel({ model, base, from }: TunedWeights, folder: string): Promise<string> {
  const to = join(folder, fileName(model));
  try {
    await mkdir(to, { recursive: true });
    await cp(from, to, { recursive: true });
    await writeFile(join(to, 'README.md'), serveNote(model, base, await readdir(to, { recursive: true })));
  } catch (error) {
    throw new HumanError(`The weights could not be copied to ${to}: ${messageOf(error)}.`, { cause: error });
  }
  return to;
}

/** A served name as a folder's name: names that a URL or a path could read otherwise do not reach outside. */
function fileName(model: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@-]*$/.test(model) || model.includes('..')) {
    throw new HumanError(`The model "${model}" has a name that cannot be a folder's.`);
  }
  return model;
}

function serveNote(model: string, base: string, files: readonly string[]): string {
  const gguf = files.find((file) => file.endsWith('.gguf')) ?? 'adapter.gguf';
  const config = files.find((file) => file.endsWith('adapter_config.json')) ?? 'adapter_config.json';
  const peft = config.includes('/') ? config.slice(0, config.lastIndexOf('/')) : '.';
  return `# ${model}

A LoRA adapter for \`${base}\`, in two formats.

- PEFT: \`${peft}\` (\`adapter_config.json\`, \`adapter_model.safetensors\`). With vLLM:
  \`vllm serve <base model> --enable-lora --lora-modules ${model}=<this folder>/${peft}\`
  In Python: \`peft.PeftModel.from_pretrained(base, "<this folder>/${peft}")\`
- GGUF: \`${gguf}\`. With llama.cpp: \`llama-server -m <base>.gguf --lora ${gguf}\`

\`bettertogether serve\` serves the adapters that were trained on this machine, this one among them, under their names.
`;
}
