/** Scores that real searches gave, every candidate on every row (`test/fixtures/scores`). */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Scores } from './scoreShapes.ts';

const folder = fileURLToPath(new URL('../fixtures/scores/', import.meta.url));
/** A line a candidate, a character a row. */
const fileSchema = z.object({ candidates: z.array(z.string().regex(/^[01]+$/)) });

export function recordedScores(): readonly { readonly name: string; readonly scores: Scores }[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.map((file) => {
    const { candidates } = fileSchema.parse(JSON.parse(readFileSync(folder + file, 'utf8')));
    return { name: file.replace('.json', ''), scores: candidates.map((line) => [...line].map(Number)) };
  });
}
