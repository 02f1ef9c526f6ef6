import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { EndpointEntry } from '../../../src/config/schema.ts';
import type { ConfigChange } from '../../../src/editor/settings/editConfig.ts';
import type { Root } from '../../../src/vscode/programs/roots.ts';
import { ApiKeys } from '../../../src/vscode/keys/apiKeys.ts';
import { askProgramSettings } from '../../../src/vscode/optimize/wizard.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { fake, goBack, resetFake } from '../../fakes/fakeVscode.ts';
import { temporaryFolder } from '../run/folder.ts';
import { program } from '../editor/samples.ts';

beforeEach(resetFake);

function keysIn(kept: Map<string, string>): ApiKeys {
  return new ApiKeys({
    get: (name) => Promise.resolve(kept.get(name)),
    store: (name, value) => Promise.resolve(void kept.set(name, value)),
    delete: (name) => Promise.resolve(void kept.delete(name)),
  });
}

/** An endpoint that lists its models under `/v1`, to who has the key. */
async function startLab(models: readonly string[], key: string | null) {
  const server = createServer((request, response) => {
    if (request.url !== '/v1/models') response.writeHead(404).end('no such page');
    else if (key !== null && request.headers.authorization !== `Bearer ${key}`) response.writeHead(401).end('no key');
    else response.end(JSON.stringify({ data: models.map((id) => ({ id })) }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function asked(endpoints: Readonly<Record<string, EndpointEntry>> = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.jsonl'), '{"utterance":"hi","answer":"greet"}\n');
  const root: Root = {
    folder,
    name: 'w',
    loaded: { workspace: folder, file: null, config: { endpoints } },
    problem: null,
  };
  const session = {
    home: () => join(folder, 'home'),
    keys: keysIn(new Map()),
    log: { warn: () => undefined, debug: () => undefined },
    programs: { namesIn: () => [] },
  } as unknown as Session;
  fake.chosenFolder = join(folder, 'rows.jsonl');
  return { session, ask: () => askProgramSettings(session, root, { ...program, keys: [] }, 'intents') };
}

const value = (changes: readonly ConfigChange[], ...path: readonly string[]) =>
  changes.find((change) => JSON.stringify(change.path) === JSON.stringify(path))?.value;

it('asks at most six questions, the address among them, and takes the address and the one model that answer', async () => {
  const { server, address } = await startLab(['served'], null);
  try {
    const { ask } = asked();
    fake.picks.push('Choose a file', 'exactMatch:answer', 'Another OpenAI', 'p');
    fake.inputs.push(address);
    const changes = await ask();
    expect(fake.pickers.length + 1).toBeLessThanOrEqual(6);
    expect(value(changes, 'endpoints', 'local')).toEqual({ kind: 'openai', baseURL: `${address}/v1` });
    expect(value(changes, 'programs', 'intents', 'model')).toBe('served');
  } finally {
    server.close();
  }
});

it('asks for a key only where one is wanted, and keeps it for the address that answers', async () => {
  const { server, address } = await startLab(['one', 'two'], 'secret-of-the-lab');
  try {
    const { session, ask } = asked();
    fake.picks.push('Choose a file', 'exactMatch:answer', 'Another OpenAI', 'two', 'p');
    fake.inputs.push(`${address}/v1`, 'secret-of-the-lab');
    const changes = await ask();
    expect(value(changes, 'endpoints', 'local')).toEqual({
      kind: 'openai',
      baseURL: `${address}/v1`,
      apiKeyEnv: 'LOCAL_API_KEY',
    });
    expect(value(changes, 'programs', 'intents', 'model')).toBe('two');
    expect(await session.keys.get({ env: 'LOCAL_API_KEY', baseURL: `${address}/v1` })).toBe('secret-of-the-lab');
    expect(JSON.stringify(changes)).not.toContain('secret-of-the-lab');
  } finally {
    server.close();
  }
});

it('says why an endpoint names no models beside what mends it, and asks it again', async () => {
  const gone = await startLab(['served'], null);
  await new Promise((resolve) => gone.server.close(resolve));
  const { server, address } = await startLab(['one', 'two'], null);
  try {
    const { ask } = asked();
    fake.picks.push(
      'Choose a file',
      'exactMatch:answer',
      'Another OpenAI',
      'Ask again',
      'Change the address',
      'two',
      'p',
    );
    fake.inputs.push(`${gone.address}/v1`, `${address}/v1`);
    const changes = await ask();
    const [first] = fake.pickers[3]!.items;
    expect(first).toMatchObject({ label: '$(refresh) Ask again', detail: expect.stringContaining('does not answer') });
    expect(first!.detail).not.toContain('\n');
    expect(fake.asked[1]!.proposed).toBe(`${gone.address}/v1`);
    expect(value(changes, 'endpoints', 'local')).toEqual({ kind: 'openai', baseURL: `${address}/v1` });
    expect(value(changes, 'programs', 'intents', 'model')).toBe('two');
  } finally {
    server.close();
  }
});

it('says that a key is wrong, and takes another', async () => {
  const { server, address } = await startLab(['one', 'two'], 'secret-of-the-lab');
  try {
    const { session, ask } = asked();
    fake.picks.push('Choose a file', 'exactMatch:answer', 'Another OpenAI', 'Enter another key', 'two', 'p');
    fake.inputs.push(`${address}/v1`, 'wrong', 'secret-of-the-lab');
    await ask();
    expect(fake.pickers[3]!.items[0]).toMatchObject({ detail: expect.stringContaining('answered 401') });
    expect(await session.keys.get({ env: 'LOCAL_API_KEY', baseURL: `${address}/v1` })).toBe('secret-of-the-lab');
  } finally {
    server.close();
  }
});

it('names a key for a configured endpoint that wants one, for who says so', async () => {
  const { server, address } = await startLab(['one', 'two'], 'secret-of-the-lab');
  const lab: EndpointEntry = { kind: 'openai', baseURL: `${address}/v1` };
  try {
    const { ask } = asked({ lab });
    fake.picks.push('Choose a file', 'exactMatch:answer', 'lab', 'Give it a key', 'two', 'p');
    fake.inputs.push('secret-of-the-lab');
    const changes = await ask();
    expect(fake.pickers[3]!.items[0]!.description).toContain('LAB_API_KEY in bettertogether.json');
    expect(value(changes, 'endpoints', 'lab', 'apiKeyEnv')).toBe('LAB_API_KEY');
    const other = asked({ lab });
    fake.picks.push('Choose a file', 'exactMatch:answer', 'lab', 'Another model', 'p');
    fake.inputs.push('typed');
    expect((await other.ask()).filter(({ path }) => path[0] === 'endpoints')).toEqual([]);
  } finally {
    server.close();
  }
});

it('changes the address of a configured endpoint for who agrees to it alone', async () => {
  const { server, address } = await startLab(['served'], null);
  const lab: EndpointEntry = { kind: 'openai', baseURL: address };
  try {
    const changedWith = async (answer: string) => {
      fake.picks.push('Choose a file', 'exactMatch:answer', 'lab', answer, 'p');
      return (await asked({ lab }).ask()).filter(({ path }) => path[0] === 'endpoints');
    };
    expect(await changedWith('Leave it')).toEqual([]);
    expect(fake.pickers[3]!.items[0]!.description).toContain('every program that uses lab');
    expect(await changedWith('Change it')).toEqual([{ path: ['endpoints', 'lab', 'baseURL'], value: `${address}/v1` }]);
  } finally {
    server.close();
  }
});

it('goes back from a text to the question before it, with all other answers kept', async () => {
  const { server, address } = await startLab(['one', 'two'], null);
  try {
    const { ask } = asked();
    fake.picks.push(
      'Choose a file',
      'exactMatch:answer',
      'Another OpenAI',
      'Another OpenAI',
      'Another model',
      'two',
      'p',
    );
    fake.inputs.push(goBack, `${address}/v1`, goBack);
    expect(value(await ask(), 'programs', 'intents', 'model')).toBe('two');
    const [addressAsked, , modelAsked] = fake.asked;
    expect([addressAsked!.step, addressAsked!.totalSteps]).toEqual([
      fake.pickers[2]!.step,
      fake.pickers[2]!.totalSteps,
    ]);
    expect(modelAsked!.step).toBe(addressAsked!.step! + 1);
  } finally {
    server.close();
  }
});
