/** Events as earlier versions wrote them, with what this one asks for. */
import { stepsIn } from '../../data/strategy.ts';
import { optimizers } from '../../engine/optimizers/all.ts';
import type { RunEvent, StepInfo } from '../../protocol.ts';

/** Versions that had p and w alone did not say what the steps of a run are. */
export function withSteps(event: RunEvent): RunEvent {
  if (event.type !== 'run.started' || event.steps !== undefined) return event;
  return { ...event, steps: stepsIn(event.strategy).map(infoOf) };
}

function infoOf(kind: string): StepInfo {
  const { title, changes } = optimizers.find(kind) ?? { title: kind, changes: 'prompts' };
  return { name: kind, kind, title, changes };
}
