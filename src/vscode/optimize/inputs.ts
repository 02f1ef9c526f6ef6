/** What a program is called with: asked where the source does not say, and again where it was wrong. */
import { resolve } from 'node:path';
import { isBuiltInCode, loadDataset } from '../../config/dataset.ts';
import { HumanError, UsageError } from '../../data/errors.ts';
import { pick } from '../session/targets.ts';
import type { Session } from '../session/session.ts';
import { MendableError } from '../base/errors.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import type { Configured } from './configured.ts';
import { writeConfig } from './configFile.ts';
import { chooseMany } from '../base/picker.ts';
import type { Place, back } from '../base/picker.ts';
import { guessInputs } from '../../editor/settings/proposals.ts';

/** Asks for fields of the rows; `proposed` are ticked. */
export function askInputs(
  title: string,
  fields: readonly string[],
  proposed: readonly string[],
  place: Place = {},
): Promise<readonly string[] | typeof back> {
  const choices = fields.map((value) => ({ label: value, picked: proposed.includes(value), value }));
  const placeholder = 'Which fields is the program called with?';
  return chooseMany({ title, placeholder, choices, ...place });
}

/** Names of the fields of the first rows; nothing for data that code builds. */
export async function fieldsOfRows(train: string): Promise<readonly string[]> {
  if (isBuiltInCode(train)) return [];
  // A metric of code asks nothing of the rows, so only the file itself is judged here.
  const { examples } = await loadDataset(train, null, { kind: 'code', file: '', name: '' });
  return [...new Set(examples.slice(0, 20).flatMap(({ fields }) => Object.keys(fields)))];
}

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
      `The rows of "${key}" are built by code: name their inputs there, as in with_inputs('question').`,
    );
  }
  const proposed = guessInputs(fields, program).inputs;
  const inputs = pick(await askInputs(`Inputs of ${key}`, fields, proposed));
  await writeConfig(root, [{ path: ['programs', key, 'inputs'], value: inputs }]);
  await session.roots.refresh();
}

/** How program hosts begin the sentence about a program that cannot be called with its inputs. */
const aboutInputs = /does not take the inputs of the rows/;

/**
 * Does what runs the program; where it does not take its inputs, the error offers to choose them, and to go on with
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
    throw new MendableError(error, { title: 'Choose the Inputs…', run });
  }
}
