import type { TunedWeights } from './findWeights.ts';

/**
 * The README of an exported adapter: what it is, and how it is served.
 *
 * @param noGguf why there is no GGUF; `null`: there is one.
 */
export function serveNote({ name, base, adapter }: TunedWeights, noGguf: string | null): string {
  const embedded = adapter.kind === 'embedded';
  // The embedded model is served from a GGUF; these servers want it in Hugging Face's format.
  const hub = embedded || base.endsWith('.gguf') ? '<base model>' : base;
  const gguf =
    noGguf === null
      ? '- GGUF: `adapter.gguf`. With llama.cpp: `llama-server -m <base>.gguf --lora adapter.gguf`'
      : `- There is no GGUF of it: ${noGguf.replaceAll(/\s+/g, ' ')}`;
  const here = embedded
    ? '\n`bettertogether serve` serves the adapters that were trained on this machine, this one among them, under their names.\n'
    : '';
  return `# ${name}

A LoRA adapter for \`${base}\`${noGguf === null ? ', in two formats' : ''}.

- PEFT: \`peft\` (\`adapter_config.json\` and the weights).
  - vLLM: \`vllm serve ${hub} --enable-lora --lora-modules ${name}=<this folder>/peft\`
  - SGLang: \`python -m sglang.launch_server --model-path ${hub} --enable-lora --lora-paths ${name}=<this folder>/peft\`
  - transformers and PEFT: \`PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("${hub}"), "<this folder>/peft")\`
${gguf}
${here}`;
}
