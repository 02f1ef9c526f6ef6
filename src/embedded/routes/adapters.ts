import * as z from 'zod';
import { ApiError, readJson } from '../../loopback/http.ts';
import type { Handler } from '../../loopback/http.ts';
import type { JobServices } from './jobs.ts';

/** A served name is a folder's. */
const name = z.string().regex(/^[A-Za-z0-9][\w.-]{0,127}$/, "must be letters, digits, '.', '_' and '-'");
const loadSchema = z.object({ lora_name: name, lora_path: z.string().min(1) });
const unloadSchema = z.object({ lora_name: name });

/** `POST /v1/load_lora_adapter`, as vLLM has it: serves the adapter of a PEFT folder of this machine under a new name. */
export function loadAdapter({ models, runner }: Pick<JobServices, 'models' | 'runner'>): Handler {
  return async (call) => {
    const { lora_name: adapter, lora_path: folder } = await readJson(call, loadSchema);
    if (adapter === models.base.name) {
      throw new ApiError(400, `'${adapter}' has already been loaded: it is the base model.`, { param: 'lora_name' });
    }
    await runner.adopt(adapter, folder);
    return { id: adapter, object: 'model', parent: models.base.name };
  };
}

/** `POST /v1/unload_lora_adapter`: the adapter is removed for good. */
export function unloadAdapter({ models }: Pick<JobServices, 'models'>): Handler {
  return async (call) => {
    const { lora_name: adapter } = await readJson(call, unloadSchema);
    await models.remove(adapter);
    return { id: adapter, object: 'model', deleted: true };
  };
}
