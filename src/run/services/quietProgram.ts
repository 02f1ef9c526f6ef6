import { withoutKeys } from '../../base/keys.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import type { ProgramHost } from '../../host/hostClient.ts';

/** The same program; errors of user code, which are written down with outcomes, repeat no key. */
export function quietProgram(program: ProgramHost): ProgramHost {
  return {
    describe: () => program.describe(),
    run: async (request, lm, signal) => quietOutcome(await program.run(request, lm, signal)),
    renderRows: (requests) => program.renderRows(requests),
    renderPrompt: (request) => program.renderPrompt(request),
    close: () => program.close(),
  };
}

/** The same outcome; its error repeats no key. */
export function quietOutcome<T extends ProgramOutcome>(outcome: T): T {
  const { error } = outcome;
  return error === undefined ? outcome : { ...outcome, error: { ...error, message: withoutKeys(error.message) } };
}
