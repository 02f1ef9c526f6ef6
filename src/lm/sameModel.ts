/**
 * Whether an endpoint means the model it was asked for when it says which one answered. Services add a date, a
 * provider or a variant of their own, servers a path or the precision of the weights. Another size is another model,
 * also where its name begins with the one that was asked for.
 */

/** A model's name, apart. */
interface Name {
  /** What comes before the name: providers, owners, folders. */
  readonly path: readonly string[];
  readonly name: string;
  /** Digits of a date or a revision; `null` where there is none. */
  readonly date: string | null;
  /** How the weights are held; '' where that is not said. */
  readonly precision: string;
}

export function isSameModel(asked: string, answeredBy: string): boolean {
  if (isSameName(asked, answeredBy)) return true;
  const [a, b] = [apart(asked), apart(answeredBy)];
  const samePrecision = a.precision === b.precision || a.precision === '' || b.precision === '';
  return a.name === b.name && oneEndsTheOther(a.path, b.path) && samePrecision && isSameDate(a.date, b.date);
}

/** Whether both are written alike, but for case and what comes before: all that distinguishes versions is compared. */
export function isSameName(asked: string, answeredBy: string): boolean {
  return oneEndsTheOther(pathOf(asked.toLowerCase()), pathOf(answeredBy.toLowerCase()));
}

const pathOf = (name: string): readonly string[] => name.split(/[/\\]+/).filter((part) => part !== '');

function oneEndsTheOther(a: readonly string[], b: readonly string[]): boolean {
  const shared = Math.min(a.length, b.length);
  return shared === 0 || a.slice(-shared).join('/') === b.slice(-shared).join('/');
}

/** `0806` is short for `20240806`. */
function isSameDate(a: string | null, b: string | null): boolean {
  return a === null || b === null || a.endsWith(b) || b.endsWith(a);
}

/** Ways of a service, and kinds of files. */
const variant =
  /:(?:free|nitro|floor|online|exacto|extended|beta)$|[-_:@.](?:latest|gguf|ggml|mlx|hf)$|-\d{5}-of-\d{5}$/;

/** `fp8`, `bf16`, `int4`, `q4_k_m`, `w4a16`, `4bit`, `awq` and the like. */
const precision =
  /[-_:@.]((?:fp|bf|f|int|nf)\d{1,2}|i?q\d(?:[_-](?:k|nl|xxs|xs|[sml\d]))*|w\d+a\d+|\d-?bit|awq|gptq|exl2|bnb|mxfp4|nvfp4|dynamic|quantized)$/;

const month = '(?:0[1-9]|1[0-2])';
const day = '(?:0[1-9]|[12]\\d|3[01])';
/** `2024-08-06`, `20240806`, `08-2024`, `05-20`, `0613`, `2411` (a year and its month), `002`, and Bedrock's `v2:0`. */
const date = new RegExp(
  `[-_@](20\\d\\d-?${month}-?${day}|${month}-20\\d\\d|${month}-${day}|${month}${day}|2\\d${month}|00\\d|v\\d+:\\d+)$`,
);

function apart(full: string): Name {
  const path = pathOf(full.trim().toLowerCase());
  let name = path.at(-1) ?? '';
  const dates: string[] = [];
  const precisions: string[] = [];
  for (let before = ''; before !== name;) {
    before = name;
    name = name
      .replace(variant, '')
      .replace(precision, (_, held: string) => (precisions.unshift(held), ''))
      .replace(date, (_, written: string) => (dates.unshift(written.replaceAll(/\D/g, '')), ''));
  }
  // Bedrock: `us.anthropic.claude-…`.
  const owners = name.split(/(?<=[a-z])\.(?=[a-z])/);
  return {
    path: [...path.slice(0, -1), ...owners.slice(0, -1)],
    name: plain(owners.at(-1) ?? ''),
    date: dates[0] ?? null,
    precision: precisions.join('-').replaceAll('_', '-'),
  };
}

/** `Meta-Llama-3.1-8B`, `llama-v3p1-8b` and `llama3.1:8b` are one name: a sign only matters between digits. */
function plain(name: string): string {
  return name
    .replace(/^meta-(?=llama)/, '')
    .replace('gpt-35', 'gpt-3.5')
    .replaceAll(/(?<=^|[^a-z])v(?=\d)/g, '')
    .replaceAll(/(?<=\d)p(?=\d)/g, '.')
    .replaceAll(/(?<=\d)[^a-z\d]+(?=\d)/g, '-')
    .replaceAll(/(?<!\d)[^a-z\d]+|[^a-z\d]+(?!\d)/g, '');
}
