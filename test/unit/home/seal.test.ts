import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sealUnder } from '../../../src/home/seal.ts';
import { isSealedText, sealedText } from '../../../src/home/sealedText.ts';
import { secretFile, userSecret } from '../../../src/home/secret.ts';
import { temporaryFolder } from '../run/folder.ts';

const windows = process.platform === 'win32';
const homeOf = (folder: string) => ({ HOME: folder, LOCALAPPDATA: folder, XDG_DATA_HOME: join(folder, 'data') });
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the secret', () => {
  it('is made once, is 32 bytes, and is nobody else’s to read', () => {
    const env = homeOf(temporaryFolder());
    const secret = userSecret(env);
    expect(secret).toHaveLength(32);
    expect(userSecret(env)).toEqual(secret);
    expect(userSecret(homeOf(temporaryFolder()))).not.toEqual(secret);
    if (windows) return;
    expect([modeOf(secretFile(env)), modeOf(dirname(secretFile(env)))]).toEqual([0o600, 0o700]);
    chmodSync(secretFile(env), 0o644);
    userSecret(env);
    expect(modeOf(secretFile(env))).toBe(0o600);
  });

  it('is the same for processes that ask for it at once', () => {
    const env = homeOf(temporaryFolder());
    const script = `import { userSecret } from ${JSON.stringify(new URL('../../../src/home/secret.ts', import.meta.url).href)};
      console.log(userSecret().toString('hex'));`;
    const shell = Array.from({ length: 4 }, () => `"$NODE" "$JITI" "$SCRIPT" &`).join('\n');
    const file = join(temporaryFolder(), 'ask.ts');
    writeFileSync(file, script);
    const jiti = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs');
    const asked = execFileSync('sh', ['-c', `${shell}\nwait`], {
      env: { ...process.env, ...env, NODE: process.execPath, JITI: jiti, SCRIPT: file },
      encoding: 'utf8',
    });
    const answers = asked.trim().split('\n');
    expect(answers).toHaveLength(4);
    expect(new Set(answers)).toEqual(new Set([userSecret(env).toString('hex')]));
  });

  it('that is damaged is named with what to do, and not replaced', () => {
    const env = homeOf(temporaryFolder());
    userSecret(env);
    writeFileSync(secretFile(env), 'half of it');
    expect(() => userSecret(env)).toThrow(/secret is damaged.*bettertogether adopt/);
    expect(readFileSync(secretFile(env), 'utf8')).toBe('half of it');
  });

  it('that cannot be made says where a home is looked for', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => userSecret(homeOf(file))).toThrow(/XDG_DATA_HOME/);
  });
});

describe('a seal', () => {
  const mine = sealUnder(() => Buffer.alloc(32, 1));
  const yours = sealUnder(() => Buffer.alloc(32, 2));

  it('holds for its own kind and content, under its own secret', () => {
    const seal = mine.of('manifest', 'a', 'b');
    expect(mine.holds(seal, 'manifest', 'a', 'b')).toBe(true);
    expect(mine.holds(seal, 'manifest', Buffer.from('a'), 'b')).toBe(true);
    expect(mine.holds(seal, 'state', 'a', 'b')).toBe(false);
    // Parts are told apart: `ab` and nothing is not `a` and `b`.
    expect(mine.holds(seal, 'manifest', 'ab', '')).toBe(false);
    expect(yours.holds(seal, 'manifest', 'a', 'b')).toBe(false);
    for (const none of [undefined, null, 1, '', 'x'.repeat(32), seal.slice(1), seal.toUpperCase()])
      expect(mine.holds(none, 'manifest', 'a', 'b')).toBe(false);
  });

  it('of a record holds for its very text under its own name', () => {
    const text = sealedText(mine, 'manifest', 'r1', { v: 1, deep: { of: ['a', '\u2028', '"'] } });
    expect(JSON.parse(text)).toMatchObject({
      v: 1,
      deep: { of: ['a', '\u2028', '"'] },
      seal: expect.anything() as unknown,
    });
    expect(isSealedText(mine, 'manifest', 'r1', text)).toBe(true);
    expect(isSealedText(mine, 'manifest', 'r2', text)).toBe(false);
    expect(isSealedText(mine, 'comparison', 'r1', text)).toBe(false);
    expect(isSealedText(yours, 'manifest', 'r1', text)).toBe(false);
    for (let place = 0; place < text.length; place++) {
      const changed = `${text.slice(0, place)}#${text.slice(place + 1)}`;
      expect(isSealedText(mine, 'manifest', 'r1', changed), `at ${place}`).toBe(false);
    }
    // A key before or after the seal is not under it.
    expect(isSealedText(mine, 'manifest', 'r1', text.replace('"v": 1', '"v": 1, "w": 2'))).toBe(false);
    expect(isSealedText(mine, 'manifest', 'r1', text.replace(/\n\}\n$/, ', "w": 2\n}\n'))).toBe(false);
  });
});
