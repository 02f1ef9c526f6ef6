import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../src/run/work/request.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { parseCap, writeCap } from '../../../src/editor/settings/caps.ts';
import { changeConfig, offsetOfProgram, programChanges } from '../../../src/editor/settings/editConfig.ts';
import { modelsOf } from '../../../src/run/services/listedModels.ts';
import { destinationText, expectedText, mostText, startDetail } from '../../../src/editor/settings/planText.ts';
import {
  endpointKey,
  guessInputs,
  labelFields,
  newKey,
  proposeBuilt,
  proposeData,
  unseenLabels,
} from '../../../src/editor/settings/proposals.ts';

describe('changeConfig', () => {
  const text = `{
  // Ours.
  "programs": {
    "one": {
      "program": "a.ts#A", // the first
      "metric": "exactMatch:x",
      "train": "t.jsonl"
    }
  }
}
`;

  it('changes one key and leaves comments and everything else as it was', () => {
    const changed = changeConfig(text, programChanges('one', { metric: 'f1:x', strategy: 'p' }));
    expect(changed).toContain('// Ours.');
    expect(changed).toContain('"program": "a.ts#A", // the first');
    expect(parse(changed)).toEqual({
      programs: { one: { program: 'a.ts#A', metric: 'f1:x', train: 't.jsonl', strategy: 'p' } },
    });
    expect(changed.split('\n').filter((line) => !text.split('\n').includes(line))).toHaveLength(3);
  });

  it('takes a key away, and changes nothing where nothing is new', () => {
    expect(parse(changeConfig(text, [{ path: ['programs', 'one', 'metric'], value: undefined }]))).toEqual({
      programs: { one: { program: 'a.ts#A', train: 't.jsonl' } },
    });
    expect(changeConfig(text, [])).toBe(text);
  });

  it('begins a file that the configuration can read', () => {
    const begun = changeConfig(
      null,
      programChanges('two', { program: 'b.ts#B', metric: 'exactMatch:y', train: 'b.csv' }),
    );
    expect(parseConfig(begun, 'bettertogether.json').programs).toHaveProperty('two.train', 'b.csv');
    expect(begun.slice(offsetOfProgram(begun, 'two'))).toMatch(/^"two": \{/);
  });
});

describe('proposeData', () => {
  it('puts training files near the program first, with their dev and test files', () => {
    const files = [
      '/w/package.json',
      '/w/data/all.csv',
      '/w/x/train.jsonl',
      '/w/p/test.jsonl',
      '/w/p/train.jsonl',
      '/w/p/val.jsonl',
    ];
    expect(proposeData(files, '/w/p/program.ts').map(({ train, dev, test }) => [train, dev, test])).toEqual([
      ['/w/p/train.jsonl', '/w/p/val.jsonl', '/w/p/test.jsonl'],
      ['/w/x/train.jsonl', null, null],
      ['/w/data/all.csv', null, null],
    ]);
  });

  it('keeps what surrounds the word', () => {
    const files = ['/w/qa_train_v2.jsonl', '/w/qa_dev_v2.jsonl'];
    expect(proposeData(files, '/w/p.py')[0]).toEqual({ train: files[0], dev: files[1], test: null });
  });
});

describe('proposeBuilt', () => {
  const found = [
    { file: '/w/rows.py', name: 'train' },
    { file: '/w/rows.ts', name: 'loadRows' },
    { file: '/w/rows.mjs', name: 'default' },
  ];

  it('offers what code of the language of the program builds', () => {
    const offered = (language: 'python' | 'typescript', file = '/w/program') =>
      proposeBuilt(found, { file, language }).map(({ train }) => train);
    expect(offered('python')).toEqual(['/w/rows.py#train']);
    expect(offered('typescript')).toEqual(['/w/rows.ts#loadRows', '/w/rows.mjs#default']);
    expect(offered('typescript', '/w/rows.mjs')).toEqual(['/w/rows.mjs#default', '/w/rows.ts#loadRows']);
  });
});

describe('fields', () => {
  const predictors = [
    { signature: 'question -> query' },
    { signature: "context: list[str], question -> answer: Literal['a, b', 'c']" },
  ];

  it('takes outputs for labels, and no inputs', () => {
    expect(labelFields(['id', 'question', 'answer'], predictors)[0]).toBe('answer');
    expect(labelFields(['ticket', 'queue', 'urgent'], [], ['ticket'])).toEqual(['queue', 'urgent']);
    expect(labelFields(['text'], [], ['text'])).toEqual(['text']);
  });

  const made = (...signatures: (readonly [readonly string[], readonly string[]])[]) =>
    signatures.map(([inputs, outputs], line) => {
      return { name: `p${line}`, line, signature: 'Named', fields: { inputs, outputs } };
    });
  const takes = (...required: string[]) => ({ required, optional: [], others: false });

  it.each([
    // What forward takes, whatever its predictors call it.
    [
      ['ticket', 'queue', 'urgent'],
      { inputs: takes('ticket'), predictors: made([['text'], ['gist']]) },
      ['ticket'],
      true,
    ],
    // A class whose fields say it, where forward says nothing.
    [
      ['ticket', 'queue'],
      {
        inputs: { required: [], optional: [], others: true },
        predictors: made([['ticket'], ['gist']], [['gist'], ['queue']]),
      },
      ['ticket'],
      true,
    ],
    // One predictor's output is another's input, and no input of the program.
    [
      ['query', 'question', 'answer'],
      { predictors: made([['question'], ['query']], [['query', 'question'], ['answer']]) },
      ['question'],
      true,
    ],
    // A parameter that may be left out is perhaps meant, and perhaps the label.
    [
      ['text', 'label'],
      { inputs: { required: ['text'], optional: ['label'], others: false }, predictors: [] },
      ['text', 'label'],
      false,
    ],
    // What forward takes is no field: a guess.
    [['text', 'label'], { inputs: takes('ticket'), predictors: [] }, ['text'], false],
    // Nothing is known: a guess.
    [['id', 'text', 'label'], { predictors: [{ name: 'p', line: 1, signature: null }] }, ['id', 'text'], false],
    [[], { inputs: takes('question'), predictors: [] }, [], false],
  ])('takes of %j what the program is called with', (fields, program, inputs, sure) => {
    expect(guessInputs(fields, program)).toEqual({ inputs, sure });
  });

  it('takes what the program puts out for the labels of rows that code builds', () => {
    expect(unseenLabels([{ signature: 'question -> query' }, ...made([['context'], ['answer']])])).toEqual([
      'answer',
      'query',
    ]);
    expect(unseenLabels([{ signature: null }])).toEqual([]);
  });

  it('makes keys that are not taken', () => {
    expect(newKey('HotPotQA', [])).toBe('hotpotqa');
    expect(newKey('HotPotQA', ['hotpotqa'])).toBe('hotpotqa-2');
    expect(endpointKey('https://api.openai.com/v1', [])).toBe('openai');
    expect(endpointKey('http://127.0.0.1:8000/v1', ['local'])).toBe('local-2');
  });
});

describe('parseCap', () => {
  it('reads what people write', () => {
    expect(parseCap('$5')).toEqual({ usd: 5 });
    expect(parseCap('5 usd')).toEqual({ usd: 5 });
    expect(parseCap('$1,234.50')).toEqual({ usd: 1234.5 });
    expect(parseCap('$0.50, 2,000 calls, 1.5M tokens')).toEqual({ usd: 0.5, calls: 2000, tokens: 1_500_000 });
    expect(parseCap('10 calls,500 tokens')).toEqual({ calls: 10, tokens: 500 });
    expect(parseCap('')).toBeUndefined();
  });

  it.each([
    { calls: 20_000, tokens: 5_000_000, usd: 5 },
    { calls: null, tokens: 1_234_567, usd: null },
    { calls: 1_234_567, tokens: null, usd: 0.123456789 },
    { calls: 1, tokens: Number.MAX_SAFE_INTEGER, usd: 0.0000001 },
    { calls: null, tokens: null, usd: 1234.5 },
  ])('leaves caps as they are that are edited and not changed: %j', (caps) => {
    const set = Object.fromEntries(Object.entries(caps).filter(([, cap]) => cap !== null));
    expect(parseCap(writeCap(caps))).toEqual(set);
  });

  it('offers an empty field where there is no cap', () => {
    expect(writeCap({ calls: null, tokens: null, usd: null })).toBe('');
  });

  it('refuses what is no cap', () => {
    const none = [
      '5',
      '$-1',
      'lots',
      '$5 calls of',
      '0 calls',
      '0.2 calls',
      '$5,200 calls',
      '9e99 tokens',
      '1.2.3 calls',
    ];
    for (const text of [...none, '5 toString', '5 constructor']) expect(() => parseCap(text)).toThrow('is not a cap');
  });

  it('refuses two caps of one kind', () => {
    expect(() => parseCap('$5, $6')).toThrow('There are two caps in dollars: write one.');
  });
});

describe('planText', () => {
  const estimate = (expected: number, most: number) => ({ expected, most });
  const plan = {
    plan: {
      calls: estimate(1240, 2000),
      inputTokens: estimate(300_000, 500_000),
      outputTokens: estimate(10_000, 12_000),
      usd: estimate(0.31, 0.6),
      steps: [],
      jobs: 1,
      sample: { runs: 5, paidCalls: 5, correct: 0.5, predictors: 1, calls: 1, inputTokens: 10, outputTokens: 1 },
    },
    seconds: estimate(250, 400),
  } satisfies Pick<RunPlan, 'plan' | 'seconds'>;

  it('says calls, tokens, dollars and time', () => {
    expect(expectedText(plan)).toBe('about 1,240 calls, 310.0k tokens, $0.3100, 4 min 10 s without training');
    expect(mostText(plan)).toBe('at most 2,000 calls, 512.0k tokens, $0.6000');
    const unknown = { plan: { ...plan.plan, usd: null, inputTokens: null }, seconds: null };
    expect(expectedText(unknown)).toBe('about 1,240 calls, dollars unknown');
    const free = { plan: { ...plan.plan, usd: estimate(0, 0) }, seconds: null };
    expect(expectedText(free)).toContain('no charge');
  });

  it('says beside the start whether the cap is enough, and of what would stop', () => {
    const caps = { calls: null, tokens: null, usd: null };
    const step = { ...plan.plan, prefix: 'p', work: 'step' as const, kind: 'p', title: 'prompt search' };
    const known = { plan: { ...plan.plan, steps: [step] } };
    expect(startDetail(caps, null)).toBe('no cap');
    expect(startDetail({ ...caps, calls: 2000 }, known)).toBe(`capped at 2,000 calls; ${mostText(plan)}`);
    expect(startDetail({ ...caps, usd: 0.2 }, known)).toBe(
      `capped at $0.2000; ${mostText(plan)}; The cap is $0.2: the run would stop in p. Raise it to 0.60.`,
    );
  });

  it('says where data goes', () => {
    expect(destinationText({ promptsTo: null, rowsTo: null })).toBe('Nothing leaves this machine.');
    expect(destinationText({ promptsTo: 'a.com', rowsTo: 'a.com' })).toBe(
      'Rows go to a.com, in prompts and for training.',
    );
    expect(destinationText({ promptsTo: 'a.com', rowsTo: 'b.com' })).toContain('uploaded to b.com');
  });
});

describe('endpoints', () => {
  it('lists models with the key, and says what the endpoint said', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/v1/models' || request.url === '/bare/v1/models')
        response.end(JSON.stringify({ data: [{ id: 'm' }] }));
      else if (request.url === '/moved/models') response.writeHead(302, { location: '/v1/models' }).end();
      else if (request.url?.startsWith('/bare') || request.url?.startsWith('/none'))
        response.writeHead(404).end('no such page');
      else response.writeHead(401).end('no key');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const baseURL = `${base}/v1`;
      expect(await modelsOf({ baseURL }, 'k')).toEqual({ baseURL, names: ['m'] });
      expect(seen).toEqual(['Bearer k']);
      await expect(modelsOf({ baseURL: `${base}/other` }, 'k')).rejects.toThrow('answered 401: no key. Set its key');
      await expect(modelsOf({ baseURL: `${base}/moved` }, 'k')).rejects.toThrow('does not answer');
      // Most serve under /v1, and the address is often written without it.
      expect(await modelsOf({ baseURL: `${base}/bare` }, 'k')).toEqual({ baseURL: `${base}/bare/v1`, names: ['m'] });
      await expect(modelsOf({ baseURL: `${base}/none` }, 'k')).rejects.toThrow(
        '/none/models answered 404: no such page',
      );
    } finally {
      server.close();
    }
  });
});
