import { UsageError } from '../../base/errors.ts';
import { given } from '../../base/given.ts';
import { timingOf } from '../base/timing.ts';
import type { BackEnd } from '../serving/backEnd.ts';
import { createCommandTrainer } from './commandTrainer.ts';
import { whyNotStarted } from './program.ts';
import type { CommandSettings } from './settings.ts';

export const commandBackEnd: BackEnd<CommandSettings> = {
  require(settings, { endpoint }) {
    const why = whyNotStarted({ ...settings, endpoint });
    return why === null ? Promise.resolve() : Promise.reject(new UsageError(why));
  },
  adapters(settings, { endpoint, model, modelFile, capabilities, processes }) {
    const { command, commands, parentArguments, rowsFormat, files, env, cwd, folder } = settings;
    return createCommandTrainer({
      ...given({ commands }),
      ...{ command, parentArguments, rowsFormat, files, env, cwd, folder },
      ...timingOf(settings),
      endpoint,
      model: settings.model ?? modelFile ?? model,
      textAsChat: !capabilities.completions,
      leastRows: settings.minRows ?? 1,
      processes,
    });
  },
};
