/** What a program run gave, where it comes in: from a host, from the memo. */
import * as z from 'zod';
import { amountSchema, callTokensSchema } from '../base/counts.ts';
import { fieldsSchema } from './fieldsSchema.ts';
import type { FinishReason, TokenUsage } from './lm.ts';
import type { LmRecord, ProgramOutcome, Retrieval, TraceCall } from './trace.ts';
import { userCodeErrorSchema } from './userCodeErrorSchema.ts';

export const finishReasonSchema = z.enum([
  'stop',
  'length',
  'content_filter',
  'other',
]) satisfies z.ZodType<FinishReason>;

export const tokenUsageSchema = z.object({
  inputTokens: callTokensSchema,
  cachedInputTokens: callTokensSchema,
  outputTokens: callTokensSchema,
}) satisfies z.ZodType<TokenUsage>;

const lmRecordSchema = z.object({
  finishReason: finishReasonSchema,
  usage: tokenUsageSchema.nullable().catch(null),
  key: z.string(),
  model: z.string(),
  endpoint: z.string().exactOptional(),
  cached: z.boolean(),
  seconds: amountSchema,
}) satisfies z.ZodType<LmRecord>;

const traceCallSchema = z.object({
  predictor: z.string(),
  inputs: fieldsSchema,
  outputs: fieldsSchema.nullable(),
  error: z.string().exactOptional(),
  lm: z.array(lmRecordSchema),
  path: z.array(z.string()),
  start: z.number(),
  seconds: amountSchema,
}) satisfies z.ZodType<TraceCall>;

const retrievalSchema = z.object({
  retriever: z.string(),
  query: z.string(),
  k: z.number().exactOptional(),
  passages: z.array(z.string()),
  error: z.string().exactOptional(),
  path: z.array(z.string()),
  start: z.number(),
  seconds: amountSchema,
}) satisfies z.ZodType<Retrieval>;

export const programOutcomeSchema = z.object({
  prediction: fieldsSchema.nullable(),
  score: z.number(),
  error: userCodeErrorSchema.exactOptional(),
  trace: z.array(traceCallSchema),
  retrievals: z.array(retrievalSchema).exactOptional(),
  untraced: z.array(lmRecordSchema).exactOptional(),
  seconds: z.number(),
}) satisfies z.ZodType<ProgramOutcome>;
