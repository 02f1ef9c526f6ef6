/**
 * What the run view (`webview/`) and its host (`src/page`) say to each other. Both check what arrives: the
 * webview must not trust what a file on the disk says, the host must not trust a page that shows model output.
 *
 * A view that is hidden gets no messages, so what the host sends unasked is always the whole picture, never a change.
 */
import * as z from 'zod';
import { askSchema } from './asks.ts';
import { sideBySideSchema } from './comparison.ts';
import { split } from './parts.ts';
import { runTableSchema } from './runTable.ts';
import type { RunTable } from './runTable.ts';
import { snapshotSchema } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

export const toHostSchema = z.discriminatedUnion('type', [
  /** The page can receive: nothing is sent before. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('request'), id: z.number(), body: askSchema }),
  /** Something in the page went wrong; for the log. */
  z.object({ type: z.literal('error'), message: z.string().max(10_000) }),
]);
export type ToHost = z.infer<typeof toHostSchema>;

export const toViewSchema = z.discriminatedUnion('type', [
  snapshotSchema,
  sideBySideSchema,
  runTableSchema,
  /** Somebody opened the run's view at a row. */
  z.object({ type: z.literal('show'), step: z.string(), split, example: z.number() }),
  z.object({ type: z.literal('reply'), id: z.number(), value: z.unknown() }),
  /** `message` is for people. */
  z.object({ type: z.literal('refused'), id: z.number(), message: z.string() }),
]);
export type ToView = Snapshot | RunTable | Exclude<z.infer<typeof toViewSchema>, { type: 'snapshot' | 'runTable' }>;
