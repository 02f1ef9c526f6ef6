import { describe, expect, it } from 'vitest';
import { createLogGate } from '../../../src/host/logGate.ts';
import type { LogParams } from '../../../src/host/protocol.ts';

function gate(options: { bytesPerSecond?: number; burst?: number } = {}) {
  const logs: LogParams[] = [];
  const clock = { now: 0 };
  const made = createLogGate({ ...options, onLog: (log) => logs.push(log), now: () => clock.now });
  return { logs, clock, gate: made, text: () => logs.map((log) => log.text).join('') };
}

describe('createLogGate', () => {
  it('passes whole lines on and keeps an open one', () => {
    const { gate: it_, logs } = gate();
    it_.write('stdout', 'one\ntw');
    expect(logs).toEqual([{ stream: 'stdout', text: 'one\n' }]);
    it_.write('stdout', 'o\n');
    it_.write('stderr', 'no end');
    it_.end();
    expect(logs.slice(1)).toEqual([
      { stream: 'stdout', text: 'two\n' },
      { stream: 'stderr', text: 'no end' },
    ]);
  });

  it('shows the end of a line that was written over, as a progress bar is', () => {
    const { gate: it_, text } = gate();
    it_.write('stderr', 'a\r\n1 / 3\r2 / ');
    it_.write('stderr', '3\r');
    it_.write('stderr', '3 / 3\r\nb\n');
    expect(text()).toBe('a\r\n3 / 3\r\nb\n');
  });

  it('joins characters that were cut apart', () => {
    const { gate: it_, text } = gate();
    const bytes = Buffer.from('né\n');
    it_.write('stdout', bytes.subarray(0, 2));
    it_.write('stdout', bytes.subarray(2));
    expect(text()).toBe('né\n');
  });

  it('holds back what comes too fast and says how much', () => {
    const { gate: it_, clock, logs, text } = gate({ bytesPerSecond: 1000, burst: 100 });
    it_.write('stdout', `${'a'.repeat(79)}\n`);
    it_.write('stdout', `${'b'.repeat(79)}\n`);
    expect(text()).toBe(`${'a'.repeat(79)}\n`);
    clock.now = 1000;
    it_.write('stdout', 'c\n');
    expect(logs.slice(1).map((log) => log.text)).toEqual(["[80 bytes of the program's output are not shown]\n", 'c\n']);
  });

  it('does not let a line without end grow in memory', () => {
    const { gate: it_, logs } = gate({ burst: 1e9 });
    for (let i = 0; i < 10; i++) it_.write('stdout', 'x'.repeat(2000));
    expect(logs.length).toBeGreaterThan(1);
    expect(Math.max(...logs.map((log) => log.text.length))).toBeLessThan(5000);
  });
});
