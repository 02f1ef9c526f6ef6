/** What the page of a run is answered about candidates that were made from each other. */
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { changes, front, standing } from '../../../src/page/candidateAnswers.ts';
import { RunReader } from '../../../src/page/runReader.ts';
import { sentPrompts } from '../../../src/page/sentPrompts.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { answerSchemas } from '../../../src/viewProtocol/answers.ts';
import { treeStep, writeSampleRun } from '../../fakes/sampleRun.ts';
import { temporaryFolder } from '../run/folder.ts';

let workspace: string;
let run: RunLocation;
beforeAll(async () => {
  workspace = temporaryFolder();
  run = await writeSampleRun({ workspace, strategy: treeStep, dev: 4, test: 4, validation: 8 });
});

async function read(): Promise<RunReader> {
  const reader = await RunReader.open(run);
  while (await reader.advance());
  return reader;
}

describe('the candidates of a step', () => {
  it('stand to each other by rows, and by what changed from the first parent', async () => {
    const answer = await standing(await read(), treeStep);
    expect(answerSchemas.standing.parse(answer)).toEqual(answer);
    expect(answer.rows).toBe(8);
    expect(answer.candidates.map(({ changed }) => changed)).toEqual([
      null,
      ...[['write_query.predict'], ['answer'], ['write_query.predict'], ['answer'], ['answer']],
    ]);
    expect(answer.candidates.every(({ bestOn }) => bestOn <= 8)).toBe(true);
  });

  it('are the columns of the front, with their scores as the log has them', async () => {
    const reader = await read();
    const answer = await front(reader, treeStep);
    expect(answerSchemas.front.parse(answer)).toEqual(answer);
    const { byCandidate } = reader.details.candidateScores(treeStep)!;
    expect(answer.rows.map(({ example }) => example)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { example, scores, best } of answer.rows) {
      expect(scores).toEqual(answer.columns.map((candidate) => byCandidate.get(candidate)!.get(example)));
      expect(best).toBe(Math.max(...[...byCandidate.values()].map((rows) => rows.get(example)!)));
    }
    expect(answer.rows[2]!.preview).toContain('Which river is row 2 about?');
    expect(answer.problem).toBeNull();
  });

  it('are begun anew with their step', async () => {
    const events = runFiles(run.folder).events;
    const event = { v: 1, seq: 99_999, time: new Date(0).toISOString(), type: 'step.started', prefix: treeStep };
    const reader = await read();
    appendFileSync(events, `${JSON.stringify({ ...event, kind: treeStep, index: 0, examples: 100 })}\n`);
    while (await reader.advance());
    expect(await standing(reader, treeStep)).toEqual({ step: treeStep, rows: 0, candidates: [] });
    expect(await front(reader, treeStep)).toMatchObject({ columns: [], rows: [] });
  });
});

describe('the prompts of candidates', () => {
  it('are compared with any other state', async () => {
    const { predictors } = await changes(await read(), '', treeStep);
    expect(predictors.map(({ predictor }) => predictor).sort()).toEqual(['answer', 'write_query.predict']);
    await expect(changes(await read(), '', 'gone#7')).rejects.toThrow(/has no state "gone#7"/);
  });

  it('are found as they were sent in a program run that was made with them, on the first row', async () => {
    const reader = await read();
    const { sent } = await sentPrompts(reader, treeStep);
    expect(sent).toMatchObject({ purpose: 'dev', example: 0 });
    expect(sent!.calls.map(({ predictor }) => predictor)).toEqual(['write_query.predict', 'answer']);
    const [state] = await reader.states().then((all) => all.filter(({ name }) => name === treeStep));
    for (const { predictor, key } of sent!.calls) {
      const { messages } = (await reader.remembered(key))!.request.body as { messages: { content: string }[] };
      expect(messages[0]!.content).toBe(state!.state.predictors[predictor]!.instructions);
    }
    expect(await sentPrompts(reader, 'not there')).toEqual({ sent: null });
  });
});

it('says why rows show no text where the data is gone', async () => {
  const other = await writeSampleRun({ workspace: temporaryFolder(), strategy: treeStep, dev: 2, test: 2 });
  rmSync(join(other.folder, '../../../train.jsonl'), { force: true });
  const reader = await RunReader.open(other);
  while (await reader.advance());
  const answer = await front(reader, treeStep);
  expect(answer.problem).toMatch(/train\.jsonl/);
  expect(answer.rows).toHaveLength(20);
});
