import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookForDspy } from '../../../src/run/services/lookForDspy.ts';
import { temporaryFolder } from './folder.ts';

const launcher = new URL('../../../python/host/launch.py', import.meta.url).pathname;

/** An interpreter that prints this, whatever it is asked. */
function pythonThatSays(text: string): string {
  const file = join(temporaryFolder(), 'python');
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
  chmodSync(file, 0o755);
  return file;
}

const answer = (trouble: string | null) =>
  JSON.stringify({
    trouble,
    python: '/venv/bin/python',
    version: '3.12.1',
    dspy: trouble === null ? '3.4.1' : null,
    install: ['/venv/bin/python', '-m', 'pip', 'install', 'dspy'],
  });

describe.skipIf(process.platform === 'win32')('lookForDspy', () => {
  const workspace = temporaryFolder();

  it('says what is missing, and what mends it', async () => {
    const python = pythonThatSays(answer('DSPy is not installed for /venv/bin/python'));
    await expect(lookForDspy({ workspace, launcher, python })).rejects.toMatchObject({
      message: expect.stringMatching(/^DSPy is not installed for .*\. Install DSPy 3 there, or/) as string,
      mends: [
        {
          kind: 'install',
          what: 'DSPy',
          command: (JSON.parse(answer(null)) as { install: string[] }).install,
          folder: workspace,
        },
        { kind: 'interpreter' },
      ],
    });
  });

  it('names what named an interpreter that is not there', async () => {
    const chosen = { python: '/gone/python', namedBy: 'setting bettertogether.python.interpreter' };
    await expect(lookForDspy({ workspace, launcher, ...chosen })).rejects.toMatchObject({
      message:
        'The Python interpreter /gone/python (setting bettertogether.python.interpreter) does not exist or cannot be run.',
      mends: [{ kind: 'interpreter' }],
    });
    const env = { BETTERTOGETHER_PYTHON: '/gone/too' };
    await expect(lookForDspy({ workspace, launcher, env })).rejects.toThrow(
      '/gone/too (BETTERTOGETHER_PYTHON) does not',
    );
  });

  it('is silent where DSPy is there, and where it cannot be told', async () => {
    await lookForDspy({ workspace, launcher, python: pythonThatSays(answer(null)) });
    await lookForDspy({ workspace, launcher, python: pythonThatSays('Python 2.7') });
  });
});
