import { describe, expect, it } from 'vitest';
import { readPythonStacks } from '../../../src/host/pythonStacks.ts';

const host = '/opt/bettertogether/python/host/bettertogether_host';
const lib = '/usr/lib/python3.11';

const thread = (head: string, ...frames: string[]): string =>
  `${head} (most recent call first):\n${frames.map((frame) => `  File ${frame}\n`).join('')}`;

const run = (number: number): string => `"${host}/workers.py", line 56 in run_${number}_${number + 1000}`;
const reader = thread(
  'Thread 0x00007f01',
  `"${host}/wire.py", line 120 in _fill`,
  `"${host}/main.py", line 66 in read`,
);
const main = thread(
  'Current thread 0x00007f02',
  `"${host}/main.py", line 74 in load`,
  `"${host}/main.py", line 45 in serve`,
);
const waiting = thread(
  'Thread 0x00007f03',
  `"${host}/wire.py", line 59 in wait`,
  `"${host}/relay.py", line 47 in ask`,
  '"/ws/program.py", line 9 in forward',
  run(4),
);
const busy = (number: number, line: number): string =>
  thread(
    'Thread 0x00007f04 [bettertogether-worker]',
    `"${lib}/re/__init__.py", line 166 in match`,
    '"/ws/.venv/lib/python3.11/site-packages/slow.py", line 3 in slow',
    `"/ws/caf\\xe9.py", line ${line} in forward`,
    run(number),
  );

describe('readPythonStacks', () => {
  it('names the runs that do not wait for an LM, with thread and line in the user’s files', () => {
    const text = [reader, waiting, busy(17, 12), busy(3, 4), main].join('\n');
    expect(readPythonStacks(text, '/ws')!.busy).toEqual([
      { run: 17, thread: 1017, file: '/ws/café.py', line: 12 },
      { run: 3, thread: 1003, file: '/ws/café.py', line: 4 },
    ]);
  });

  it('names the line where a file is being loaded', () => {
    const loading = thread(
      'Current thread 0x00007f02',
      '"/ws/program.py", line 5 in <module>',
      `"${host}/main.py", line 74 in load`,
    );
    const place = { file: '/ws/program.py', line: 5 };
    expect(readPythonStacks([reader, loading].join('\n'), '/ws')).toEqual({ busy: [], loading: place });
  });

  it('knows nothing without a stack', () => {
    expect(readPythonStacks('', '/ws')).toBeNull();
    expect(readPythonStacks('Segmentation fault', '/ws')).toBeNull();
  });
});
