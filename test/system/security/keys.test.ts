/** Keys go where the person sent them and nowhere else, and stand nowhere. SECURITY.md says what is promised. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFaultProxy } from '../../fakes/faultProxy.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { smallWorkspace, told } from '../faults/runs.ts';
import { studentAnswer, type Workspace } from '../workspace.ts';

const key = 'sk-very-secret-0123456789';
const optimize = ['optimize', 'two', '--yes', '--json'];

/** A host that nobody is to send anything to. */
class Stranger {
  readonly seen: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')));
      request.on('end', () => {
        this.seen.push({ url: request.url ?? '', headers: request.headers, body });
        response.writeHead(404).end('{}');
      });
    });
    // What a client of a proxy says first.
    this.#server.on('connect', (request, socket) => {
      this.seen.push({ url: request.url ?? '', headers: request.headers, body: 'CONNECT' });
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
  }

  static async start(): Promise<Stranger> {
    const stranger = new Stranger();
    await new Promise<void>((resolve) => stranger.#server.listen(0, '127.0.0.1', resolve));
    return stranger;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

let fake: FakeEndpoint;
let stranger: Stranger;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer, apiKey: key });
  stranger = await Stranger.start();
  workspace = smallWorkspace(fake.baseURL, { apiKeyEnv: 'TEST_KEY' });
});
afterEach(async () => {
  workspace.dispose();
  await stranger.close();
  await fake.close();
});

function configure(change: (config: { endpoints: Record<string, Record<string, unknown>> }) => void): void {
  const file = join(workspace.folder, 'bettertogether.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as { endpoints: Record<string, Record<string, unknown>> };
  change(config);
  workspace.write('bettertogether.json', JSON.stringify(config));
}

describe('a key goes to no other host', () => {
  it.each([301, 302, 303, 307, 308])('by a redirect (%i) of any request', async (status) => {
    const proxy = await startFaultProxy(fake.baseURL);
    try {
      proxy.setFault(() => ({ kind: 'status', status, headers: { location: `${stranger.url}/v1/chat/completions` } }));
      configure(({ endpoints }) => (endpoints['fake']!['baseURL'] = proxy.baseURL));
      const { code, stderr } = await workspace.run(optimize, { TEST_KEY: key });
      expect(code).toBe(1);
      expect(stderr).toMatch(/redirects to .*the key is not sent there/);
      expect(stranger.seen).toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  it('by a redirect of an upload', async () => {
    const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL, apiKeyEnv: 'K' }), {
      resolveKey: () => key,
    });
    fake.fault({ path: 'files', kind: 'redirect', to: `${stranger.url}/v1/files` });
    const file = new File(['{}'], 'rows.jsonl');
    await expect(connection.openai.files.create({ file, purpose: 'fine-tune' })).rejects.toThrow();
    expect(stranger.seen).toEqual([]);
    await connection.close();
  });

  it('by a training service at another address: it gets the key that was named for it, or none', async () => {
    configure(
      ({ endpoints }) => (endpoints['fake']!['fineTune'] = { baseURL: `${stranger.url}/v1`, pollSeconds: 0.05 }),
    );
    const { code } = await workspace.run([...optimize, '--strategy', 'w'], { TEST_KEY: key });
    expect(code).toBe(1);
    expect(stranger.seen.length).toBeGreaterThan(0);
    for (const { headers, body } of stranger.seen) {
      expect(headers.authorization).toBeUndefined();
      expect(JSON.stringify(headers) + body).not.toContain(key);
    }
  });

  it('by the environment: keys and addresses meant for OpenAI are not taken from there', async () => {
    configure(({ endpoints }) => {
      delete endpoints['fake']!['apiKeyEnv'];
      endpoints['fake']!['baseURL'] = `${stranger.url}/v1`;
    });
    const env = {
      OPENAI_API_KEY: key,
      OPENAI_ADMIN_KEY: key,
      OPENAI_ORG_ID: 'org-secret',
      OPENAI_PROJECT_ID: 'proj-secret',
      OPENAI_CUSTOM_HEADERS: 'X-Secret: header-secret\nAuthorization: Bearer header-secret',
      OPENAI_BASE_URL: fake.baseURL,
    };
    const { code } = await workspace.run(optimize, env);
    expect(code).toBe(1);
    expect(stranger.seen.length).toBeGreaterThan(0);
    const said = JSON.stringify(stranger.seen);
    for (const secret of [key, 'org-secret', 'proj-secret', 'header-secret']) expect(said).not.toContain(secret);
    for (const { headers } of stranger.seen) expect(headers.authorization).toBeUndefined();
    expect(fake.counters.requests).toBe(0);
  });

  it('by a file of the workspace that sets variables, or by one that is named in an address', async () => {
    workspace.write('.env', `TEST_KEY=${key}\nHTTP_PROXY=${stranger.url}\n`);
    const unset = await workspace.run(optimize, { TEST_KEY: '' });
    expect(unset.code).toBe(2);
    expect(unset.stderr).toContain('TEST_KEY is not set');
    configure(({ endpoints }) => (endpoints['fake']!['baseURL'] = `${stranger.url}/v1/\${TEST_KEY}`));
    await workspace.run(optimize, { TEST_KEY: key, SECRET_PATH: key });
    expect(stranger.seen.map(({ url }) => url).filter((url) => url.includes(key))).toEqual([]);
  });

  it('by a proxy of the environment, on the way to this machine', async () => {
    const proxies = {
      HTTP_PROXY: stranger.url,
      http_proxy: stranger.url,
      HTTPS_PROXY: stranger.url,
      ALL_PROXY: stranger.url,
    };
    const { code, stderr } = await workspace.run(optimize, { TEST_KEY: key, ...proxies });
    expect(code, stderr).toBe(0);
    expect(stranger.seen).toEqual([]);
  });

  it.each([
    ['the key itself', { apiKeyEnv: key }, 'name of an environment variable'],
    ['a password in the address', { baseURL: `http://user:${key}@127.0.0.1:1/v1` }, 'user name or password'],
  ])('by standing in the configuration: %s is refused, and not repeated', async (_, change, says) => {
    configure(({ endpoints }) => Object.assign(endpoints['fake']!, change));
    const { code, stderr, stdout } = await workspace.run(optimize, { TEST_KEY: key });
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stderr + stdout).not.toContain(key);
  });
});

describe('a key stands nowhere', () => {
  it('not in files, output, events, errors or the process list, also when the service repeats it', async () => {
    let listed = '';
    fake.setAnswer((call) => {
      if (listed === '') listed = execFileSync('ps', ['-A', '-ww', '-o', 'args'], { encoding: 'utf8' });
      return studentAnswer(call);
    });
    const done = await workspace.run([...optimize, '--strategy', 'p -> w'], { TEST_KEY: key });
    expect(done.code, done.stderr).toBe(0);
    expect(listed).toContain('cli.js');
    expect(listed).not.toContain(key);
    // It repeats the key in its error, and in answers that are kept.
    fake.setAnswer(() => ({
      text: null,
      status: 401,
      raw: { error: { message: `Incorrect API key provided: ${key}.` } },
    }));
    const refused = await workspace.run([...optimize, '--strategy', 'p', '--seed', '5'], { TEST_KEY: key });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Incorrect API key provided: ***');
    expect(told(refused).events.at(-1)).toMatchObject({ type: 'run.stopped' });
    for (const { stdout, stderr } of [done, refused]) expect(stdout + stderr).not.toContain(key);
    for (const command of [
      ['runs', '--json'],
      ['show', 'latest', '--json'],
      ['evaluate', 'two', '--json', '--yes'],
    ]) {
      const { stdout, stderr } = await workspace.run(command, { TEST_KEY: key });
      expect(stdout + stderr).not.toContain(key);
    }
    expect(filesWith(workspace.folder, key)).toEqual([]);
  });
});

describe('no half of a key stands anywhere, in whatever form it is repeated', () => {
  const other = 'tr-other/secret+9876543210';
  const forms: readonly (readonly [string, (text: string) => string])[] = [
    ['as it is', (text) => text],
    ['percent-encoded', encodeURIComponent],
    ['in JSON of JSON', (text) => JSON.stringify(JSON.stringify(text.replaceAll('/', '\\/')))],
    ['in base64', (text) => Buffer.from(`user:${text}`).toString('base64')],
    ['in a header', (text) => `Authorization: Bearer ${text}`],
    ['in an address', (text) => `https://user:${encodeURIComponent(text)}@proxy/v1?key=${encodeURIComponent(text)}`],
  ];

  /** Eight characters in a row of a key, plain or in base64, betray it. */
  const pieces = [key, other].flatMap((each) => [each, Buffer.from(`user:${each}`).toString('base64').slice(8, -4)]);
  const betrays = (text: string): readonly string[] =>
    pieces
      .flatMap((piece) => Array.from({ length: piece.length - 7 }, (_, at) => piece.slice(at, at + 8)))
      .filter((part) => text.includes(part));

  it('by errors of a service that knows the keys of all, wherever its words are cut', async () => {
    configure(({ endpoints }) => (endpoints['fake']!['fineTune'] = { pollSeconds: 0.05, apiKeyEnv: 'OTHER_KEY' }));
    const env = { TEST_KEY: key, OTHER_KEY: other };
    const all = forms.map(([, form]) => `${form(key)} ${form(other)}`).join(' ');
    const begin = (length: number, text: string) => `${'x'.repeat(length)} ${text}`;
    const base64 = Buffer.from(`user:${key}`).toString('base64');
    for (const message of [all, begin(284, key), begin(280, encodeURIComponent(other)), begin(276, base64)]) {
      fake.setAnswer(() => ({ text: null, status: 401, raw: { error: { message } } }));
      const { code, stderr, stdout } = await workspace.run([...optimize, '--strategy', 'p -> w'], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(message === all ? /\*\*\* \*\*\*/ : /xxxx/);
      expect(betrays(stdout + stderr)).toEqual([]);
    }
    expect(betrays(everythingIn(workspace.folder))).toEqual([]);
  });

  it('by the events and the error of a training job', async () => {
    const said = `${'y'.repeat(1990)} ${key} ${forms.map(([, form]) => form(key)).join(' ')}`;
    const own = await startFakeEndpoint({
      answer: studentAnswer,
      apiKey: key,
      fineTuning: { failWith: said },
      intercept: ({ url = '' }, response) => {
        if (!/\/events/.test(url)) return false;
        const event = { id: 'e1', object: 'event', created_at: 1, level: 'error', message: said };
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [event], has_more: false }));
        return true;
      },
    });
    try {
      configure(({ endpoints }) => (endpoints['fake']!['baseURL'] = own.baseURL));
      const { stderr, stdout } = await workspace.run([...optimize, '--strategy', 'w'], { TEST_KEY: key });
      expect(stdout).toContain('yyyy');
      expect(betrays(stdout + stderr + everythingIn(workspace.folder))).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it('by what user code prints and throws', async () => {
    const program = readFileSync(join(workspace.folder, 'program.ts'), 'utf8').replace(
      'async forward(',
      `async forward({ question }: { question: string }) {
    console.log('asking with ' + process.env.TEST_KEY);
    throw new Error('refused: Bearer ' + process.env.TEST_KEY);
  }
  async unused(`,
    );
    workspace.write('program.ts', program);
    const { stderr, stdout } = await workspace.run([...optimize, '--strategy', 'vanilla'], { TEST_KEY: key });
    expect(stdout + stderr).toContain('refused: Bearer ***');
    expect(betrays(stdout + stderr + everythingIn(workspace.folder))).toEqual([]);
  });
});

/** What every file below says, compressed ones aside: there are none. */
function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, 'latin1').includes(text));
}
