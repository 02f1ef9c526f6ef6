/** The inputs of a program, asked again where running it showed that they were wrong. */
import { resolve } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import { HumanError, UsageError } from '../../base/errors.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { guessInputs } from '../../editor/settings/proposals.ts';
import { MendableError } from '../base/errors.ts';
import type { Session } from '../session/session.ts';
import { pick } from '../session/targets.ts';
import type { Configured } from './configured.ts';
import { writeConfig } from './configFile.ts';
import { askInputs, fieldsOfRows } from './inputs.ts';

/**
 * Asks for the inputs of a program that is configured, and writes them down.
 *
 * @throws UsageError where its rows are built by code, which says itself what the inputs are.
 */
export async function chooseInputs(
  session: Session,
  program: ProgramItem,
  { root, key, config }: Configured,
): Promise<void> {
  const fields = await fieldsOfRows(resolve(root, config.data.train));
  if (fields.length === 0) {
    throw new UsageError(
      l10n.t`The rows of "${key}" are built by code: name their inputs there, as in with_inputs('question').`,
    );
  }
  const proposed = guessInputs(fields, program).inputs;
  const inputs = pick(await askInputs(l10n.t`Inputs of ${key}`, fields, proposed));
  await writeConfig(root, [{ path: ['programs', key, 'inputs'], value: inputs }]);
  await session.roots.refresh();
}

/** How program hosts begin the sentence about a program that cannot be called with its inputs. */
const aboutInputs = /does not take the inputs of the rows/;

/**
 * Does what runs the program. Where it does not take its inputs, the error offers to choose them, and to go on with
 * `again`.
 */
export async function offeringInputs<T>(
  session: Session,
  program: ProgramItem,
  chosen: Configured,
  work: () => Promise<T>,
  again: () => Promise<void>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HumanError) || !aboutInputs.test(error.message)) throw error;
    const run = async (): Promise<void> => {
      await chooseInputs(session, program, chosen);
      await again();
    };
    throw new MendableError(error, { title: l10n.t('Choose the Inputs…'), run });
  }
}
