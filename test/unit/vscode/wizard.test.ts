import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Root } from '../../../src/vscode/programs/roots.ts';
import { ApiKeys } from '../../../src/vscode/keys/apiKeys.ts';
import { askProgramSettings } from '../../../src/vscode/optimize/wizard.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
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

it('proposes the address at which the endpoint answers, and writes that', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/v1/models') response.end(JSON.stringify({ data: [{ id: 'served' }] }));
    else response.writeHead(404).end('no such page');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const given = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.jsonl'), '{"utterance":"hi","answer":"greet"}\n');
  const root: Root = { folder, name: 'w', loaded: { workspace: folder, file: null, config: {} }, problem: null };
  const session = {
    home: () => join(folder, 'home'),
    keys: keysIn(new Map()),
    log: { warn: () => undefined, debug: () => undefined },
    programs: { namesIn: () => [] },
  } as unknown as Session;
  try {
    fake.chosenFolder = join(folder, 'rows.jsonl');
    fake.picks.push('Choose a file', 'exactMatch:answer', 'Another OpenAI', `Use ${given}/v1`, 'served', 'p');
    fake.inputs.push(given, 'LAB_KEY', 'secret-of-the-lab');
    const changes = await askProgramSettings(session, root, { ...program, keys: [] }, 'intents');
    expect(fake.pickers[3]?.placeholder).toBe(`${given} lists no models, ${given}/v1 does`);
    expect(changes).toContainEqual({ path: ['endpoints', 'local', 'baseURL'], value: `${given}/v1` });
    expect(changes).toContainEqual({ path: ['programs', 'intents', 'model'], value: 'served' });
    // The key was entered for this host: it is not asked for once more.
    expect(await session.keys.get({ env: 'LAB_KEY', baseURL: `${given}/v1` })).toBe('secret-of-the-lab');
  } finally {
    server.close();
  }
});
