import { withoutKeys } from '../../base/keys.ts';
import type { ProgramHost } from '../../host/hostClient.ts';

/** The same program; errors of user code, which are written down with outcomes, repeat no key. */
export function quietProgram(program: ProgramHost): ProgramHost {
  return {
    describe: () => program.describe(),
    run: async (request, lm, signal) => {
      const outcome = await program.run(request, lm, signal);
      const { error } = outcome;
      return error === undefined ? outcome : { ...outcome, error: { ...error, message: withoutKeys(error.message) } };
    },
    renderRows: (requests) => program.renderRows(requests),
    renderPrompt: (request) => program.renderPrompt(request),
    close: () => program.close(),
  };
}
