import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeLabel } from '../../../src/run/record/label.ts';
import { holderOf } from '../../../src/run/record/lock.ts';
import { cacheFolder, runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import type { TraceRecord } from '../../../src/engine/interfaces.ts';
import { TraceStore } from '../../../src/run/record/traceStore.ts';
import { pruneMemo } from '../../../src/lm/memoPrune.ts';
import { answerSchemas } from '../../../src/viewProtocol/answers.ts';
import { candidateState } from '../../../src/viewProtocol/parts.ts';
import type { Answer } from '../../../src/viewProtocol/answers.ts';
import type { Ask } from '../../../src/viewProtocol/asks.ts';
import type { ToView } from '../../../src/viewProtocol/messages.ts';
import type { Snapshot } from '../../../src/viewProtocol/snapshot.ts';
import type { Effects } from '../../../src/page/answer.ts';
import { RunReader } from '../../../src/page/runReader.ts';
import { runSource } from '../../../src/page/runSource.ts';
import { PageSession } from '../../../src/page/pageSession.ts';
import type { SampleOptions } from '../../fakes/sampleRun.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { traceAt } from '../../fakes/traces.ts';

let workspace: string;
let run: RunLocation;
let session: PageSession;
const posted: ToView[] = [];
const bugs: string[] = [];
const effects = {
  placeOf: vi.fn<Effects['placeOf']>(() => null),
  openDiff: vi.fn(() => Promise.resolve()),
  openSource: vi.fn(() => Promise.resolve()),
  copy: vi.fn<(text: string) => Promise<void>>(() => Promise.resolve()),
  act: vi.fn<Effects['act']>(() => Promise.resolve()),
  openRun: vi.fn<Effects['openRun']>(() => Promise.resolve()),
};

async function open(options: Omit<SampleOptions, 'workspace'> = {}): Promise<void> {
  run = await writeSampleRun({ workspace, ...options });
  session = new PageSession({
    source: runSource(await RunReader.open(run, () => true), effects),
    post: (message) => void posted.push(message),
    onBug: (what, error) => void bugs.push(`${what}: ${String(error)}`),
    liveEvery: 5,
    idleEvery: 5,
  });
}

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'bt-session-'));
  posted.length = 0;
  bugs.length = 0;
  vi.clearAllMocks();
});
afterEach(() => {
  session.dispose();
  rmSync(workspace, { recursive: true, force: true });
});

let asked = 0;
async function ask<A extends Ask['ask']>(body: Extract<Ask, { ask: A }>): Promise<Answer<A>> {
  const id = ++asked;
  await session.receive({ type: 'request', id, body });
  const reply = posted.find((message) => 'id' in message && message.id === id);
  if (reply?.type === 'refused') throw new Error(reply.message);
  if (reply?.type !== 'reply') throw new Error('no reply');
  return answerSchemas[body.ask].parse(structuredClone(reply.value)) as Answer<A>;
}

const snapshots = (): Snapshot[] => posted.filter((message) => message.type === 'snapshot');

describe('a session of the run view', () => {
  it('says nothing before the page is ready, then the whole picture', async () => {
    await open();
    await session.look();
    expect(posted).toEqual([]);
    await session.receive({ type: 'ready' });
    const last = snapshots().at(-1)!;
    expect(last).toMatchObject({ complete: true, status: 'finished', best: 'p -> w -> p', final: 'p -> w -> p' });
    expect(last.steps.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
    expect(bugs).toEqual([]);
  });

  it('follows a log that grows, and says nothing while nothing changes', async () => {
    await open({ open: true });
    await session.receive({ type: 'ready' });
    const before = snapshots().length;
    const { steps } = snapshots().at(-1)!;
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(snapshots()).toHaveLength(before);
    const { candidate, scored } = steps.at(-1)!.candidates.at(-1)!;
    const event = {
      ...{ v: 1, seq: 999_999, time: '2026-11-23T10:00:00.000Z', type: 'example', prefix: 'p -> w -> p', candidate },
      ...{ purpose: 'validate', example: scored, round: 0, score: 1, cached: false, seconds: 1 },
    };
    const line = `${JSON.stringify(event)}\n`;
    appendFileSync(runFiles(run.folder).events, line.slice(0, 40));
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(snapshots()).toHaveLength(before);
    appendFileSync(runFiles(run.folder).events, line.slice(40));
    await expect.poll(() => snapshots().length).toBeGreaterThan(before);
    expect(snapshots().at(-1)!.steps.at(-1)!.candidates.at(-1)!.scored).toBe(scored + 1);
  });

  it('knows who was started to work on the run before the lock is taken, and notices when they are gone', async () => {
    await open({ open: true });
    await session.receive({ type: 'ready' });
    expect(snapshots().at(-1)!.status).toBe('crashed');
    const { process: started } = runFiles(run.folder);
    writeFileSync(started, JSON.stringify(holderOf(process.pid)));
    await expect.poll(() => snapshots().at(-1)!.status).toBe('running');
    writeFileSync(started, JSON.stringify({ ...holderOf(process.pid), pid: 0 }));
    await expect.poll(() => snapshots().at(-1)!.status).toBe('crashed');
  });

  it('says what can be done with the run now, and has the editor do that alone', async () => {
    await open({ open: true });
    await session.receive({ type: 'ready' });
    expect(snapshots().at(-1)!.acts).toEqual(['resume', 'prompts', 'compare', 'report', 'export']);
    await ask({ ask: 'act', act: 'resume' });
    expect(effects.act).toHaveBeenCalledWith('resume');
    writeFileSync(runFiles(run.folder).process, JSON.stringify(holderOf(process.pid)));
    await expect.poll(() => snapshots().at(-1)!.acts).toEqual(['cancel', 'prompts', 'compare', 'report', 'export']);
    await expect(ask({ ask: 'act', act: 'resume' })).rejects.toThrow('is running: "Resume" does not apply to it now.');
    await session.receive({ type: 'request', id: 1e6, body: { ask: 'act', act: 'delete' } });
    expect(bugs.splice(0)).toEqual([expect.stringContaining('a message that is none')]);
    expect(effects.act).toHaveBeenCalledTimes(1);
  });

  it('knows the name and the note that a person gives the run meanwhile', async () => {
    await open();
    await session.receive({ type: 'ready' });
    expect(snapshots().at(-1)).toMatchObject({ name: null, note: null });
    await writeLabel(run.folder, { name: 'first try', note: 'small p' });
    await expect.poll(() => snapshots().at(-1)).toMatchObject({ name: 'first try', note: 'small p' });
  });

  it('sends nothing to a hidden page, and everything when it is shown again', async () => {
    await open();
    session.show(false);
    await session.receive({ type: 'ready' });
    expect(posted).toEqual([]);
    session.show(true);
    await expect.poll(() => snapshots().at(-1)?.complete).toBe(true);
  });

  it('shows what can be read of a damaged log, and says what cannot', async () => {
    await open();
    appendFileSync(runFiles(run.folder).events, 'not an event\n');
    await session.receive({ type: 'ready' });
    const { problem, status, steps } = snapshots().at(-1)!;
    expect(problem).toContain('events.jsonl');
    expect([status, steps.at(-1)!.status]).toEqual(['finished', 'done']);
    expect(bugs).toEqual([]);
  });

  it('lists the rows with their scores by step', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const { columns, rows, problem } = await ask({ ask: 'examples', split: 'dev' });
    expect(columns).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    expect(rows).toHaveLength(40);
    expect(rows[3]!.preview).toContain('Which river is row 3 about?');
    expect(rows.every(({ scores }) => scores.every((score) => score === 0 || score === 1))).toBe(true);
    expect(rows.some(({ failed }) => failed.includes(true))).toBe(true);
    expect(problem).toBeNull();
    const { fields, inputs } = await ask({ ask: 'example', split: 'dev', example: 3 });
    expect(inputs).toEqual(['question']);
    expect(Object.keys(fields!)).toEqual(['question', 'answer']);
  });

  it('lists rows by number, and says why, where the data changed', async () => {
    await open();
    await session.receive({ type: 'ready' });
    writeFileSync(join(workspace, 'dev.jsonl'), '{"question":"another","answer":"x"}\n');
    const { rows, problem } = await ask({ ask: 'examples', split: 'dev' });
    expect(problem).toContain('changed since the run');
    expect(rows).toHaveLength(40);
    expect(rows[0]!.preview).toBe('');
    expect(rows[0]!.scores[0]).not.toBeNull();
  });

  it('pages through the traces and opens one with its messages', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const filter = { step: 'p', purpose: 'dev' } as const;
    const sort = { by: 'made', descending: false } as const;
    const { total, rows } = await ask({ ask: 'traces', filter, sort, from: 10, count: 5 });
    expect(total).toBe(40);
    expect(rows.map(({ example }) => example)).toEqual([10, 11, 12, 13, 14]);
    expect(rows[0]!.score).not.toBeNull();
    const { trace } = await ask({ ask: 'findTrace', filter: { ...filter, example: 12 } });
    expect(trace).toBe(rows[2]!.trace);
    const { record } = await ask({ ask: 'trace', trace: trace! });
    expect(record).toMatchObject({ step: 'p', purpose: 'dev', example: 12 });
    const keys = record.outcome.trace.flatMap(({ lm }) => lm.map(({ key }) => key));
    expect(keys).toHaveLength(2);
    const { answers } = await ask({ ask: 'messages', keys });
    expect(answers[0]!.body!.messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(answers[0]!.body!.messages[1]!.content).toContain('Which river is row 12 about?');
    expect(answers[0]!.body!.completion).toContain('[[ ## answer ## ]]');
    expect(answers[0]!.body!.settings).toMatchObject({ max_tokens: 256 });
  });

  it('searches, sorts and restricts the traces', async () => {
    await open({ partly: true });
    await session.receive({ type: 'ready' });
    const sort = { by: 'score', descending: true } as const;
    const list = (filter: Extract<Ask, { ask: 'traces' }>['filter']) =>
      ask({ ask: 'traces', filter: { step: 'p', purpose: 'dev', ...filter }, sort, from: 0, count: 100 });
    const scores = (await list({})).rows.map(({ score }) => score!);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect((await list({ outcome: 'partly' })).rows.every(({ score }) => score === 0.3)).toBe(true);
    const failed = (await list({ outcome: 'failed' })).rows;
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every(({ error }) => error?.startsWith('parse: '))).toBe(true);
    const found = await list({ text: 'RIVER IS ROW 12 ABOUT' });
    expect(found.rows).toMatchObject([
      { example: 12, input: expect.stringContaining('Which river is row 12') as unknown },
    ]);
  });

  it('gives what each step gave on rows, beside their labels', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const { columns, labelled, categories, rows } = await ask({ ask: 'examples', split: 'dev' });
    expect([labelled, categories]).toEqual([true, ['answer']]);
    const { rows: given } = await ask({ ask: 'predictions', split: 'dev', rows: [4, 5] });
    expect(given.map(({ example }) => example)).toEqual([4, 5]);
    expect(given[0]!.labels).toEqual([{ field: 'answer', text: 'a river in Africa' }]);
    for (const [column, one] of given[0]!.predictions.entries()) {
      const right = rows[4]!.scores[column] === 1;
      expect(one!.fields).toMatchObject([{ field: 'answer', differs: !right }]);
    }
    const { step, fields } = await ask({ ask: 'confusion', split: 'dev', step: columns[1]! });
    expect([step, fields.length, fields[0]!.rows.length]).toEqual(['p', 1, 40]);
    const agreed = fields[0]!.rows.filter(([, label, predicted]) => label === predicted);
    expect(agreed.map(([example]) => example)).toEqual(
      rows.filter(({ scores }) => scores[1] === 1).map(({ example }) => example),
    );
  });

  it('lists a program run once after the run went on, and says the same of it everywhere: it was paid here', async () => {
    await open({ strategy: '', dev: 3, test: 1 });
    const { record } = await openedTrace(1);
    expect(record.outcome.trace[0]!.lm[0]!.cached).toBe(false);
    // What a run that goes on records of what it recalls.
    const store = new TraceStore(runFiles(run.folder).traces);
    store.append(record as TraceRecord);
    const elsewhere = { ...record, example: 2 };
    store.append({ ...elsewhere, step: 'p' } as TraceRecord);
    store.close();
    tellExample({ prefix: '', example: 1 });
    tellExample({ prefix: 'p', example: 2 });
    await session.receive({ type: 'ready' });
    const sort = { by: 'made', descending: false } as const;
    const { rows, total } = await ask({ ask: 'traces', filter: {}, sort, from: 0, count: 10 });
    expect([total, rows.map(({ trace }) => trace)]).toEqual([5, [0, 2, 3, 4, 5]]);
    const shown = async (place: number) => {
      const { recalled } = await ask({ ask: 'trace', trace: place });
      return { listed: rows.find(({ trace }) => trace === place)!.cached, recalled };
    };
    // Its requests were paid by the part of this run before the stop.
    expect(await shown(4)).toEqual({ listed: false, recalled: false });
    // Of this one they were paid by another run.
    expect(await shown(5)).toEqual({ listed: true, recalled: true });
  });

  async function openedTrace(trace: number) {
    const { record } = await ask({ ask: 'trace', trace });
    return { record };
  }

  function tellExample(about: { readonly prefix: string; readonly example: number }): void {
    const event = {
      ...{ v: 1, seq: 999_999, time: '2026-11-23T10:00:00.000Z', type: 'example', candidate: null, purpose: 'dev' },
      ...{ round: 0, score: 1, cached: true, seconds: 1, ...about },
    };
    appendFileSync(runFiles(run.folder).events, `${JSON.stringify(event)}\n`);
  }

  it('copies a trace as it was recorded, and a row with all that came of it', async () => {
    await open();
    await session.receive({ type: 'ready' });
    await ask({ ask: 'copyTrace', trace: 3 });
    expect(JSON.parse(effects.copy.mock.calls[0]![0])).toEqual(traceAt(runFiles(run.folder).traces, 3));
    await ask({ ask: 'copyRow', split: 'dev', example: 3 });
    expect(JSON.parse(effects.copy.mock.calls[1]![0])).toMatchObject({
      ...{ split: 'dev', row: 4, fields: { answer: 'the Nile' } },
      states: ['', 'p', 'p -> w', 'p -> w -> p'].map((state) => ({ state, error: null })),
    });
    await expect(ask({ ask: 'copyRow', split: 'dev', example: 40 })).rejects.toThrow('no row 41 of dev');
    await expect(ask({ ask: 'copyTrace', trace: 99_999 })).rejects.toThrow('no trace 99999');
  });

  it('opens a file that an error names, if it lies in the folder of the run', async () => {
    await open();
    await session.receive({ type: 'ready' });
    writeFileSync(join(workspace, 'metric.py'), '');
    await ask({ ask: 'openFile', file: 'metric.py', line: 33 });
    expect(effects.openSource).toHaveBeenCalledWith({ file: join(workspace, 'metric.py'), line: 33 });
    await ask({ ask: 'openFile', file: 'metric.py', line: 2, cell: 5 });
    expect(effects.openSource).toHaveBeenCalledWith({ file: join(workspace, 'metric.py'), line: 2, cell: 5 });
    await expect(ask({ ask: 'openFile', file: '/etc/passwd', line: 1 })).rejects.toThrow('only files of the folder');
    expect(effects.openSource).toHaveBeenCalledTimes(2);
  });

  it('says so where the memo was pruned', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const { record } = await ask({ ask: 'trace', trace: 0 });
    const key = record.outcome.trace[0]!.lm[0]!.key;
    rmSync(cacheFolder(workspace), { recursive: true });
    expect((await ask({ ask: 'messages', keys: [key] })).answers).toEqual([{ key, body: null }]);
    await expect(ask({ ask: 'copyCurl', trace: 0, call: 0, request: 0 })).rejects.toThrow('pruned');
    expect(pruneMemo(cacheFolder(workspace)).inUse).toBe(0);
  });

  it('has the state of every step', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const { states, predictors } = await ask({ ask: 'states', candidates: [] });
    expect(states.map(({ name }) => name)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    expect(states.map(({ state }) => state.predictors['answer']!.demos.length > 0)).toEqual([false, true, false, true]);
    expect(predictors.map(({ name }) => name)).toEqual(['write_query.predict', 'answer']);
    await ask({ ask: 'openDiff', left: '', right: 'p', predictor: 'answer' });
    const [left, right] = ['', 'p'].map((step) => ({ step, candidate: null }));
    expect(effects.openDiff).toHaveBeenCalledWith(left, right, 'answer');
    await expect(ask({ ask: 'openDiff', left: '', right: 'w', predictor: null })).rejects.toThrow('no state "w"');
  });

  it('has the state of every candidate, gives those that are asked for, and says how each came out', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const name = candidateState('p -> w -> p', 3);
    const { states, candidates } = await ask({ ask: 'states', candidates: [name, ''] });
    expect(states.map((state) => state.name)).toEqual(['', 'p', 'p -> w', 'p -> w -> p', name]);
    expect(states.at(-1)!.state.predictors['answer']!.demos).toHaveLength(1);
    expect(candidates.map(({ step, candidate }) => `${step} ${candidate}`)).toEqual(
      ['p', 'p -> w -> p'].flatMap((step) => [0, 1, 2, 3, 4, 5].map((place) => `${step} ${place}`)),
    );
    const notes = candidates.slice(0, 6).map(({ note }) => note);
    expect(notes[0]).toMatch(/^\d+\.\d %, no demos$/);
    expect(notes[3]).toBe('stopped early after 10 rows, 1 demo');
    expect(notes.filter((note) => note.startsWith('chosen, '))).toHaveLength(1);
    const chosen = snapshots().at(-1)!.steps[3]!.chosen!;
    const winner = candidateState('p -> w -> p', chosen);
    const shown = await ask({ ask: 'states', candidates: [winner] });
    expect(shown.states.at(-1)!.state).toEqual(states[3]!.state);
    await ask({ ask: 'openDiff', left: 'p', right: name, predictor: null });
    const { state: hash } = snapshots().at(-1)!.steps[3]!.candidates[3]!;
    expect(effects.openDiff).toHaveBeenCalledWith(
      { step: 'p', candidate: null },
      { step: 'p -> w -> p', candidate: { place: 3, hash } },
      null,
    );
  });

  it('has the states of the steps alone in a run that an earlier version made', async () => {
    await open();
    rmSync(runFiles(run.folder).states);
    await session.receive({ type: 'ready' });
    const { states, candidates } = await ask({ ask: 'states', candidates: [candidateState('p', 0)] });
    expect(states.map(({ name }) => name)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    expect(candidates).toEqual([]);
  });

  const asked = [
    { role: 'system', content: 'Answer the question about a river.' },
    { role: 'user', content: expect.stringContaining('Question: ') },
  ];

  it.each([
    ['apart', { prompt: asked, opened: 'Answer:', completion: expect.stringMatching(/^ \S/) }],
    ['joined', { prompt: asked, opened: '', completion: expect.stringMatching(/^Answer: \S/) }],
    ['pair', { prompt: asked, opened: '', completion: expect.stringMatching(/^Answer: \S/) }],
  ] as const)('shows the training rows that were sent %s', async (rows, shown) => {
    await open({ rows });
    await session.receive({ type: 'ready' });
    const page = await ask({ ask: 'trainingRows', step: 'p -> w', from: 60, count: 10 });
    expect([page.total, page.rows.length]).toEqual([64, 4]);
    expect(page.rows[0]).toEqual({ kind: 'row', predictor: null, end: null, ...shown });
  });

  it('has no training rows of what is no step', async () => {
    await open();
    await session.receive({ type: 'ready' });
    await expect(ask({ ask: 'trainingRows', step: '../../../etc/passwd', from: 0, count: 1 })).rejects.toThrow(
      'no training rows',
    );
  });

  it('shows a training row that it cannot read as it stands', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const file = join(runFiles(run.folder).rows, 'p-w.jsonl');
    writeFileSync(file, '{"other": 1}\nno JSON\n');
    const { rows } = await ask({ ask: 'trainingRows', step: 'p -> w', from: 0, count: 10 });
    expect(rows).toEqual([
      { kind: 'unknown', line: '{"other": 1}' },
      { kind: 'unknown', line: 'no JSON' },
    ]);
  });

  it('says that an error is ours, and keeps its words for the log', async () => {
    await open();
    await session.receive({ type: 'ready' });
    const file = join(runFiles(run.folder).rows, 'p-w.jsonl');
    rmSync(file);
    mkdirSync(file);
    const reply = ask({ ask: 'trainingRows', step: 'p -> w', from: 0, count: 10 });
    await expect(reply).rejects.toThrow('This is a bug in BetterTogether');
    expect(bugs.join()).toContain('EISDIR');
  });

  it('copies a request without the key and opens the source', async () => {
    await open();
    await session.receive({ type: 'ready' });
    await ask({ ask: 'copyCurl', trace: 0, call: 0, request: 0 });
    const text = effects.copy.mock.calls[0]![0];
    expect(text).toContain('curl http://gpu-box:8000/v1/chat/completions');
    expect(text).toContain('$LAB_KEY');
    await ask({ ask: 'openSource', predictor: 'answer' });
    expect(effects.openSource).toHaveBeenCalledWith({ file: join(workspace, 'rivers.ts'), line: 7 });
  });

  it.each([
    null,
    'ready',
    { type: 'request', id: 1, body: { ask: 'run', command: 'rm' } },
    { type: 'request', id: 1, body: { ask: 'trace', trace: -1 } },
    { type: 'request', id: 1, body: { ask: 'traces', filter: {}, from: 0, count: 1e9 } },
  ])('does nothing on %j, which is no message', async (message) => {
    await open({ dev: 1 });
    await session.receive(message);
    expect(posted).toEqual([]);
    expect(bugs).toHaveLength(1);
  });
});
