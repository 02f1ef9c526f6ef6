/** The entry of a program in `bettertogether.json`: found, or made by asking. */
import * as l10n from '../../base/l10n.ts';
import { resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { HumanError } from '../../base/errors.ts';
import type { Session } from '../session/session.ts';
import { pick } from '../session/targets.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import type { Root } from '../programs/roots.ts';
import { placeOfProgram, showConfig, writeConfig } from './configFile.ts';
import { requireDspy } from '../processes/interpreter.ts';
import { choose } from '../base/picker.ts';
import { newKey } from '../../editor/settings/proposals.ts';
import { askProgramSettings } from './wizard.ts';

export interface Configured {
  readonly root: string;
  readonly key: string;
  readonly config: ResolvedProgram;
}

/** What the configuration says, where that is enough. Else the questions of the wizard otherwise, or with `ask`. */
export async function configured(
  session: Session,
  program: ProgramItem,
  title: string,
  ask = false,
): Promise<Configured> {
  const root = rootOf(session, program);
  if (program.language === 'python') await requireDspy(session, root.folder);
  const key = await keyOf(program, root, title);
  if (!ask && program.keys.includes(key)) return { root: root.folder, key, config: await resolved(root, key) };
  const changes = await askProgramSettings(session, root, program, key);
  const changed = await writeConfig(root.folder, changes);
  await session.roots.refresh();
  if (changed) await showConfig(root.folder, key, true);
  return { root: root.folder, key, config: await resolved(rootOf(session, program), key) };
}

/** @throws UsageError naming file, line and key of what is wrong. */
export async function resolved({ loaded, folder }: Root, key: string): Promise<ResolvedProgram> {
  try {
    return await resolveProgram(loaded, key, {}, folder);
  } catch (error) {
    if (!(error instanceof HumanError) || error.mends.length > 0) throw error;
    const mends = await placeOfProgram(folder, key);
    throw new HumanError(error.message, { exit: error.exit, cause: error, mends });
  }
}

export function rootOf({ roots }: Session, { root }: Pick<ProgramItem, 'root'>): Root {
  const found = roots.all.find(({ folder }) => folder === root);
  if (found === undefined) throw new HumanError(l10n.t`${root} is not a folder of this window any more.`);
  if (found.problem !== null) throw found.problem;
  return found;
}

async function keyOf(program: ProgramItem, root: Root, title: string): Promise<string> {
  const { keys } = program;
  if (keys.length === 1) return keys[0]!;
  if (keys.length === 0) return newKey(program.name, Object.keys(root.loaded.config.programs ?? {}));
  const choices = keys.map((value) => ({ label: value, value }));
  return pick(await choose({ title, placeholder: l10n.t('Configuration of the program'), choices }));
}
