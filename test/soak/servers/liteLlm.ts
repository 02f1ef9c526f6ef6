/** The LiteLLM proxy before another server. */
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
}

export async function startLiteLlm({ behind, models, settings = {} }: LiteLlmOptions): Promise<Server> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bt-litellm-'));
  const config = join(folder, 'config.json');
  const entry = ([name, model]: readonly [string, string]) => ({
    model_name: name,
    litellm_params: { model: `hosted_vllm/${model}`, api_base: behind.baseURL, api_key: 'none' },
  });
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ model_list: Object.entries(models).map(entry), litellm_settings: settings }));
  return startServer({
    ...{ name: `LiteLLM ${version}`, model: Object.keys(models)[0] ?? '', port, ready: '/health/liveliness' },
    command: [
      besidePython(pythonApart('litellm', [`litellm[proxy]==${version}`]), 'litellm'),
      ...['--config', config, '--host', '127.0.0.1', '--port', String(port)],
    ],
    env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False' },
  });
}
