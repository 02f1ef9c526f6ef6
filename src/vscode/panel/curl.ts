/** A request as a command for a shell. The key is not in it: it names the environment variable the key is read from. */
import type { JsonValue } from '../../data/json.ts';

export interface CurlTarget {
  /** `http://gpu-box:8000/v1`; `null`: the embedded endpoint, which has another port each time it is started. */
  readonly baseURL: string | null;
  /** The environment variable that holds the key; `null`: none is asked for. */
  readonly apiKeyEnv: string | null;
}

export function curlCommand(
  target: CurlTarget,
  path: string,
  body: Readonly<Record<string, unknown>> | JsonValue,
): string {
  const base = target.baseURL === null ? '"$BETTERTOGETHER_URL"' : quoted(target.baseURL.replace(/\/+$/, ''));
  const lines = [`curl ${base}${quoted(path)}`, `  -H 'Content-Type: application/json'`];
  // In double quotes, so that the shell puts the key in.
  if (target.apiKeyEnv !== null) lines.push(`  -H "Authorization: Bearer $${variable(target.apiKeyEnv)}"`);
  lines.push(`  --data-raw ${quoted(visibleJson(body))}`);
  const command = lines.join(' \\\n');
  if (target.baseURL !== null) return `${command}\n`;
  return `# \`bettertogether serve\` prints the URL, which ends in /v1:\nBETTERTOGETHER_URL=\n${command}\n`;
}

/** JSON in which nothing moves a cursor or turns the direction of writing: what is pasted is what is seen. */
function visibleJson(body: unknown): string {
  return JSON.stringify(body, null, 2).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One word of a POSIX shell, whatever is in it: model output is hostile, and this is pasted into a terminal. */
function quoted(text: string): string {
  // Pasted control characters reach the terminal before the shell does; JSON has escaped them already, a path has not.
  const plain = text.replaceAll(/[\0-\x08\x0b-\x1f\x7f]/g, '');
  return `'${plain.replaceAll("'", `'\\''`)}'`;
}

function variable(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : 'API_KEY';
}
