import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { MendableError, showError } from '../../../src/vscode/base/errors.ts';
import type { Configured } from '../../../src/vscode/optimize/configured.ts';
import { offeringInputs } from '../../../src/vscode/optimize/offeringInputs.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
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

  it('says what goes wrong when it is mended', async () => {
    fake.answers.push('Mend It');
    const run = () => Promise.reject(new HumanError('It cannot be mended.'));
    showError(new MendableError(new HumanError('It broke.'), { title: 'Mend It', run }), log);
    await expect.poll(() => fake.messages).toEqual(['It broke.', 'It cannot be mended.']);
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
