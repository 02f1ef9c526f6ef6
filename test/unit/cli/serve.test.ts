import { describe, expect, it } from 'vitest';
import { cli, makeWorkspace } from './workspace.ts';

describe('serve', () => {
  it('says where it listens and ends well at Ctrl-C', async () => {
    let press = (): void => undefined;
    const asked: object[] = [];
    const { code, out, err } = await cli(makeWorkspace(), ['serve', '--port', '8123'], {
      interrupt: (handler) => void (press = handler),
      serve: async (options, hooks) => {
        asked.push(options);
        hooks.listening('http://127.0.0.1:8123/v1', 'smol', "/ho'me/token");
        const stopped = new Promise((resolve) => hooks.signal.addEventListener('abort', resolve));
        press();
        await stopped;
        return 0;
      },
    });
    expect([code, out, asked]).toEqual([0, 'http://127.0.0.1:8123/v1\n', [{ port: 8123, model: null }]]);
    expect(err).toContain('serving smol');
    expect(err).toContain(`export BETTERTOGETHER_TOKEN="$(cat '/ho'\\''me/token')"`);
  });

  it('fails when the endpoint ends by itself, and refuses a port that is none', async () => {
    const place = makeWorkspace();
    expect((await cli(place, ['serve'], { serve: () => Promise.resolve(1) })).code).toBe(1);
    expect((await cli(place, ['serve', '--port', '70000'])).code).toBe(2);
  });
});

it('--help and --version end well', async () => {
  const help = await cli(makeWorkspace(), ['--help']);
  expect(help.code).toBe(0);
  for (const command of [
    'evaluate',
    'optimize',
    'resume',
    'cancel',
    'runs',
    'show',
    'prune',
    'export',
    'prompt',
    'endpoint',
    'serve',
  ]) {
    expect(help.out).toContain(`  ${command}`);
  }
  expect((await cli(makeWorkspace(), ['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
