/** The Python that runs the workspace's DSPy programs, and its DSPy. */
import { findPython } from '../../host/findPython.ts';
import { shellWord } from '../code/shell.ts';
import { lookAtPython } from '../services/lookForDspy.ts';
import type { LookOptions } from '../services/lookForDspy.ts';
import { failing, good, note, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

export async function pythonFindings(options: LookOptions): Promise<readonly Finding[]> {
  let python: string;
  try {
    python = findPython(options);
  } catch (error) {
    return [failing({ part: 'python' }, error, 'python3 -m venv .venv')];
  }
  const looked = await lookAtPython(python, options);
  if (looked === null) return [wrong({ part: 'python' }, `${python} does not start, or is older than 3.10`)];
  const { version, dspy, trouble, install } = looked;
  const found = good({ part: 'python' }, `${version}, ${python}`);
  if (trouble !== null) return [found, wrong({ part: 'dspy' }, trouble, install.map(shellWord).join(' '))];
  return [found, dspy === null ? note({ part: 'dspy' }, 'there, without a version') : good({ part: 'dspy' }, dspy)];
}
