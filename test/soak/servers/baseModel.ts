/** The embedded endpoint's model as other servers and trainers take it. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureEmbedded } from '../../../src/embedded/setup.ts';
import { resolveHome } from '../../../src/home/home.ts';
import { must } from './command.ts';

export interface BaseModel {
  /** As the embedded endpoint calls it. */
  readonly name: string;
  /** GGUF. */
  readonly file: string;
  /** The same weights in Hugging Face's format. */
  readonly folder: string;
  /** An interpreter with our trainer's packages, and where its sources are. */
  readonly python: string;
  readonly sources: string;
}

/** The folder is made once for each model file, in the data home. */
export async function baseModel(): Promise<BaseModel> {
  const home = resolveHome();
  const { model, trainer } = await ensureEmbedded(home);
  const folder = join(home.root, 'huggingface', model.hash.slice(0, 16));
  if (!existsSync(folder)) {
    const draft = `${folder}.part`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(join(home.root, 'huggingface'), { recursive: true });
    must([trainer.python, '-m', 'bettertogether_trainer.export_base', model.path, draft], {
      ...{ PYTHONPATH: trainer.sources, PYTHONDONTWRITEBYTECODE: '1' },
    });
    renameSync(draft, folder);
  }
  return { name: model.name, file: model.path, folder, python: trainer.python, sources: trainer.sources };
}
