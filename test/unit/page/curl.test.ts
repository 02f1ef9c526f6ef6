import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { harmIn, hostileTexts } from '../../fakes/hostile.ts';
import { curlCommand } from '../../../src/page/curl.ts';
import { shellWord } from '../../../src/run/code/shell.ts';

const lab = { baseURL: 'http://gpu-box:8000/v1', apiKeyEnv: 'LAB_KEY' };

/** What a shell hands to curl: arguments, and what comes through a pipe. */
function handed(command: string, read = ':'): { readonly args: string[]; readonly piped: string } {
  const script = `curl() { printf '%s\\0' "$@"; ${read}; }\n${command}`;
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    env: { LAB_KEY: 'secret-of-the-shell', BETTERTOGETHER_TOKEN: 'secret-of-the-shell' },
  });
  expect(status).toBe(0);
  return { args: stdout.split('\0').slice(0, -1), piped: stderr };
}

const argumentsOf = (command: string): string[] => handed(command).args;

describe('a request as curl', () => {
  it('gives the shell the URL, the key of its environment and the exact body', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'Where?' }], temperature: 0.1 };
    const command = curlCommand(lab, '/chat/completions', body);
    const args = argumentsOf(command);
    expect(args[0]).toBe('http://gpu-box:8000/v1/chat/completions');
    expect(args).toContain('Authorization: Bearer secret-of-the-shell');
    expect(JSON.parse(args.at(-1)!)).toEqual(body);
    expect(command).not.toContain('secret');
    expect(command).toContain('$LAB_KEY');
  });

  it.each([
    `'; touch pwned; '`,
    '$(touch pwned) `touch pwned` $LAB_KEY',
    'a\nb\r\nc\u001b[31m\u0000\u007f',
    '\\',
    "'",
    "\\'",
    '!!',
  ])('keeps %j one word of the shell', (content) => {
    const body = { prompt: content };
    const args = argumentsOf(curlCommand(lab, '/completions', body));
    expect(args).toHaveLength(7);
    expect(JSON.parse(args.at(-1)!)).toEqual(body);
  });

  it('keeps hostile bodies one word of the shell, and sends a terminal nothing that it obeys', () => {
    for (const content of hostileTexts) {
      const command = curlCommand(lab, '/completions', { [content]: content }, 'linux');
      expect(harmIn(command), JSON.stringify(content)).toBeNull();
      const args = argumentsOf(command);
      expect(args).toHaveLength(7);
      expect(JSON.parse(args.at(-1)!)).toEqual({ [content]: content });
    }
  });

  it('is for PowerShell on Windows: the body in one word without any quote of its, in ASCII', () => {
    for (const content of hostileTexts) {
      const command = curlCommand(lab, '/completions', { [content]: content }, 'win32');
      const [, body, rest] = /^'([\0-\x7f]*?)' \| curl\.exe (.*)\n$/s.exec(command)!;
      expect(JSON.parse(body!)).toEqual({ [content]: content });
      expect(rest).toBe(
        `('http://gpu-box:8000/v1' + '/completions') -H 'Content-Type: application/json' -H "Authorization: Bearer $env:LAB_KEY" --data-binary '@-'`,
      );
    }
  });

  it('asks for no key where there is none, and says where the embedded endpoint is found', () => {
    expect(curlCommand({ ...lab, apiKeyEnv: null }, '/completions', {})).not.toContain('Authorization');
    const embedded = curlCommand({ baseURL: null, apiKeyEnv: null }, '/completions', {});
    expect(embedded).toContain('bettertogether serve');
    expect(embedded).not.toContain('-H "Authorization');
    expect(embedded).toContain('"$BETTERTOGETHER_URL"/completions');
  });

  it('hands the key of the embedded endpoint over in a pipe, where no list of processes shows it', () => {
    const command = curlCommand({ baseURL: null, apiKeyEnv: null }, '/completions', { prompt: 'a' });
    const { args, piped } = handed(command, 'cat >&2');
    expect(args.join(' ')).not.toContain('secret-of-the-shell');
    expect(args.slice(-2)).toEqual(['-H', '@-']);
    expect(piped).toBe('Authorization: Bearer secret-of-the-shell\n');
  });

  it('takes no name of a variable that is more than a name', () => {
    expect(curlCommand({ ...lab, apiKeyEnv: 'X"; touch pwned #' }, '/completions', {})).toContain('$API_KEY');
  });

  it('has further headers, and the key in the one that holds it alone', () => {
    const headers = { 'X-Title': "it's $HOME", 'api-key': 'Token {key}!' };
    const posix = curlCommand({ ...lab, headers }, '/completions', {}, 'linux');
    expect(posix).toContain(`-H 'api-key: Token '"$LAB_KEY"'!'`);
    expect(posix).toContain(`-H ${shellWord("X-Title: it's $HOME")}`);
    expect(posix).not.toContain('Authorization');
    const windows = curlCommand({ ...lab, headers }, '/completions', {}, 'win32');
    expect(windows).toContain(`-H ('api-key: Token ' + $env:LAB_KEY + '!')`);
    expect(windows).not.toContain('Authorization');
  });
});
