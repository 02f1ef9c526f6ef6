/** No telemetry: the code names no address but those of LM services, which are asked where a configuration names them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

const services = [
  'api.anthropic.com',
  'api.cerebras.ai',
  'api.deepseek.com',
  'api.fireworks.ai',
  'api.groq.com',
  'api.mistral.ai',
  'api.openai.com',
  'api.perplexity.ai',
  'api.together.ai',
  'api.together.xyz',
  'api.x.ai',
  'generativelanguage.googleapis.com',
  'openrouter.ai',
];

function hostsIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|py)$/.test(name))
    .flatMap((name) => {
      const source = readFileSync(join(root, folder, name), 'utf8');
      return [...source.matchAll(/(?:https?|wss?):\/\/([a-z0-9.-]+\.(?:[a-z]{2,}|\d+))/gi)].map(([, host]) => host!);
    });
}

it('no address is named but those of LM services', () => {
  const folders = ['src', 'webview', 'python/host/bettertogether_host', 'python/trainer/bettertogether_trainer'];
  const named = new Set(folders.flatMap(hostsIn));
  // A link in a comment, a name that no network has, this machine, and how a pointer of Git LFS begins.
  const harmless = ['www.sqlite.org', 'vscode-models.invalid', '127.0.0.1', 'git-lfs.github.com'];
  expect([...named].filter((host) => !harmless.includes(host)).sort()).toEqual(services);
});
