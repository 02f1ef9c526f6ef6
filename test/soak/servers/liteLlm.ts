/** The LiteLLM proxy before another server. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besidePython, pythonApart } from '../pythonWith.ts';
import { freePort, startServer, type Server } from './serverProcess.ts';

const version = '1.106.12';

export interface LiteLlmOptions {
  readonly behind: Pick<Server, 'baseURL'>;
  /** What calls name the models as, and what they are called behind it. `*`: any. */
  readonly models: Readonly<Record<string, string>>;
  /** `litellm_settings` of its configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The key that is asked for behind it. */
  readonly behindKey?: string;
}

/** It does not start without a key of its own. */
export async function startLiteLlm(options: LiteLlmOptions): Promise<Server & { readonly key: string }> {
  const { behind, models, settings = {}, behindKey = 'none' } = options;
  const port = await freePort();
  const key = `sk-${randomBytes(32).toString('hex')}`;
  const config = join(mkdtempSync(join(tmpdir(), 'bt-litellm-')), 'config.json');
  const list = Object.entries(models).map(([name, model]) => ({
    model_name: name,
    litellm_params: { model: `hosted_vllm/${model}`, api_base: behind.baseURL, api_key: behindKey },
  }));
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ model_list: list, litellm_settings: settings }));
  const server = await startServer({
    ...{ name: `LiteLLM ${version}`, model: Object.keys(models)[0] ?? '', port, ready: '/health/liveliness' },
    command: [
      besidePython(pythonApart('litellm', [`litellm[proxy]==${version}`]), 'litellm'),
      ...['--config', config, '--host', '127.0.0.1', '--port', String(port)],
    ],
    env: { LITELLM_MASTER_KEY: key, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False' },
  });
  return { ...server, key };
}
