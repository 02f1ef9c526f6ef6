/** Arguments that several tools take, each described once. */
import * as z from 'zod';

export const programInput = z
  .string()
  .min(1)
  .max(500)
  .describe(
    'The name of the program: a key of "programs" in bettertogether.json, as bettertogether_list_programs gives it.',
  );

export const folderInput = z
  .string()
  .max(4000)
  .optional()
  .describe('The folder of the bettertogether.json. Only needed where several folders are open.');

export const runInput = z
  .string()
  .min(1)
  .max(200)
  .describe('The id of a run, the beginning or end of exactly one id, or "latest".');

export const strategyInput = z
  .string()
  .max(1000)
  .optional()
  .describe(
    'Steps in order, such as "p" (search for prompts) or "p -> w -> p" (w fine-tunes weights). Default: what the program is configured with.',
  );

export const fromInput = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('The id of a run whose final state is begun with. Default: the program as it is written.');

export const callsInput = z
  .int()
  .min(1)
  .max(1e9)
  .optional()
  .describe('Cap: LM calls to be paid for at most. The run stops there and keeps what it found.');

export const usdInput = z
  .number()
  .positive()
  .max(1e6)
  .optional()
  .describe('Cap in US dollars; only where the endpoint has prices.');

export const tokenInput = z
  .string()
  .min(1)
  .max(100)
  .describe(
    'The "price_token" that bettertogether_get_price gave for just these arguments. Good once, for 30 minutes.',
  );

export const waitInput = z
  .int()
  .min(0)
  .max(600)
  .optional()
  .describe(
    'Seconds to wait for the end at most; then it answers with how far it is. Many MCP clients give up after 60.',
  );
