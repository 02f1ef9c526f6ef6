import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, finishedRun, makeWorkspace } from './workspace.ts';

describe('prune', () => {
  it('says what it would remove, and removes it only with consent', async () => {
    const { place, run } = await finishedRun();
    const runs = join(place, '.bettertogether', 'runs');
    expect((await cli(place, ['prune'])).out).toContain('nothing to remove');
    const asked = await cli(place, ['prune', '--older-than', '0']);
    expect(asked.code).toBe(2);
    expect(asked.out).toContain(run.folder);
    expect(readdirSync(runs)).toHaveLength(1);
    expect((await cli(place, ['prune', '--older-than', '0', '--yes'])).code).toBe(0);
    expect(readdirSync(runs)).toHaveLength(0);
  });

  it('removes old modules of notebooks, and nothing else that lies beside them', async () => {
    const place = makeWorkspace();
    const folder = join(place, '.bettertogether', 'notebooks');
    for (const name of ['0123456789abcdef', 'fedcba9876543210', 'my own']) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'qa.py'), 'x = 1\n');
    }
    const longAgo = new Date(Date.now() - 40 * 24 * 3600 * 1000);
    utimesSync(join(folder, 'fedcba9876543210'), longAgo, longAgo);
    const { code, out } = await cli(place, ['prune', '--older-than', '30', '--yes']);
    expect(code).toBe(0);
    expect(out).toContain('1 module gathered from notebooks, made again when needed');
    expect(readdirSync(folder).sort()).toEqual(['0123456789abcdef', 'my own']);
  });
});
