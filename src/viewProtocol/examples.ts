/** Rows of data with what came of them. */
import * as z from 'zod';
import { count } from './parts.ts';

export const exampleRowSchema = z.object({
  example: z.number(),
  /** The inputs in one line, shortened. */
  preview: z.string(),
  /** By column; `null`: not scored in that step. */
  scores: z.array(z.number().nullable()),
  /** By column: the program run failed. */
  failed: z.array(z.boolean()),
});
export type ExampleRow = z.infer<typeof exampleRowSchema>;

const shownFieldSchema = z.object({
  field: z.string(),
  /** In one line, shortened. */
  text: z.string(),
});
export type ShownField = z.infer<typeof shownFieldSchema>;

const predictionSchema = z.object({
  trace: count,
  /** Those that the row has a label for; where it has none, all that the program gave. */
  fields: z.array(shownFieldSchema.extend({ differs: z.boolean() })),
});
export type PredictionView = z.infer<typeof predictionSchema>;

export const predictionRowSchema = z.object({
  example: count,
  labels: z.array(shownFieldSchema),
  /** By column; `null`: there is no trace, or the program gave nothing. */
  predictions: z.array(predictionSchema.nullable()),
});
export type PredictionRow = z.infer<typeof predictionRowSchema>;

export const confusionFieldSchema = z.object({
  field: z.string(),
  /** The labels, then what was predicted most often beside them. */
  values: z.array(z.string()),
  /** Rows, the place of their label in `values`, and of what was predicted; −1: another value, `null`: none. */
  rows: z.array(z.tuple([count, count, z.int().min(-1).nullable()])),
});
export type ConfusionField = z.infer<typeof confusionFieldSchema>;

export const frontRowSchema = exampleRowSchema.extend({
  /** The best score of any candidate of the step. */
  best: z.number(),
});
export type FrontRow = z.infer<typeof frontRowSchema>;
