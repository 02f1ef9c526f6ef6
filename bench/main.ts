/**
 * `npm run bench`: what our part of a run costs, against a fake endpoint in a process of its own.
 *
 *     npm run bench                 all of it
 *     npm run bench -- wall|cpu|memory|detect|view|retrieve|racing|sharedRows|dspy|optimizers
 *     npm run bench -- embedded|training     only when named: they need the embedded model, and idle cores
 *
 * `wall` is the ratio of the measured time to max(calls × latency / in flight, critical path); the critical path is
 * the longest chain of calls that wait for each other. `cpu` is milliseconds a call beyond the `openai` package's own.
 * `detect` looks for programs in 10,000 generated files. `view` opens the run view on 100,000 calls (needs
 * Chromium and idle cores), and fails where it takes longer than is promised (see view.ts).
 * `retrieve` searches 50,000 passages. `racing` counts runs of searches that look scores up (see racing.ts),
 * `sharedRows` chooses among instructions on the rows that they were made from (see sharedRows.ts). `dspy` does
 * the same works under DSPy alone and under us (see dspy.ts), `optimizers` the same searches for instructions (see
 * optimizers.ts). `embedded` asks the embedded endpoint, and others beside it (see embedded.ts), `training` trains its model
 * with our trainer and with TRL (see training.ts).
 */
import { detect } from './detect.ts';
import { dspy } from './dspy.ts';
import { embedded } from './embedded.ts';
import { optimizers } from './optimizers.ts';
import { cpu, memory, wall } from './ownRun.ts';
import { racing } from './racing.ts';
import { retrieve } from './retrieve.ts';
import { sharedRows } from './sharedRows.ts';
import { training } from './training.ts';
import { view } from './view.ts';

const parts = { wall, cpu, memory, detect, view, retrieve, racing, sharedRows, dspy, optimizers };
/** Run only when named. */
const onIdleCores = { embedded, training };
const asked = process.argv.slice(2);
for (const [name, part] of Object.entries(parts)) {
  if (asked.length === 0 || asked.includes(name)) await part();
}
for (const [name, part] of Object.entries(onIdleCores)) {
  if (asked.includes(name)) await part();
}
