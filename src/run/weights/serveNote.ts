import { python } from '../code/code.ts';
import { shellWord } from '../code/shell.ts';
import { markdownCode, markdownText } from '../code/markdown.ts';
import type { TunedWeights } from './findWeights.ts';

/**
 * The README of an exported adapter: what it is, and how it is served, in lines for a POSIX shell.
 *
 * @param noGguf why there is no GGUF; `null`: there is one.
 */
export function serveNote({ name, base, adapter }: TunedWeights, noGguf: string | null): string {
  const embedded = adapter.kind === 'embedded';
  // The embedded model is served from a GGUF; these servers want it in Hugging Face's format.
  const hub = embedded || base.endsWith('.gguf') ? null : base;
  const model = hub === null ? '<base model>' : shellWord(hub);
  const lora = `${shellWord(name)}=<this folder>/peft`;
  const vllm = `vllm serve ${model} --enable-lora --lora-modules ${lora}`;
  const sglang = `python -m sglang.launch_server --model-path ${model} --enable-lora --lora-paths ${lora}`;
  const peft = python`PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(${hub ?? '<base model>'}), '<this folder>/peft')`;
  const gguf =
    noGguf === null
      ? '- GGUF: `adapter.gguf`. With llama.cpp: `llama-server -m <base>.gguf --lora adapter.gguf`'
      : `- There is no GGUF of it: ${markdownText(noGguf)}`;
  const here = embedded
    ? '\n`bettertogether serve` serves the adapters that were trained on this machine, this one among them, under their names.\n'
    : '';
  return `# ${markdownText(name)}

A LoRA adapter for ${markdownCode(base)}${noGguf === null ? ', in two formats' : ''}.

- PEFT: \`peft\` (\`adapter_config.json\` and the weights).
  - vLLM: ${markdownCode(vllm)}
  - SGLang: ${markdownCode(sglang)}
  - transformers and PEFT: ${markdownCode(String(peft))}
${gguf}
${here}`;
}
