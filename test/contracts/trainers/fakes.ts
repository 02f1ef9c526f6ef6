import type { TrainingService } from '../trainer.ts';
import { FakeTrainer } from '../../unit/engine/fakes.ts';

/** The trainer of the unit tests, which is its own service. */
export async function fakeTraining(): Promise<TrainingService> {
  const trainer = new FakeTrainer();
  trainer.outcome = 'running';
  return {
    connect: () => trainer,
    started: async () => trainer.jobs.length,
    step: async (step) => {
      trainer.steps = step;
    },
    succeed: async () => {
      trainer.outcome = 'succeeded';
    },
    fail: async (reason) => {
      trainer.reason = reason;
      trainer.outcome = 'failed';
    },
    close: () => Promise.resolve(),
  };
}
