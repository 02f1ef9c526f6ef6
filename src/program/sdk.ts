/**
 * BetterTogether's SDK: LM programs in TypeScript that `bettertogether` can measure and improve.
 *
 * @example
 * import { ChainOfThought, Module, signature } from 'bettertogether';
 *
 * export class Answer extends Module {
 *   answer = new ChainOfThought(
 *     signature('context: string[], question -> answer', {
 *       instructions: 'Answer with a short factoid.',
 *       descriptions: { answer: 'often between 1 and 5 words' },
 *     }),
 *   );
 *   async forward({ context, question }: { context: string[]; question: string }) {
 *     return this.answer({ context, question });
 *   }
 * }
 */
export { ChainOfThought } from './chainOfThought.ts';
export type { ReasonedOutputsOf } from './chainOfThought.ts';
export { configure } from './configure.ts';
export type { Configuration } from './configure.ts';
export * from './metrics.ts';
export { Module } from './module.ts';
export { optimizer, withInstructions } from './optimizer.ts';
export type {
  AskMessage,
  AskOptions,
  CandidateAbout,
  Evaluation,
  OptimizedPredictor,
  Optimizer,
  OptimizerDefinition,
  OptimizerRow,
  OptimizerTask,
  RowResult,
  SettingsSchema,
} from './optimizer.ts';
export { ParseError } from './values/parseError.ts';
export { Predict } from './predict.ts';
export type { PredictConfig, SignatureSource } from './predict.ts';
export { bm25 } from './retrieval/bm25.ts';
export type { Bm25Options } from './retrieval/bm25.ts';
export { colbertv2 } from './retrieval/colbertv2.ts';
export type { ColbertOptions } from './retrieval/colbertv2.ts';
export { deduplicate, Retrieve } from './retrieve.ts';
export type { Retrieved, RetrieveOptions } from './retrieve.ts';
export type { Passage, Retriever } from './retrieval/retriever.ts';
export { signature } from './signature.ts';
export type { SchemaFields, Signature, SignatureOptions } from './signature.ts';
export type { InputsOf, OutputsOf } from './signatureTypes.ts';
export type { FormatName } from './formats/registry.ts';
export type { Fields, JsonValue } from '../base/json.ts';
export type { Sampling } from '../data/lm.ts';
export type { Demo, PredictorState, ProgramState } from '../data/program.ts';
export type { TraceCall } from '../data/trace.ts';
