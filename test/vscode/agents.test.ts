/** Language model tools, called by another extension through `vscode.lm.invokeTool`, in a real VS Code. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import packageJson from '../../package.json' with { type: 'json' };
import { startFakeEndpoint, type FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { studentAnswer, Workspace } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import { askInvoker, invoker, type Answered } from './invoker.ts';
import { openWindow } from './window.ts';

let fake: FakeEndpoint;
let workspace: Workspace;
let browser: Browser;

beforeAll(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p' });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await fake.close();
  workspace.dispose();
});

const ask = (request: object): Promise<Answered> => askInvoker(workspace.folder, request);

const call = (tool: string, input: object = {}, more: object = {}): Promise<Answered> =>
  ask({ tool: `bettertogether_${tool}`, input, ...more });

const dataOf = ({ text = '' }: Answered): Record<string, unknown> =>
  JSON.parse(text.split('\n\n').find((part) => part.startsWith('{'))!) as Record<string, unknown>;

it('asks the person before it spends, with price and cap, and does what was agreed to', async () => {
  const server = await startCodeServer({ trusted: true, extensions: [invoker] });
  try {
    const window = await openWindow(browser, server, workspace.folder);
    const { tools = [] } = await ask({});
    const ours = tools.filter(({ name }) => name.startsWith('bettertogether_'));
    expect(ours.map(({ name }) => name).sort()).toEqual(
      packageJson.contributes.languageModelTools.map(({ name }) => name).sort(),
    );

    const listed = await call('list_programs');
    expect(listed.text).toContain('"program":"two"');

    const refused = await call('optimize_program', { program: 'two', price_token: 'price-0', budget_calls: 100 });
    expect(refused.error).toContain('bettertogether_get_price');
    const wrong = await call('get_status', { run: 3 });
    expect(wrong.error).toContain('"run"');

    const declined = call('get_price', { program: 'two', for: 'optimize' });
    await window.dialog('Run five rows of two').waitFor();
    await window.screenshot('agent-price');
    await window.page.keyboard.press('Escape');
    expect((await declined).text).toBeUndefined();
    expect(fake.counters.completions).toBe(0);

    const asked = call('get_price', { program: 'two', for: 'optimize' });
    await window.dialog('Run five rows of two').waitFor();
    await window.inDialog('Run five rows of two', 'Yes');
    const told = await asked;
    expect(told.error).toBeUndefined();
    const { price_token: token } = dataOf(told);
    expect(told.text).toContain('Optimize two with p');

    const starting = call('optimize_program', { program: 'two', price_token: token, budget_calls: 1500 });
    const question = window.dialog('Optimize two with p?');
    await question.waitFor();
    await window.screenshot('agent-optimize');
    expect(await question.innerText()).toMatch(/about .*calls.*capped at 1,500 calls.*Nothing leaves this machine/s);
    await window.dialog('Optimize two with p?').waitFor();
    await window.inDialog('Optimize two with p?', 'Yes');
    const { run } = dataOf(await starting);
    const status = await call('get_status', { run, wait_seconds: 100 });
    expect(dataOf(status)).toMatchObject({ run: { status: 'finished', made_here: true, best: 'p' } });
    const failures = await call('list_failures', { run, step: 'baseline' });
    expect(dataOf(failures)).toMatchObject({ total: 10 });
    const cancelled = await call('get_status', { run: 'latest', wait_seconds: 0 }, { cancelAfterMs: 0 });
    expect(cancelled.text ?? cancelled.error).toBeTruthy();
  } finally {
    await server.close();
  }
});

it('reads and does nothing else in Restricted Mode', async () => {
  const server = await startCodeServer({ trusted: false, extensions: [invoker] });
  try {
    await openWindow(browser, server, workspace.folder);
    const before = fake.counters.completions;
    const listed = await call('list_programs');
    expect(listed.text).toContain('the workspace is not trusted');
    for (const [tool, input] of [
      ['get_price', { program: 'two', for: 'optimize' }],
      ['optimize_program', { program: 'two', price_token: 'price-0', budget_calls: 100 }],
      ['export_program', { run: 'latest', file: 'x.json' }],
      ['cancel_run', { run: 'latest' }],
    ] as const) {
      const refused = await call(tool, input);
      expect([tool, refused.error]).toEqual([tool, expect.stringContaining('not trusted')]);
    }
    expect((await call('get_status')).text).toContain('"status":"finished"');
    expect(fake.counters.completions).toBe(before);
    expect(existsSync(join(workspace.folder, 'x.json'))).toBe(false);
  } finally {
    await server.close();
  }
});
