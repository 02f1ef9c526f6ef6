import { beforeEach, describe, expect, it } from 'vitest';
import { chosenPython } from '../../../src/vscode/processes/interpreter.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

beforeEach(resetFake);

const warnings: string[] = [];
const log = { debug: () => undefined, warn: (text: string) => void warnings.push(text) };
const id = 'ms-python.python';

/** The Python extension, as far as it is asked. */
function pythonExtension(path: string, executable?: string, isActive = true): void {
  const environments = {
    asked: [] as unknown[],
    getActiveEnvironmentPath(resource: { readonly fsPath: string }) {
      this.asked.push(resource.fsPath);
      return { id: 'x', path };
    },
    resolveEnvironment() {
      return Promise.resolve(executable === undefined ? undefined : { executable: { uri: { fsPath: executable } } });
    },
  };
  const exports = { environments };
  fake.extensions.set(id, {
    isActive,
    exports: isActive ? exports : undefined,
    activate: () => Promise.resolve(exports),
  });
}

describe('the interpreter of Python programs', () => {
  it('is nobody’s choice where there is neither a setting nor the Python extension', async () => {
    expect(await chosenPython('/w', log)).toBeNull();
  });

  it('is the one of the Python extension, started if it is not at work yet', async () => {
    pythonExtension('/w/env', '/w/env/bin/python', false);
    expect((await chosenPython('/w', log))?.python).toBe('/w/env/bin/python');
  });

  it('is a path that cannot be resolved all the same, but not the bare name of a default', async () => {
    pythonExtension('/opt/python3');
    expect((await chosenPython('/w', log))?.python).toBe('/opt/python3');
    pythonExtension('python');
    expect(await chosenPython('/w', log)).toBeNull();
  });

  it('is the one of the setting before all others', async () => {
    pythonExtension('/w/env', '/w/env/bin/python');
    fake.settings.set('python.interpreter', ' .venv/bin/python ');
    expect((await chosenPython('/w', log))?.python).toBe('.venv/bin/python');
  });

  it('is left to the run process when the Python extension has another API', async () => {
    fake.extensions.set(id, { isActive: true, exports: { settings: {} }, activate: () => Promise.resolve({}) });
    expect(await chosenPython('/w', log)).toBeNull();
    expect(warnings.join()).toContain('Python extension');
  });
});
