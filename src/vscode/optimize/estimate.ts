import * as l10n from '../../base/l10n.ts';
import { messageOf } from '../../base/errors.ts';
import type { RunPlan } from '../../run/work/request.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import { runCli } from '../processes/childProcess.ts';
import type { Session } from '../session/session.ts';
import { Dismissed } from '../base/errors.ts';
import { withProgress } from '../base/messages.ts';
import type { Configured } from './configured.ts';

/**
 * Runs a handful of rows, in a process of its own, and says what the whole would take. `null` when the person did not
 * want to wait for it.
 *
 * @param command of the command line, which has a `--dry-run`.
 * @throws HumanError when the program or the endpoint does not work: so would the run.
 */
export async function estimate(
  session: Session,
  { root, key, config }: Configured,
  command: readonly string[],
): Promise<RunPlan | null> {
  const extra = await keyEnvironment(session.keys, config);
  const env = await session.environment(root, extra);
  const title =
    command[0] === 'compare'
      ? l10n.t`Estimating what comparing strategies of ${key} takes`
      : l10n.t`Estimating what optimizing ${key} takes`;
  try {
    const out = await withProgress(
      title,
      ({ report, token }) => {
        const onLine = (message: string): void => {
          session.log.debug(message);
          report(message);
        };
        const cli = { cli: session.cli, cwd: root, env, token, onLine };
        return runCli([...command, '--dry-run', '--yes', '--json'], cli);
      },
      { cancellable: true },
    );
    // Our own command line of the same version printed it.
    return JSON.parse(out) as RunPlan;
  } catch (error) {
    if (error instanceof Dismissed) return null;
    session.log.warn(messageOf(error));
    throw error;
  }
}
