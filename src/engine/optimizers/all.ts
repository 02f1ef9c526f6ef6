/** The optimizers of this build. */
import { custom } from './custom/optimizer.ts';
import { dpo } from './dpo/optimizer.ts';
import { dspy } from './dspy/optimizer.ts';
import { fewShot } from './fewShot/optimizer.ts';
import { fineTune } from './fineTune/optimizer.ts';
import { gepa } from './gepa/optimizer.ts';
import { grpo } from './grpo/optimizer.ts';
import { mipro } from './mipro/optimizer.ts';
import { registryOf } from '../registry.ts';

export const optimizers = registryOf([fewShot, fineTune, dpo, gepa, mipro, grpo, custom, dspy]);
