import type { Handler } from '../../loopback/http.ts';
import type { ServedModel, ServedModels } from '../models/servedModels.ts';

/** What this endpoint can do, said with each model so that no client need try it out. */
const capabilities = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true } as const;

/** `GET /v1/models` */
export function listModels(models: ServedModels): Handler {
  return async () => ({ object: 'list', data: (await models.list()).map((model) => describe(models, model)) });
}

/** `GET /v1/models/:id` */
export function getModel(models: ServedModels): Handler {
  return async ({ params }) => describe(models, await models.find(params['id'] ?? ''));
}

function describe(models: ServedModels, model: ServedModel): object {
  return {
    id: model.name,
    object: 'model',
    created: model.meta?.created ?? 0,
    owned_by: 'bettertogether',
    ...(model.meta === null ? {} : { parent: model.meta.parent, root: models.base.name }),
    bettertogether: { capabilities, modelHash: models.base.hash },
  };
}
