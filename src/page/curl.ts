/** A request as a command for a shell. The key is not in it: it names the environment variable the key is read from. */
import type { JsonValue } from '../base/json.ts';
import { unitEscapes, visibleJson } from '../base/visibleText.ts';
import { holdKey, keyPlace, type FurtherHeaders } from '../data/requestHeaders.ts';
import { tokenVariable } from '../home/token.ts';
import { powershellWord, shellWord } from '../run/code/shell.ts';

export interface CurlTarget {
  /** `http://gpu-box:8000/v1`; `null`: the embedded endpoint, which has another port each time it is started. */
  readonly baseURL: string | null;
  /** The environment variable that holds the key; `null`: none is asked for. */
  readonly apiKeyEnv: string | null;
  /** Further headers. Default: none. */
  readonly headers?: FurtherHeaders | undefined;
}

/** @param platform whose usual shell it is for: PowerShell on Windows, a POSIX shell elsewhere. */
export function curlCommand(
  target: CurlTarget,
  path: string,
  body: Readonly<Record<string, unknown>> | JsonValue,
  platform: NodeJS.Platform = process.platform,
): string {
  return platform === 'win32' ? powershellCurl(target, path, body) : posixCurl(target, path, body);
}

const servedNote = '# `bettertogether serve` prints the URL, which ends in /v1, and how to set the key:';

function posixCurl({ baseURL, apiKeyEnv, headers = {} }: CurlTarget, path: string, body: unknown): string {
  const base = baseURL === null ? '"$BETTERTOGETHER_URL"' : shellWord(baseURL.replace(/\/+$/, ''));
  const lines = [`curl ${base}${shellWord(path)}`, `  -H 'Content-Type: application/json'`];
  // In double quotes, so that the shell puts the key in.
  if (apiKeyEnv !== null && !holdKey(headers)) lines.push(`  -H "Authorization: Bearer $${variable(apiKeyEnv)}"`);
  const key = `"$${variable(apiKeyEnv ?? '')}"`;
  for (const line of linesOf(headers)) lines.push(`  -H ${line.split(keyPlace).map(shellWord).join(key)}`);
  lines.push(`  --data-raw ${shellWord(pastedJson(body))}`);
  if (baseURL !== null) return `${lines.join(' \\\n')}\n`;
  return [
    servedNote,
    'BETTERTOGETHER_URL=',
    // From a pipe, and not as an argument, which every user of the machine sees in the list of processes.
    `printf 'Authorization: Bearer %s\\n' "$${tokenVariable}" | ${[...lines, '  -H @-'].join(' \\\n')}`,
    '',
  ].join('\n');
}

/** Through a pipe: Windows PowerShell loses double quotes in arguments, and what is not ASCII in a pipe. */
function powershellCurl({ baseURL, apiKeyEnv, headers = {} }: CurlTarget, path: string, body: unknown): string {
  const ascii = pastedJson(body).replaceAll(/[^\0-\x7f]/g, unitEscapes);
  const base = baseURL === null ? '$BETTERTOGETHER_URL' : powershellWord(baseURL.replace(/\/+$/, ''));
  const url = `(${base} + ${powershellWord(path)})`;
  const keyVariable = baseURL === null ? tokenVariable : apiKeyEnv;
  const bearer =
    keyVariable === null || holdKey(headers) ? '' : ` -H "Authorization: Bearer $env:${variable(keyVariable)}"`;
  const key = ` + $env:${variable(keyVariable ?? '')} + `;
  const further = linesOf(headers)
    .map((line) => ` -H (${line.split(keyPlace).map(powershellWord).join(key)})`)
    .join('');
  const command = `${powershellWord(ascii)} | curl.exe ${url} -H 'Content-Type: application/json'${bearer}${further} --data-binary '@-'\n`;
  if (baseURL !== null) return command;
  return `${servedNote}\n$BETTERTOGETHER_URL = ''\n${command}`;
}

const linesOf = (headers: FurtherHeaders): readonly string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

/** Without any quotes that a shell could take for the end of the word, whichever shell it is pasted into. */
function pastedJson(body: unknown): string {
  return visibleJson(body, 2).replaceAll(/['\u2018-\u201b]/g, unitEscapes);
}

function variable(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : 'API_KEY';
}
