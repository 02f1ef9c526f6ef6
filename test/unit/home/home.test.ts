import { describe, expect, it } from 'vitest';
import { resolveHome, trainerSources } from '../../../src/home/home.ts';

describe('resolveHome', () => {
  it.each([
    ['linux', { HOME: '/home/a' }, '/home/a/.local/share/bettertogether'],
    ['linux', { HOME: '/home/a', XDG_DATA_HOME: '/data' }, '/data/bettertogether'],
    ['darwin', { HOME: '/Users/a' }, '/Users/a/Library/Application Support/bettertogether'],
    ['linux', { HOME: '/home/a', BETTERTOGETHER_HOME: '/else' }, '/else'],
  ] as const)('%s %j', (platform, env, root) => {
    const home = resolveHome(env, platform);
    expect(home.root).toBe(root);
    expect(home.tuned.startsWith(root)).toBe(true);
  });
});

describe('trainerSources', () => {
  it('finds our package above the sources, and says so when it is not there', () => {
    expect(trainerSources()).toMatch(/python[\\/]trainer/);
    expect(() => trainerSources('/')).toThrow(/install it again/);
  });
});
