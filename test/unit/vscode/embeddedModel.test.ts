import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { ExtensionContext } from 'vscode';
import { resolveHome } from '../../../src/home/home.ts';
import { embeddedHome, isSetUp, withoutPlace } from '../../../src/vscode/processes/embeddedModel.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

describe('the home of the embedded model', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const context = () => ({ globalStorageUri: { fsPath: join(folder, 'storage') } }) as ExtensionContext;
  const own = () => join(folder, 'storage', 'embedded');

  beforeEach(() => {
    resetFake();
    folder = mkdtempSync(join(tmpdir(), 'bt-homes-'));
    env = { HOME: folder, XDG_DATA_HOME: join(folder, 'data'), LOCALAPPDATA: join(folder, 'data') };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** As `bettertogether setup` leaves it. */
  function setUp(root: string): string {
    for (const stamp of ['runtime/stamp.json', 'venv/stamp.json', 'models/small.gguf.stamp.json']) {
      mkdirSync(join(root, stamp, '..'), { recursive: true });
      writeFileSync(join(root, stamp), '{}');
    }
    expect(isSetUp(root)).toBe(true);
    return root;
  }

  it("is the extension's own where the command line has set none up", () => {
    expect(embeddedHome(context(), env)).toBe(own());
    mkdirSync(resolveHome(env).models, { recursive: true });
    expect(embeddedHome(context(), env)).toBe(own());
  });

  it('is the one of the command line where that is set up', () => {
    const root = setUp(resolveHome(env).root);
    expect(embeddedHome(context(), env)).toBe(root);
    setUp(own());
    expect(embeddedHome(context(), env)).toBe(root);
  });

  it('is what the variable names, and before that what the setting names', () => {
    setUp(resolveHome(env).root);
    const named = { ...env, BETTERTOGETHER_HOME: join(folder, 'named') };
    expect(embeddedHome(context(), named)).toBe(join(folder, 'named'));
    expect(embeddedHome(context(), { ...env, BETTERTOGETHER_HOME: '' })).toBe(resolveHome(env).root);
    fake.settings.set('embedded.home', join(folder, 'set'));
    expect(embeddedHome(context(), named)).toBe(join(folder, 'set'));
  });
});

test.each([
  ['Installing the trainer (about 200 MB) into /home/me/embedded/venv', 'Installing the trainer (about 200 MB)'],
  ['smollm2 in /home/me/embedded/models/smollm2.gguf', 'smollm2'],
  ['Downloading numpy-2.4.6.whl (16.9 MB)', 'Downloading numpy-2.4.6.whl (16.9 MB)'],
])('"%s" is shorter in a notification', (line, told) => {
  expect(withoutPlace(line, '/home/me/embedded')).toBe(told);
});
