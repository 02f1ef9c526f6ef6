/** Jupyter notebooks: programs, metrics and data are taken out of files that can be imported, and those cannot. */
/** What gets a `.py` out of a notebook; a sentence that ends. */
export function howToConvert(notebook: string): string {
  return (
    `make one by \`jupyter nbconvert --to script ${notebook}\`, or copy the cells that define program and metric into a ` +
    '.py file, and put what asks an LM under `if __name__ == "__main__":`.'
  );
}
