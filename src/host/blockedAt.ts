import * as z from 'zod';
import type { BlockedAt } from './hostProcess.ts';

const schema = z.object({
  run: z.number().optional(),
  file: z.string().optional(),
  line: z.number().optional(),
});

/** Reads the line in which a host's watcher says where the main thread is; `null` when it could not say. */
export function readBlockedAt(text: string): BlockedAt | null {
  try {
    return schema.parse(JSON.parse(text.trim()));
  } catch {
    return null;
  }
}
