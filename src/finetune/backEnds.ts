/** What the training back ends do, one line each; `settings.ts` lists what their settings say. */
import { commandBackEnd } from './command/backEnd.ts';
import { fireworksBackEnd } from './fireworks/backEnd.ts';
import { openaiBackEnd } from './openai/backEnd.ts';
import { rayBackEnd } from './ray/backEnd.ts';
import type { BackEnd } from './serving/backEnd.ts';
import { togetherBackEnd } from './together/backEnd.ts';
import type { ResolvedTrainer } from './settings.ts';

type Kind = ResolvedTrainer['kind'];

const backEnds: { readonly [K in Kind]: BackEnd<Extract<ResolvedTrainer, { kind: K }>> } = {
  openai: openaiBackEnd,
  together: togetherBackEnd,
  fireworks: fireworksBackEnd,
  command: commandBackEnd,
  ray: rayBackEnd,
};

/** What trains by these settings. */
export function backEndOf<T extends ResolvedTrainer>({ kind }: T): BackEnd<T> {
  return backEnds[kind] as BackEnd<T>;
}
