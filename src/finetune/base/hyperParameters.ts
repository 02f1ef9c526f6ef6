import type { JsonValue } from '../../base/json.ts';
import { trainingMethods } from '../../data/trainingSet.ts';
import type { TrainingMethod, TrainingSet } from '../../data/trainingSet.ts';
import type { HyperParameters } from '../../engine/interfaces.ts';

/**
 * Whose names for hyper-parameters are spoken. `embedded`: all of ours. `nebius`: OpenAI's and LoRA's, as Nebius Token
 * Factory and most self-hosted servers of the OpenAI shape take them. `openai`: OpenAI's own service, which decides
 * the rest itself.
 */
export type TrainerProfile = 'embedded' | 'nebius' | 'openai';

export interface WireHyperParameters {
  /** For `method.<method>.hyperparameters`. */
  readonly fields: Readonly<Record<string, JsonValue>>;
  /** Settings of ours that the service does not take. */
  readonly leftOut: readonly string[];
}

export function wireHyperParameters(given: HyperParameters, profile: TrainerProfile): WireHyperParameters {
  const { epochs, batchSize, learningRate, schedule, lora, seed } = given;
  const common = { n_epochs: epochs, batch_size: batchSize };
  switch (profile) {
    case 'openai':
      return { fields: common, leftOut: ['learningRate', 'schedule', 'lora'] };
    case 'nebius':
      return {
        fields: { ...common, learning_rate: learningRate, lora: true, lora_r: lora.rank, lora_alpha: lora.alpha },
        leftOut: ['schedule', 'lora.targets'],
      };
    case 'embedded':
      return {
        fields: {
          ...common,
          learning_rate: learningRate,
          schedule,
          lora_r: lora.rank,
          lora_alpha: lora.alpha,
          lora_targets: lora.targets,
          seed,
        },
        leftOut: [],
      };
  }
}

/** What services of a profile are known to learn from; of self-hosted ones nothing more is known. */
export function methodsOf(profile: TrainerProfile): readonly TrainingMethod[] {
  if (profile === 'embedded') return trainingMethods;
  return profile === 'openai' ? ['supervised', 'dpo'] : ['supervised'];
}

/** What a method has to be told beside the hyper-parameters of every job: OpenAI's name for it, and ours. */
export function methodHyperParameters(set: TrainingSet): Readonly<Record<string, JsonValue>> {
  switch (set.method) {
    case 'supervised':
      return {};
    case 'dpo':
      return { beta: set.beta };
    case 'grpo':
      return { clip: [set.clip.low, set.clip.high] };
  }
}

/** OpenAI's own service and its resale by Azure (Foundry): they take no LoRA settings and no job below ten rows. */
const openAiHost = 'api.openai.com';
const azureHosts = /\.(openai|services\.ai|cognitiveservices)\.azure\.com$/;

/** The profile of a service, by what it advertises of itself and by its host. */
export function profileOf(baseURL: string, advertises: boolean): TrainerProfile {
  if (advertises) return 'embedded';
  return isOpenAi(baseURL) ? 'openai' : 'nebius';
}

/** Rows a job of the service needs at least. */
export function leastRowsOf(baseURL: string): number {
  return isOpenAi(baseURL) ? 10 : 1;
}

function isOpenAi(baseURL: string): boolean {
  return new URL(baseURL).hostname === openAiHost || isAzure(baseURL);
}

/** Whether it is Azure's (Foundry's) resale, which answers as a tuned model only once its owner has deployed it. */
export function isAzure(baseURL: string): boolean {
  return azureHosts.test(new URL(baseURL).hostname);
}
