/**
 * Keys stand in no text of ours, whatever repeats them. Every key that this process reads is made known here, and text
 * of others (services, processes, user code) passes through here before anything is cut off it: half a key at a cut is
 * not recognised any more.
 */

/** Where keys were. */
const mask = '***';

/** A key this long or longer is recognised wherever it stands; a shorter one only where it stands alone. */
const leastInside = 8;
/** A shorter one, and one that is a short word (`none`, `EMPTY`), would take half of a language out of every text. */
const leastAlone = 4;

const known = new Map<string, RegExp>();
/** Keys that are taken out only where nothing but a key stands. */
const words = new Set<string>();

/** The key is taken out of every text from now on. */
export function knowKey(key: string): void {
  if (known.has(key)) return;
  if (key.length < leastAlone || (key.length < leastInside && /^\p{L}+$/u.test(key))) {
    words.add(key);
    return;
  }
  known.set(key, new RegExp(patternOf(key), 'giu'));
  // A key that begins as a shorter one does goes first, so that nothing of it is left.
  const longestFirst = [...known].sort(([a], [b]) => b.length - a.length);
  known.clear();
  for (const [each, pattern] of longestFirst) known.set(each, pattern);
}

/** What others said, fit to be shown: without keys, on one line without control characters, and only then cut. */
export function shown(text: string, longest = 300): string {
  const plain = withoutKeys(text)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim();
  // Not within a character of two halves.
  return plain.length > longest ? `${plain.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…` : plain;
}

/** The whole text, as it is but for keys: those of this process, and whatever stands where keys stand. */
export function withoutKeys(text: string): string {
  let rest = text;
  for (const pattern of known.values()) rest = rest.replace(pattern, mask);
  return rest
    .replace(userInfo, `$1${mask}@`)
    .replace(queryValue, `$1${mask}`)
    .replace(authorization, (all: string, scheme: string, credential: string) =>
      isCredential(credential) ? `${scheme}${mask}` : all,
    );
}

/** A key as people put it into a variable, without what is around it: Docker keeps the quotes of its files of variables. */
export function unquotedKey(text: string): string {
  return (/^(["'])(.*)\1$/s.exec(text.trim())?.[2] ?? text).trim();
}

/** A key that was put into its variable as a whole header would have it. */
export function withoutBearer(key: string): string {
  const bare = key.replace(/^bearer\s+/i, '');
  return bare === key ? key : unquotedKey(bare);
}

const userInfo = /([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]{1,2000}@/gi;
const queryValue = /([?&;][\w.-]{0,40}(?:key|token|secret|sig|signature|password|auth|credential)=)[^\s&#;"'<>*]+/gi;
const authorization = /\b((?:bearer|basic)(?: +|%20|\+))([^\s"',;<>\\]+)/gi;

/** `Bearer sk-1…`, and not `bearer authentication`. */
function isCredential(word: string): boolean {
  return word !== mask && (/\d/.test(word) || word.length > 24 || words.has(word));
}

/** The key as it is, and in the forms that it takes in addresses, JSON, HTML and headers. */
function patternOf(key: string): string {
  const plain = [...key].map(characterPattern).join('');
  if (key.length < leastInside) return `(?<![\\p{L}\\p{N}_-])${plain}(?![\\p{L}\\p{N}_-])`;
  return [plain, ...[0, 1, 2].map((offset) => base64Pattern(key, offset))].join('|');
}

/** One character, plain, percent-encoded (once or again) or escaped as JSON, JavaScript or HTML do. */
function characterPattern(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16).padStart(2, '0');
  const isWord = /\w/.test(character);
  const named = htmlNames[character];
  return `(?:${[
    `${isWord ? '' : '\\\\{0,4}'}${literal(character)}`,
    `%(?:25){0,3}${hex}`,
    `\\\\{1,4}(?:u00|x)${hex}`,
    `&#(?:0{0,5}${code}|x0{0,5}${hex});`,
    ...(named === undefined ? [] : [`&${named};`]),
  ].join('|')})`;
}

const htmlNames: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };

/** The key within base64, `offset` bytes after a group of three begins: what is certain of it, with its edges. */
function base64Pattern(key: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(key)]);
  const edge = offset === 0 ? 0 : offset + 1;
  const certain = bytes.toString('base64').slice(edge, Math.floor((bytes.length * 8) / 6));
  const body = [...certain].map(base64Character).join('');
  return `[A-Za-z0-9+/_-]{0,${edge}}${body}[A-Za-z0-9+/_-]{0,1}=*`;
}

/** Also of the alphabet for addresses. */
function base64Character(character: string): string {
  if (character === '+') return '(?:[+-]|%2b)';
  if (character === '/') return '(?:\\\\{0,4}/|_|%2f)';
  return character;
}

function literal(character: string): string {
  return /\w/.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
