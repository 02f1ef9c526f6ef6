/** Puts a model of VS Code where a step of a program asks an LM: no key and no address are needed. */
import * as l10n from '../../base/l10n.ts';
import { UsageError } from '../../base/errors.ts';
import { configFileName } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { nameOf } from '../../editor/models/editorModels.ts';
import type { EditorModel } from '../../editor/models/editorModels.ts';
import type { ConfigChange } from '../../editor/settings/editConfig.ts';
import { lmPlaces, namingChanges } from '../../editor/settings/lmPlaces.ts';
import type { LmPlace } from '../../editor/settings/lmPlaces.ts';
import { notify } from '../base/messages.ts';
import { choose } from '../base/picker.ts';
import { requireTrust } from '../base/trust.ts';
import { allowModel } from '../models/modelPermission.ts';
import { showConfig, writeConfig } from '../optimize/configFile.ts';
import { configured, rootOf } from '../optimize/configured.ts';
import type { Session } from '../session/session.ts';
import { pick, programTarget } from '../session/targets.ts';

const title = l10n.t('Use a Model of VS Code');

export async function useEditorModel(session: Session, argument: unknown): Promise<void> {
  requireTrust(l10n.t('Asking models of VS Code'));
  const all = await session.chatModels.list();
  if (all.length === 0) {
    throw new UsageError(
      l10n.t(
        'VS Code has no model now: install an extension that brings models, such as GitHub Copilot, and sign in there.',
      ),
    );
  }
  const program = await programTarget(session, argument, title);
  const { key, config } = await configured(session, program, title);
  const place = await askPlace(lmPlaces(config), key);
  const model = await askModel(all);
  await allowModel(session.chatModels, model);
  const root = rootOf(session, program);
  const endpoint = endpointFor(root.loaded);
  const lm = { model: nameOf(model, all), endpoint: endpoint.name };
  const entry = root.loaded.config.programs?.[key];
  await writeConfig(root.folder, [...endpoint.changes, ...namingChanges(key, place, entry, lm)]);
  await session.roots.refresh();
  await showConfig(root.folder, key, true);
  void notify('info', l10n.t`${model.title} is the ${place.setting} of ${place.step} now, in ${configFileName}.`);
}

/** @throws UsageError where no step of the strategy asks an LM. */
async function askPlace(places: readonly LmPlace[], program: string): Promise<LmPlace> {
  if (places.length === 0) {
    throw new UsageError(
      l10n.t`No step of the strategy of "${program}" asks an LM of its own: take a step such as gepa.`,
    );
  }
  // Who writes instructions gains most by a model that is larger than the program's.
  const sorted = places.toSorted((a, b) => Number(a.setting === 'teacher') - Number(b.setting === 'teacher'));
  const choices = sorted.map((value) => ({
    label: l10n.t`${value.setting} of ${value.step}`,
    description: value.about,
    value,
  }));
  return pick(await choose({ title, placeholder: l10n.t('What it is for'), choices }));
}

async function askModel(all: readonly EditorModel[]): Promise<EditorModel> {
  const choices = all.map((value) => ({
    label: value.title,
    description: l10n.t`${nameOf(value, all)} of ${value.vendor}`,
    value,
  }));
  return pick(await choose({ title, placeholder: l10n.t("Its answers count against its vendor's plan"), choices }));
}

/** The one of the kind that there is, or a new one. */
function endpointFor({ config }: LoadedConfig): {
  readonly name: string;
  readonly changes: readonly ConfigChange[];
} {
  const endpoints = config.endpoints ?? {};
  const known = Object.keys(endpoints).find((name) => endpoints[name]?.kind === 'editor');
  if (known !== undefined) return { name: known, changes: [] };
  const name = 'editor' in endpoints ? 'vscode' : 'editor';
  return { name, changes: [{ path: ['endpoints', name], value: { kind: 'editor' } }] };
}
