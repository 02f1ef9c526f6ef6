/** Asks the person, by an act of theirs, whether runs may ask models of VS Code: before a run, and while one waits for it. */
import * as l10n from '../../base/l10n.ts';
import { UsageError } from '../../base/errors.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { lmsAt } from '../../config/lmsOfSteps.ts';
import { modelNamed, nameOf } from '../../editor/models/editorModels.ts';
import type { EditorModel } from '../../editor/models/editorModels.ts';
import { apiErrorOf } from '../../editor/models/modelErrors.ts';
import type { Log } from '../base/log.ts';
import { forPerson } from '../base/language.ts';
import { notify, withProgress } from '../base/messages.ts';
import type { ChatModels } from './chatModels.ts';

/**
 * For the models that the steps of a program name at endpoints of the editor.
 *
 * @throws UsageError where VS Code has no such model, or the person said no.
 */
export async function allowModelsOf(models: ChatModels, config: ResolvedProgram): Promise<void> {
  const names = new Set((config.services ?? []).flatMap(({ name, editor }) => (editor === true ? [name] : [])));
  await allowModels(models, lmsAt(config, names));
}

/**
 * @param wanted names of models, each with where it is written.
 * @throws as `allowModelsOf`.
 */
export async function allowModels(
  models: ChatModels,
  wanted: readonly { readonly key: string; readonly model: string }[],
): Promise<void> {
  if (wanted.length === 0) return;
  const all = await models.list();
  for (const { key, model: name } of wanted) {
    const model = modelNamed(name, all);
    if (model === null) throw noSuchModel(key, name, all);
    await allowModel(models, model);
  }
}

/** @throws UsageError where the person said no, or the model gives no answer. */
export async function allowModel(models: ChatModels, model: EditorModel): Promise<void> {
  if (models.permissionFor(model) === 'given') return;
  try {
    await withProgress(
      forPerson(() => l10n.t`Asking VS Code for ${model.title}`),
      async ({ token }) => {
        const stop = new AbortController();
        const listening = token.onCancellationRequested(() => stop.abort());
        await models.askPermission(model, stop.signal).finally(() => void listening.dispose());
      },
      { cancellable: true },
    );
  } catch (error) {
    const why = apiErrorOf(error).message;
    throw new UsageError(l10n.t`${model.title} of ${model.vendor} cannot be asked: ${why}`, error);
  }
}

function noSuchModel(key: string, name: string, all: readonly EditorModel[]): UsageError {
  const names = all.map((model) => nameOf(model, all));
  const has =
    names.length === 0
      ? l10n.t('It has none now: install an extension that brings models, such as GitHub Copilot, and sign in there.')
      : l10n.t`It has: ${names.slice(0, 20).join(', ')}.`;
  return new UsageError(
    `${l10n.t`"${key}" names "${name}", which VS Code does not have, or has from more than one vendor.`} ${has}`,
  );
}

/** A run waits for a model: says so, once at a time for each. */
export class WantedModels {
  readonly #log: Log;
  readonly #asking = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  async offer(models: ChatModels, model: EditorModel): Promise<void> {
    const key = `${model.vendor}/${model.id}`;
    if (this.#asking.has(key)) return;
    this.#asking.add(key);
    try {
      const allow = l10n.t('Allow…');
      const question = l10n.t`A run of BetterTogether waits to ask ${model.title} of ${model.vendor}, which it may not use yet.`;
      // Who closes it is not asked again in this window; the run pauses and says why.
      if ((await notify('info', question, allow)) !== allow) return;
      this.#asking.delete(key);
      await allowModel(models, model);
    } catch (error) {
      this.#log.warn(String(error));
      void notify('error', error instanceof UsageError ? error.message : String(error));
    }
  }
}
