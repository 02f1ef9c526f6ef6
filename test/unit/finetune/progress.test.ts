/** What training services and commands may say of a job, and what is made of what cannot be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  countAtMost,
  jobEventsAtMost,
  outputLineBytesAtMost,
  shownCharactersAtMost,
  trainingTokensAtMost,
} from '../../../src/base/limits.ts';
import { linesAfter } from '../../../src/finetune/command/jobFolder.ts';
import { readLine } from '../../../src/finetune/command/outputLines.ts';
import { jobEvent, trainedTokensIn, wireEventSchema } from '../../../src/finetune/base/jobEvents.ts';
import { progressIn } from '../../../src/finetune/base/progress.ts';
import { readLogs } from '../../../src/finetune/ray/rayWire.ts';

const folder = mkdtempSync(join(tmpdir(), 'progress-'));
afterAll(() => rmSync(folder, { recursive: true }));
const absurd = [1e308, Number.NaN, Infinity, '', 'x', null, {}, [], '1e999'];
const none = { step: undefined, steps: undefined, epoch: undefined, loss: undefined };

describe('numbers of a job', () => {
  it.each(absurd)('that cannot be are left out, and the others are not: %j', (value) => {
    expect(progressIn({ step: value, steps: value, epoch: value, loss: value })).toEqual({});
    expect(progressIn({ ...none, step: 3, loss: value })).toEqual({ step: 3 });
  });

  it('below nothing are none, but for a loss: that of rewarded answers may be', () => {
    expect(progressIn({ step: -1, steps: '-5', epoch: -0.5, loss: -0.25 })).toEqual({ loss: -0.25 });
    expect(progressIn({ ...none, loss: '-1e10' })).toEqual({});
  });

  it('of a method are taken by their names, as far as they are numbers and not too many', () => {
    const metrics = { margin: 0.5, kl: -0.001, accuracy: '0.9', '': 1, ['x'.repeat(50)]: 1, odd: Infinity, deep: {} };
    const event = (data: object) => jobEvent(wireEventSchema.parse({ id: 'a', created_at: 1, message: 'm', data }));
    expect(event({ step: 1, metrics }).metrics).toEqual({ margin: 0.5, kl: -0.001 });
    expect(event({ step: 1, metrics: 'none' })).not.toHaveProperty('metrics');
    expect(event({ step: 1, metrics: { odd: null } })).not.toHaveProperty('metrics');
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${i}`, i]));
    expect(Object.keys(event({ metrics: many }).metrics!)).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
  });

  it('are taken up to the limit, as numbers or as text', () => {
    expect(progressIn({ ...none, step: countAtMost, loss: 0, epoch: 0.5 })).toEqual({
      step: countAtMost,
      loss: 0,
      epoch: 0.5,
    });
    expect(progressIn({ ...none, step: '12', loss: '1.5e-05' })).toEqual({ step: 12, loss: 1.5e-5 });
    expect(progressIn({ ...none, step: countAtMost + 1 })).toEqual({});
    expect(progressIn({ ...none, step: 1.5 })).toEqual({});
  });

  it('trained tokens that cannot be are told apart from those that are not given', () => {
    const of = (trained_tokens: unknown) => trainedTokensIn(trained_tokens);
    expect(of(undefined)).toBeNull();
    expect(of(null)).toBeNull();
    expect(of(trainingTokensAtMost)).toBe(trainingTokensAtMost);
    for (const value of [-305_000_000, 1.5, 1e308, 'many', trainingTokensAtMost * 2]) expect(of(value)).toBeUndefined();
  });

  it('of commands and clusters have what they measured beside their loss', () => {
    const line = JSON.stringify({ type: 'progress', step: 1, steps: 2, loss: -0.5, metrics: { kl: 0.01 } });
    const measured = { step: 1, loss: -0.5, metrics: { kl: 0.01 } };
    expect(readLine(line)).toMatchObject(measured);
    expect(readLogs(`bettertogether: ${line}`, null, 0).events[0]).toMatchObject(measured);
  });

  it('of commands and clusters bill nothing that cannot be', () => {
    expect(readLine('{"type":"done","trained_tokens":-5}')).toEqual({ message: 'done' });
    expect(readLine('{"type":"done","trained_tokens":"7"}')).toEqual({ message: 'done', trainedTokens: 7 });
    const done = (tokens: unknown) =>
      readLogs(
        `bettertogether: ${JSON.stringify({ type: 'done', adapter: '/a', sha256: 'a'.repeat(64), trained_tokens: tokens })}`,
        null,
        0,
      );
    expect(done(-5).trainedTokens).toBeUndefined();
    expect(done(5)).toMatchObject({ trainedTokens: 5, adapter: { folder: '/a' } });
  });
});

describe('what a job says', () => {
  const long = 'x'.repeat(2 * shownCharactersAtMost);
  it('has an end', () => {
    const event = wireEventSchema.parse({ id: 'a', created_at: 1, message: long });
    expect(jobEvent(event).message).toHaveLength(shownCharactersAtMost + 1);
    expect(readLine(JSON.stringify({ type: 'message', message: long }))?.message).toHaveLength(
      shownCharactersAtMost + 1,
    );
    expect(
      readLogs(`bettertogether: ${JSON.stringify({ type: 'message', message: long })}`, null, 0).events[0]?.message,
    ).toHaveLength(shownCharactersAtMost + 1);
  });

  it('nested without end is nothing that it says', () => {
    const deep = `{"type":"message","message":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(readLine(deep)).toBeNull();
    expect(readLogs(`bettertogether: ${deep}\n`, null, 0).events).toEqual([]);
  });

  it('in a log of a cluster is so many events', () => {
    const line = 'bettertogether: {"type":"message","message":"m"}\n';
    const { events } = readLogs(line.repeat(jobEventsAtMost + 5), null, 0);
    expect(events).toHaveLength(jobEventsAtMost);
    expect(readLogs(line.repeat(jobEventsAtMost + 5), events.at(-1)!.id, 0).events).toHaveLength(5);
  });

  it('is read beyond any amount of noise, and beyond a line that is too long', async () => {
    const file = join(folder, 'output.log');
    const noise = `${'noise\n'.repeat(1000)}${'#'.repeat(2 * outputLineBytesAtMost)}\n${'\r'.repeat(1000)}`;
    writeFileSync(file, `${noise.repeat(20)}{"type":"message","message":"last"}\n`);
    const said: (string | undefined)[] = [];
    for await (const { text } of linesAfter(file, 0)) said.push(readLine(text)?.message);
    expect(said.filter((message) => message !== undefined)).toEqual(['last']);
  });
});
