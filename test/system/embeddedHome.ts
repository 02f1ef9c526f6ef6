import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Home } from '../../src/home/home.ts';
import { homeAt, resolveHome } from '../../src/home/home.ts';
import { ensureEmbedded } from '../../src/embedded/setup.ts';
import type { Setup } from '../../src/embedded/setup.ts';

/**
 * A home of its own for a test: the runtime, model and trainer are the user's (set up first if they are not there),
 * files, jobs and tuned models are its own and go with it.
 */
export async function testHome(): Promise<{ home: Home; setup: Setup; remove: () => Promise<void> }> {
  const real = resolveHome();
  await ensureEmbedded(real);
  const root = await mkdtemp(join(tmpdir(), 'bettertogether-home-'));
  const home = homeAt(root);
  for (const part of ['runtime', 'models', 'venv'] as const) await symlink(real[part], home[part], 'junction');
  const setup = await ensureEmbedded(home);
  return { home, setup, remove: () => rm(root, { recursive: true, force: true }) };
}
