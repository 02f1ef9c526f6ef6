/** DSPy's optimizers that steps of a run name. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import { languageOfProgram } from '../../config/resolved.ts';
import { withoutKeys } from '../../base/keys.ts';
import type { LiveRows } from '../../data/program.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import type { CompileWork, Teleprompter } from '../../engine/teleprompter.ts';
import { hostStartOf, programHosts } from './programHosts.ts';
import { quietOutcome } from './quietProgram.ts';
import { stepCode } from './stepCode.ts';

export interface Teleprompters {
  /** By reference: `program.py#make_optimizer`. */
  readonly teleprompters: ReadonlyMap<string, Teleprompter>;
  /** SHA-256 of their files, by path. */
  readonly sources: Readonly<Record<string, string>>;
}

export const noTeleprompters: Teleprompters = { teleprompters: new Map(), sources: {} };

export interface TeleprompterRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  /** See `InitializeParams.rows`. */
  readonly live: LiveRows;
  log(line: string): void;
}

/** @throws UsageError naming file, function, line or argument. */
export async function loadTeleprompters(request: TeleprompterRequest): Promise<Teleprompters> {
  const { config, live } = request;
  const asked = await stepCode(request, 'teleprompter');
  if (asked.size === 0) return noTeleprompters;
  const host = programHosts[languageOfProgram(config.program)];
  const loaded = await Promise.all(
    [...asked].map(async ([optimizer, compileArguments]) => ({
      optimizer,
      ...(await host.loadTeleprompter(hostStartOf(request), config, live, { optimizer, compileArguments })),
    })),
  );
  return {
    teleprompters: new Map(loaded.map(({ optimizer, teleprompter }) => [optimizer, quietTeleprompter(teleprompter)])),
    sources: Object.assign({}, ...loaded.map(({ sources }) => sources)) as Teleprompters['sources'],
  };
}

/** The same optimizer; what it tells of itself and of program runs, which is written down, repeats no key. */
export function quietTeleprompter(teleprompter: Teleprompter): Teleprompter {
  const { hash, name, takesTrain, takesValidation } = teleprompter;
  return {
    hash,
    name: withoutKeys(name),
    takesTrain,
    takesValidation,
    compile: async (request, work, signal) => {
      const compiled = await teleprompter.compile(request, quietWork(work), signal);
      return { ...compiled, lost: compiled.lost.map(withoutKeys) };
    },
  };
}

function quietWork(work: CompileWork): CompileWork {
  return {
    complete: (asked) => work.complete(asked),
    evaluationStarted: (started) => work.evaluationStarted(started),
    evaluationFinished: (finished) => work.evaluationFinished(finished),
    ran: (run) => work.ran({ ...run, outcome: quietOutcome<ProgramOutcome>(run.outcome) }),
  };
}
