import type { ProbeAccount } from '../../lm/capabilities.ts';
import type { Keys } from './furtherKeys.ts';
import type { ServiceClient } from './serviceClient.ts';

/** What a trainer is given at a service that trains LoRA adapters and serves each while it is deployed. */
export interface HostedTrainerOptions {
  /** To what must answer as a tuned model as it is; `null`: it is deployed when it is asked. */
  readonly answering: ServiceClient | null;
  /** The base model's name at the endpoint, and at the trainer. */
  readonly base: { readonly served: string; readonly trainedAs: string };
  readonly extra?: Keys;
  readonly leastRows: number;
  readonly pollSeconds: number;
  readonly stallSeconds: number;
  /** Where the call is entered that asks whether a tuned model answers. */
  readonly entered: ProbeAccount;
}
