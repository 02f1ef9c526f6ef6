/** Where in a notebook a line of the module is from that was made of it, by the headings that the module has. */
import { readFileSync } from 'node:fs';

interface Place {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly cell?: number | undefined;
}

/** The place as its author knows it, the notebook by its name; a place elsewhere is itself. */
export function inNotebook<T extends Place>(place: T): T {
  const { file, line } = place;
  if (file === undefined || line === undefined || !/[\\/]\.bettertogether[\\/]notebooks[\\/]/.test(file)) return place;
  const lines = linesOf(file);
  for (let at = Math.min(line, lines.length) - 1; at >= 0; at--) {
    const heading = /^# (.+), cell (\d+), line (\d+)$/.exec(lines[at]!);
    if (heading === null) continue;
    const [, notebook, cell, first] = heading as unknown as [string, string, string, string];
    return { ...place, file: notebook, cell: Number(cell), line: Number(first) + line - at - 2 };
  }
  return place;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}
