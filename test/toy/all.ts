/** What `src/engine/optimizers/all.ts` is with one line more. */
import { custom } from '../../src/engine/optimizers/custom/optimizer.ts';
import { fewShot } from '../../src/engine/optimizers/fewShot/optimizer.ts';
import { fineTune } from '../../src/engine/optimizers/fineTune/optimizer.ts';
import { registryOf } from '../../src/engine/registry.ts';
import { phrases } from './phrases/optimizer.ts';

export const optimizers = registryOf([fewShot, fineTune, custom, phrases]);
