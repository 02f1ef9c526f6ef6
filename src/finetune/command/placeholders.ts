import { UsageError } from '../../data/errors.ts';

/** What stands for a placeholder; a list becomes several arguments where it stands alone. */
export type PlaceholderValues = Readonly<Record<PlaceholderName, string | readonly string[]>>;

const placeholderNames = [
  'rows',
  'data',
  'out',
  'folder',
  'model',
  'parent',
  'hash',
  'seed',
  'epochs',
  'learningRate',
  'schedule',
  'batchSize',
  'rank',
  'alpha',
  'targets',
] as const;
export type PlaceholderName = (typeof placeholderNames)[number];

const pattern = /\{([A-Za-z]\w*)\}/g;

/** Text of a file with the placeholders that are known filled in; anything else in braces stays as it is. */
export function fillText(text: string, values: PlaceholderValues): string {
  return text.replaceAll(pattern, (whole, name: string) => {
    if (!isName(name)) return whole;
    const value = values[name];
    return typeof value === 'string' ? value : value.join(',');
  });
}

/** Arguments with their placeholders filled in. */
export function fillArguments(given: readonly string[], values: PlaceholderValues): readonly string[] {
  return given.flatMap((argument) => {
    const name = /^\{(\w+)\}$/.exec(argument)?.[1];
    const value = name !== undefined && isName(name) ? values[name] : fillText(argument, values);
    return value;
  });
}

/** @throws UsageError for a placeholder that stands for nothing: a slip of the pen would reach the trainer as it is. */
export function checkPlaceholders(given: readonly string[], where: string): void {
  for (const argument of given) {
    for (const [whole, name] of argument.matchAll(pattern)) {
      if (isName(name ?? '')) continue;
      const known = placeholderNames.map((one) => `{${one}}`).join(', ');
      throw new UsageError(`${where} in bettertogether.json has the placeholder ${whole}. There are: ${known}.`);
    }
  }
}

function isName(name: string): name is PlaceholderName {
  return (placeholderNames as readonly string[]).includes(name);
}
