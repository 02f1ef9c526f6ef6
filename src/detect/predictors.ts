import type { FoundPredictor, SignatureFields } from './base/found.ts';
import { mostParts, mostPredictors } from './base/limits.ts';
import { fieldsOfText } from './base/signatureFields.ts';
import { optionsOf } from './base/values.ts';
import type { Instance, Value } from './base/values.ts';

/**
 * The predictors of an object in DSPy's order and with DSPy's names (`Module.named_parameters`; the SDK's own walk is
 * `program/predictors.ts`): attributes, items of lists and dictionaries, modules within modules, each object once.
 * Where an attribute can be one of several, the predictors of each; a name is listed once.
 *
 * @param file the program's; predictors made elsewhere say where.
 */
export function predictorsOf(root: Instance, file: string): readonly FoundPredictor[] {
  const found = new Map<string, FoundPredictor>();
  const seen = new Set<Instance>();
  let parts = 0;
  const add = (name: string, instance: Instance): void => {
    const { predictor } = instance;
    if (predictor === null || seen.has(instance)) return;
    seen.add(instance);
    if (found.has(name) || found.size >= mostPredictors) return;
    const elsewhere = predictor.file === file ? {} : { file: predictor.file };
    const { line, signature, fields } = predictor;
    const more = fields === null || isSaidBy(signature, fields) ? {} : { fields };
    found.set(name, { name, line, signature, ...more, ...elsewhere });
  };
  const part = (name: string, value: Value, around: readonly Instance[]): void => {
    for (const option of optionsOf(value)) {
      if (++parts > mostParts) return;
      if (option.kind !== 'instance') continue;
      const { instance } = option;
      if (instance.predictor !== null) add(name, instance);
      else if (instance.isModule && !around.includes(instance)) walk(instance, `${name}.`, [...around, instance]);
    }
  };
  const walk = (owner: Instance, prefix: string, around: readonly Instance[]): void => {
    for (const [attribute, value] of owner.attributes) {
      const name = prefix + attribute;
      for (const option of optionsOf(value)) {
        if (option.kind === 'list') {
          for (const [i, item] of option.items.entries()) part(`${name}[${item.many ? '*' : i}]`, item.value, around);
        } else if (option.kind === 'dictionary') {
          for (const [key, item] of option.entries)
            part(key === '*' ? `${name}[*]` : `${name}['${key}']`, item, around);
        } else part(name, option, around);
      }
    }
  };
  add('self', root);
  walk(root, '', [root]);
  return [...found.values()];
}

function isSaidBy(signature: string | null, fields: SignatureFields): boolean {
  return JSON.stringify(fieldsOfText(signature ?? '')) === JSON.stringify(fields);
}
