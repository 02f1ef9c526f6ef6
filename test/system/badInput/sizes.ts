/** Input whose only fault is its size: depth, length, number. Refused with an error for people, or read; never a crash. */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadDataset } from '../../../src/config/dataset.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import type { ResolvedMetric } from '../../../src/config/resolved.ts';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { EventLog, readEvents } from '../../../src/run/record/eventLog.ts';
import { foldLog } from '../../../src/run/reading/summary.ts';
import { started } from '../../unit/run/samples.ts';
import { read } from './check.ts';

export interface Sizes {
  /** Levels, terms and steps. */
  readonly depth: number;
  /** Bytes of a file that is all one line, twice as long as rows may be. */
  readonly length: number;
}

const metric: ResolvedMetric = { kind: 'code', file: '/m.ts', name: 'm' };

async function temporary<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sizes-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns how many of the inputs were refused. */
export function oversizedInputs({ depth, length }: Sizes): Promise<number> {
  return temporary(async (folder) => {
    const written = (name: string, text: string): string => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    let refused = 0;
    const take = async (where: string, body: () => unknown): Promise<void> => {
      if ('error' in (await read(where, body))) refused++;
    };
    for (const open of ['[', '{"a":', '[{"a":']) {
      const deep = open.repeat(depth);
      await take(`configuration of ${open}`, () => parseConfig(`{"programs": ${deep}`, 'bettertogether.json'));
      for (const kind of ['jsonl', 'json', 'csv']) {
        await take(`${kind} of ${open}`, () => loadDataset(written(`deep.${kind}`, `{"q":${deep}`), null, metric));
      }
    }
    const config = written('bettertogether.json', '{}');
    truncateSync(config, 2 ** 30);
    await take('a configuration of a gigabyte', () => loadConfig(folder));
    for (const kind of ['jsonl', 'json', 'csv']) {
      const file = written(`line.${kind}`, '');
      truncateSync(file, length);
      await take(`a line of ${length} bytes in .${kind}`, () =>
        loadDataset(file, null, metric, { rowBytes: length / 2, wholeBytes: length / 2 }),
      );
    }
    const events = join(folder, 'events.jsonl');
    const log = new EventLog(events, () => new Date(0));
    log.append({ ...started, strategy: Array(depth).fill('p').join(' -> ') } as RunEvent);
    log.close();
    await take('a strategy without end', async () => foldLog((await readEvents(events)).events, events));
    return refused;
  });
}

/** Sources without end hide no program. */
export function oversizedSources({ depth }: Sizes): Promise<readonly string[]> {
  return temporary(async (folder) => {
    const good = 'import dspy\nclass Good(dspy.Module):\n  def forward(self, q): pass\n';
    writeFileSync(join(folder, 'good.py'), good);
    const bad = [
      `${'('.repeat(depth)}1`,
      Array(depth).fill('a').join('+'),
      `${'f('.repeat(depth)}${')'.repeat(depth)}`,
    ];
    for (const [i, text] of bad.entries()) writeFileSync(join(folder, `bad${i}.py`), `import dspy\nx = ${text}\n`);
    const detector = createDetector(folder);
    await detector.scan();
    return detector.found().programs.map(({ name }) => name);
  });
}

/** Data larger than any string can be is read, and hashed as its bytes. */
export function dataOf(bytes: number): Promise<void> {
  return temporary(async (folder) => {
    const file = join(folder, 'large.jsonl');
    const line = Buffer.from(`${JSON.stringify({ q: 'x'.repeat(2 ** 23) })}\n`);
    const rows = Math.ceil(bytes / line.length);
    const hash = createHash('sha256');
    const fd = openSync(file, 'w');
    for (let i = 0; i < rows; i++) {
      writeSync(fd, line);
      hash.update(line);
    }
    closeSync(fd);
    const { examples, sha256 } = await loadDataset(file, null, metric);
    expect(examples).toHaveLength(rows);
    expect(sha256).toBe(hash.digest('hex'));
  });
}
