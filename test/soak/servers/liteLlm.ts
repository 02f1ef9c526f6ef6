/** The LiteLLM proxy before another server. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besidePython, pythonApart } from '../pythonWith.ts';
import { freePort, startServer, type Server } from './serverProcess.ts';

const version = '1.106.12';

export interface LiteLlmOptions {
  readonly behind: Pick<Server, 'baseURL'>;
  /** What calls name the models as, and what they are called behind it. `*`: any. */
  readonly models: Readonly<Record<string, string>>;
  /** Paths that it passes on as they are, to the same paths behind it: `/v1/load_lora_adapter`. */
  readonly passes?: readonly string[];
  /** The key that is asked for behind it. */
  readonly behindKey?: string;
}

/** It does not start without a key of its own. */
export async function startLiteLlm(options: LiteLlmOptions): Promise<Server & { readonly key: string }> {
  const { behind, models, passes = [], behindKey = 'none' } = options;
  const port = await freePort();
  const key = `sk-${randomBytes(32).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'bt-litellm-'));
  const config = join(folder, 'config.json');
  const list = Object.entries(models).map(([name, model]) => ({
    model_name: name,
    litellm_params: { model: `hosted_vllm/${model}`, api_base: behind.baseURL, api_key: behindKey },
  }));
  const origin = behind.baseURL.replace(/\/v1$/, '');
  const pass_through_endpoints = passes.map((path) => ({ path, target: `${origin}${path}`, auth: false }));
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ model_list: list, general_settings: { pass_through_endpoints } }));
  const server = await startServer({
    ...{ name: `LiteLLM ${version}`, model: Object.keys(models)[0] ?? '', port, ready: '/health/liveliness' },
    command: [
      besidePython(pythonApart('litellm', [`litellm[proxy]==${version}`]), 'litellm'),
      ...['--config', config, '--host', '127.0.0.1', '--port', String(port)],
    ],
    env: { LITELLM_MASTER_KEY: key, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False' },
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...server, stop, key };
}
