/** Messages as they were sent and as they are trained on. */
import * as z from 'zod';
import { fieldsSchema } from '../data/fields.ts';

const messageSchema = z.object({ role: z.string(), content: z.string() });

export const rememberedSchema = z.object({
  key: z.string(),
  /** `null`: the memo does not hold it any more (it was pruned, or is of another version). */
  body: z
    .object({
      path: z.string(),
      messages: z.array(messageSchema),
      /** The other parts of the request body: model, sampling, guide. */
      settings: fieldsSchema,
      completion: z.string().nullable(),
      whyNoText: z.string().nullable(),
    })
    .nullable(),
});
export type Remembered = z.infer<typeof rememberedSchema>;

export const trainingRowSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('row'),
    /** `null`: the file does not say. */
    predictor: z.string().nullable(),
    prompt: z.array(messageSchema),
    /** What the prompt opens the answer with, which is not trained on; '' where the file does not keep it apart. */
    opened: z.string(),
    completion: z.string(),
    /** What ends the answer, if not the chat template's own end. */
    end: z.string().nullable(),
    /** Of a pair: the answer that the completion is preferred to, with the same prefix and end. */
    rejected: z.string().exactOptional(),
    /** The completion's reward minus the mean of its group. */
    advantage: z.number().exactOptional(),
  }),
  /** A line in a layout that the page does not know. */
  z.object({ kind: z.literal('unknown'), line: z.string() }),
]);
export type TrainingRowView = z.infer<typeof trainingRowSchema>;
