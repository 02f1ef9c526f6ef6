import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import type { Mend } from '../../../src/base/mend.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import { commandIds } from '../../../src/editor/names.ts';
import { EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { runCli } from '../../../src/vscode/processes/childProcess.ts';
import { temporaryFolder } from '../run/folder.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { MendableError, showError } from '../../../src/vscode/base/errors.ts';
import type { Configured } from '../../../src/vscode/optimize/configured.ts';
import { offeringInputs } from '../../../src/vscode/optimize/offeringInputs.ts';
import { ProcessExecution, fake, resetFake } from '../../fakes/fakeVscode.ts';
import { program } from '../editor/samples.ts';
import type { Log } from '../../../src/vscode/base/log.ts';

const log = { warn: vi.fn(), error: vi.fn() } as unknown as Log;
beforeEach(resetFake);

describe('an error that can be mended', () => {
  it('has a button that mends it', async () => {
    const run = vi.fn(() => Promise.resolve());
    fake.answers.push('Mend It');
    showError(new MendableError(new HumanError('It broke.'), { title: 'Mend It', run }), log);
    await expect.poll(() => run).toHaveBeenCalledOnce();
    expect(fake.messages).toEqual(['It broke.']);
  });

  it('opens the guide that it names, which lies in the extension', async () => {
    fake.answers.push('Go to training-back-ends.md:1');
    showError(new HumanError('Another "kind" of trainer (docs/training-back-ends.md).'), log);
    await expect.poll(() => fake.shown[0]?.uri.fsPath).toMatch(/docs\/training-back-ends\.md$/);
  });

  it('says what goes wrong when it is mended', async () => {
    fake.answers.push('Mend It');
    const run = () => Promise.reject(new HumanError('It cannot be mended.'));
    showError(new MendableError(new HumanError('It broke.'), { title: 'Mend It', run }), log);
    await expect.poll(() => fake.messages).toEqual(['It broke.', 'It cannot be mended.']);
  });
});

describe('what mends an error', () => {
  const pressed = async (mend: Mend, button: string) => {
    fake.answers.push(button);
    showError(new HumanError('It broke.', { mends: [mend] }), log);
    await expect.poll(() => fake.executed.length + fake.shown.length + fake.executions.length).toBeGreaterThan(0);
    expect(fake.buttons.at(-1)).toEqual([button, 'Show Log']);
    return fake.executed.at(-1);
  };

  it('is a button beside it', async () => {
    expect(await pressed({ kind: 'apiKey' }, 'Set API Key')).toEqual([commandIds.setApiKey]);
    expect(await pressed({ kind: 'endpoint' }, 'Test Endpoint')).toEqual([commandIds.testEndpoint]);
  });

  it('goes to the line', async () => {
    await pressed({ kind: 'place', file: '/w/triage.py', line: 39 }, 'Go to triage.py:39');
    expect(fake.shown[0]?.uri.fsPath).toBe('/w/triage.py');
  });

  it('chooses an interpreter in the Python extension, or in the setting where that names one', async () => {
    const settings = ['workbench.action.openSettings', 'bettertogether.python.interpreter'];
    const mend = { kind: 'interpreter' } as const;
    expect(await pressed(mend, 'Select Interpreter')).toEqual(settings);
    fake.extensions.set('ms-python.python', { isActive: true, exports: {}, activate: () => Promise.resolve({}) });
    expect(await pressed(mend, 'Select Interpreter')).toEqual(['python.setInterpreter']);
    fake.settings.set('python.interpreter', '/gone/python');
    expect(await pressed(mend, 'Select Interpreter')).toEqual(settings);
  });

  it('installs a package in a terminal that is seen, without a shell, and only where there is trust', async () => {
    const command = ['/venv/bin/python', '-m', 'pip', 'install', 'dspy>=3.0,<4'];
    const mend = { kind: 'install', what: 'DSPy', command, folder: '/w' } as const;
    await pressed(mend, 'Install DSPy');
    const [first] = fake.executions;
    const wanted = { process: command[0], args: command.slice(1), options: { cwd: '/w' } };
    expect(first!.task.execution).toBeInstanceOf(ProcessExecution);
    expect(first!.task.execution).toEqual(wanted);
    first!.end(0);
    await expect.poll(() => fake.messages.at(-1)).toBe('Install DSPy: done.');
    await pressed(mend, 'Install DSPy');
    fake.executions[0]!.end(2);
    const failed =
      'Install DSPy ended with 2: `/venv/bin/python -m pip install dspy>=3.0,<4` in /w. Its terminal says why.';
    await expect.poll(() => fake.messages.at(-1)).toBe(failed);
    fake.trusted = false;
    fake.answers.push('Install DSPy');
    showError(new HumanError('It broke.', { mends: [mend] }), log);
    await expect.poll(() => fake.messages.at(-1)).toContain('not trusted');
    expect(fake.executions).toEqual([]);
  });

  it('comes from the process that failed with the error', async () => {
    const cli = join(temporaryFolder(), 'cli.mjs');
    const failure = { failed: 'It broke.', mends: [{ kind: 'place', file: '/w/m.py', line: 3 }] };
    writeFileSync(cli, `process.send(${JSON.stringify(failure)}); process.exitCode = 1;`);
    const failed = runCli(['optimize'], { cli, cwd: dirname(cli), env: process.env });
    await expect(failed).rejects.toMatchObject({ message: 'It broke.', mends: failure.mends });
  });

  it('is known of code, configuration and endpoints', () => {
    const tally = new FailureTally([0, 1]);
    const error = { kind: 'metric', message: 'no 4s', file: '/w/m.py', line: 7 } as const;
    const outcome = { prediction: null, score: 0, trace: [], error } as unknown as ProgramOutcome;
    tally.add(outcome, { settled: true, unanswered: false });
    expect(() => tally.throwIfAllAlike('Trying it')).toThrow(
      expect.objectContaining({ mends: [{ kind: 'place', file: '/w/m.py', line: 7 }] }) as Error,
    );
    expect(() => parseConfig('{\n  "programs": 4\n}', '/w/bettertogether.json')).toThrow(
      expect.objectContaining({ mends: [{ kind: 'place', file: '/w/bettertogether.json', line: 2 }] }) as Error,
    );
    expect(new EndpointRefused('401', { key: true }).mends).toEqual([{ kind: 'apiKey' }]);
    expect(new EndpointUnavailable('down').mends).toEqual([{ kind: 'endpoint' }]);
  });
});

describe('offeringInputs', () => {
  const failing = (message: string) =>
    offeringInputs(
      {} as Session,
      program,
      {} as Configured,
      () => Promise.reject(new HumanError(message)),
      () => Promise.resolve(),
    );

  it('knows the words in which a program host says that inputs do not fit', async () => {
    const host = readFileSync(new URL('../../../python/host/bettertogether_host/running.py', import.meta.url), 'utf8');
    const said = /does not take the inputs of the rows/.exec(host)![0];
    const error = await failing(`Triage.forward ${said} (…)`).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MendableError);
    expect((error as MendableError).remedy.title).toBe('Choose the Inputs…');
  });

  it('leaves every other error as it is', async () => {
    await expect(failing('The endpoint is down.')).rejects.not.toBeInstanceOf(MendableError);
  });
});
