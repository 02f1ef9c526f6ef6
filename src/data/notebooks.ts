/** Jupyter notebooks: programs, metrics and data are taken out of files that can be imported, and those cannot. */
import { UsageError } from '../base/errors.ts';

/** What gets a `.py` out of a notebook; a sentence that ends. */
export function howToConvert(notebook: string): string {
  return (
    `make one by \`jupyter nbconvert --to script ${notebook}\`, or copy the cells that define program and metric into a ` +
    '.py file, and put what asks an LM under `if __name__ == "__main__":`.'
  );
}

/**
 * @param role what the configuration names by `reference`: "program", "metric", "train".
 * @param where the entry of the configuration.
 */
export function notebookNamed(role: string, reference: string, where: string): UsageError {
  const [notebook, name] = reference.split('#', 2) as [string, string?];
  const script = `${notebook.replace(/\.ipynb$/i, '.py')}#${name ?? 'name'}`;
  return new UsageError(
    `The ${role} "${reference}" of ${where} is in a notebook, which cannot be imported: ${howToConvert(notebook)} Then ` +
      `name "${script}".`,
  );
}
