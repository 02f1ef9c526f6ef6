import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EventLog, readEvents } from '../../../src/run/record/eventLog.ts';
import { temporaryFolder } from './folder.ts';
import { example, result, started, wholeRun } from './samples.ts';

const folder = temporaryFolder();
const now = () => new Date('2026-11-23T12:00:00Z');

function written(name: string): string {
  const file = join(folder, name);
  const log = new EventLog(file, now);
  for (const event of wholeRun) log.append(event);
  log.close();
  return file;
}

describe('EventLog', () => {
  it('numbers and dates events, and reads them back in order', async () => {
    const file = written('a.jsonl');
    const { events, next } = await readEvents(file);
    expect(events.map(({ v, seq, time, ...event }) => ({ v, seq, time, event }))).toEqual(
      wholeRun.map((event, seq) => ({ v: 1, seq, time: '2026-11-23T12:00:00.000Z', event })),
    );
    expect(next).toBe(statSync(file).size);
  });

  it('has a step on the disk at once, and an example a moment later', async () => {
    const file = join(folder, 'durable.jsonl');
    const log = new EventLog(file);
    log.append(started);
    expect((await readEvents(file)).events).toHaveLength(1);
    log.append(example('', 'dev', null, 0, 1));
    expect((await readEvents(file)).events).toHaveLength(1);
    await sleep(250);
    expect((await readEvents(file)).events).toHaveLength(2);
    log.close();
  });

  it('makes no search wait for the disk: how its candidates came out is there a moment later', async () => {
    const file = join(folder, 'search.jsonl');
    const log = new EventLog(file);
    const came = { prefix: 'gepa', before: 0.5, after: 0, parents: [0], predictor: 'answer' };
    log.append({ type: 'proposal', proposal: 0, end: 'rejected', ...came });
    log.append({ type: 'candidate.finished', prefix: 'gepa', candidate: 1, score: null, scored: 3, of: 30 });
    expect((await readEvents(file)).events).toHaveLength(0);
    log.append(started);
    expect((await readEvents(file)).events.map(({ type }) => type)).toEqual([
      'proposal',
      'candidate.finished',
      'run.started',
    ]);
    log.close();
  });

  it('keeps the order of batched and durable events', async () => {
    const file = join(folder, 'order.jsonl');
    const log = new EventLog(file);
    log.append(example('', 'dev', null, 0, 1));
    log.append({ type: 'warning', message: 'w' });
    expect((await readEvents(file)).events.map(({ type }) => type)).toEqual(['example', 'warning']);
    log.close();
  });

  it('cuts off a torn last line and numbers on', async () => {
    const file = written('torn.jsonl');
    const whole = statSync(file).size;
    appendFileSync(file, '{"v":1,"seq":22,"time":"2026');
    expect((await readEvents(file)).next).toBe(whole);
    const log = new EventLog(file, now);
    expect(log.append({ type: 'warning', message: 'again' }).seq).toBe(wholeRun.length);
    log.close();
    expect((await readEvents(file)).events.at(-1)).toMatchObject({ type: 'warning', seq: wholeRun.length });
  });

  it('mends a log cut at any byte', async () => {
    const source = readFileSync(written('cut-source.jsonl'));
    const file = join(folder, 'cut.jsonl');
    for (let length = 0; length <= source.length; length += 97) {
      writeFileSync(file, source.subarray(0, length));
      const log = new EventLog(file, now);
      const { seq } = log.append(started);
      log.close();
      const whole = source.subarray(0, length).toString().split('\n').length - 1;
      expect(seq).toBe(whole);
      expect((await readEvents(file)).events).toHaveLength(whole + 1);
    }
  });

  it('finds the last number behind a line of many hundred kilobytes', () => {
    const file = join(folder, 'long.jsonl');
    const log = new EventLog(file, now);
    log.append(started);
    const instructions = 'x'.repeat(700_000);
    const state = { predictors: { a: { instructions, demos: [], model: 'm' } } };
    log.append({ type: 'run.finished', result: { ...result, state } });
    log.close();
    const again = new EventLog(file, now);
    expect(again.append(started).seq).toBe(2);
    again.close();
  });

  it('can be followed by byte offset while it is being written', async () => {
    const file = join(folder, 'tail.jsonl');
    const log = new EventLog(file, now);
    log.append(started);
    const first = await readEvents(file);
    log.append({ type: 'warning', message: 'ö' });
    log.append({ type: 'warning', message: 'two' });
    const second = await readEvents(file, first.next);
    expect(second.events.map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await readEvents(file, second.next)).events).toEqual([]);
    log.close();
  });

  it('passes over events of later versions and names a line that is none', async () => {
    const file = written('later.jsonl');
    appendFileSync(file, '{"v":1,"seq":22,"time":"t","type":"from.the.future","x":1}\n');
    expect((await readEvents(file)).events).toHaveLength(wholeRun.length);
    appendFileSync(file, '{"v":1,"seq":23,"time":"t","type":"warning"}\n');
    await expect(readEvents(file)).rejects.toThrow(`later.jsonl:${wholeRun.length + 2} is not an event`);
  });

  it('reads nothing where there is no log', async () => {
    expect(await readEvents(join(folder, 'none.jsonl'))).toEqual({ events: [], next: 0 });
  });

  it('says which file the disk did not take', () => {
    expect(() => new EventLog(join(folder, 'no', 'such', 'events.jsonl'))).toThrow('events.jsonl could not be written');
  });

  it.runIf(process.platform === 'linux')('says that the disk is full', () => {
    // /dev/full answers every write with ENOSPC.
    const log = new EventLog('/dev/full');
    expect(() => log.append(started)).toThrow('the disk is full');
    expect(() => log.append(started)).toThrow('the disk is full');
    log.close();
  });

  it.runIf(process.platform === 'linux')('keeps a failure of a batched write for the next append', async () => {
    const log = new EventLog('/dev/full');
    log.append(example('', 'dev', null, 0, 1));
    await sleep(250);
    expect(() => log.append(example('', 'dev', null, 1, 1))).toThrow('the disk is full');
    log.close();
  });

  it('begins anew where a crash left nothing but a torn line', () => {
    const file = written('nothing.jsonl');
    truncateSync(file, 10);
    const log = new EventLog(file, now);
    expect(log.append(started).seq).toBe(0);
    log.close();
  });
});
