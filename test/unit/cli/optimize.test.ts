import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HumanError, UsageError } from '../../../src/base/errors.ts';
import { BudgetExhausted } from '../../../src/engine/errors.ts';
import { resultSchema } from '../../../src/protocol.ts';
import { requestCancel } from '../../../src/run/record/cancelRequest.ts';
import { readManifest } from '../../../src/run/record/manifest.ts';
import type { PriceTable } from '../../../src/lm/prices.ts';
import type { RunHooks, RunPlan, RunRequest } from '../../../src/run/work/request.ts';
import { missingPrice } from '../../../src/run/text/price.ts';
import { runPlan, wholeRun } from '../run/samples.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { cli, makeWorkspace } from './workspace.ts';

const stopped = [...wholeRun.slice(0, 12), { type: 'run.stopped', reason: 'budget', message: 'spent' }] as const;
const spent = new BudgetExhausted('The cap of 10 calls is reached.');

describe('optimize', () => {
  it('makes a run with its manifest, shows progress on stderr and the table on stdout', async () => {
    const place = makeWorkspace();
    const { code, out, err, started } = await cli(place, ['optimize', 'intents', '--seed', '3']);
    expect(code).toBe(0);
    const [request] = started;
    expect(request).toMatchObject({ workspace: place, resumed: false, config: { key: 'intents', seed: 3 } });
    expect((await readManifest(request!.run.folder)).asked).toEqual(request!.config);
    expect(out).toContain('80.0 (70.0–89.0)');
    expect(out).not.toContain('prompt search on');
    expect(err).toContain('p: prompt search on');
    expect(err).toContain('p -> w: 100 of 148 traces correct, 100 training rows');
  });

  it('tells the price when the run has tried its first rows, and whether the cap is enough for it', async () => {
    const startRun = async (_: RunRequest, hooks: RunHooks) => {
      hooks.onPrice?.(runPlan());
      await Promise.resolve();
      throw spent;
    };
    const { err } = await cli(makeWorkspace(), ['optimize', 'local', '--budget-calls', '60'], { startRun });
    expect(err).toContain(
      'in all about 1,200 calls (at most 3,400), $0.5000 ($2.00); what the memo knows of them is free\n',
    );
    expect(err).toContain('The cap is 60 calls: the run would stop in scoring baseline. Raise it to 3400');
  });

  it('hands on the rows it loaded: code that builds data may not give them again', async () => {
    const { started } = await cli(makeWorkspace(), ['optimize', 'intents']);
    const [{ datasets, run }] = started as [(typeof started)[number]];
    const { data } = await readManifest(run.folder);
    expect([datasets?.train.sha256, datasets?.dev?.sha256]).toEqual([data.train.sha256, data.dev?.sha256]);
    expect(datasets?.train.examples).toHaveLength(20);
  });

  it('with --json prints an event a line and last the result', async () => {
    const { out } = await cli(makeWorkspace(), ['optimize', 'intents', '--json']);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual([...wholeRun.map(({ type }) => type), 'result']);
    expect(resultSchema.safeParse(lines.at(-1)).success).toBe(true);
  });

  it('names the cap, tells how to go on and what was reached until then, and exits 3', async () => {
    const ran = await cli(makeWorkspace(), ['optimize', 'intents'], { events: stopped, fails: spent });
    expect(ran.code).toBe(3);
    expect(ran.out).toBe('');
    expect(ran.err).toContain('The cap of 10 calls is reached.');
    expect(ran.err).toContain(`bettertogether resume ${ran.started[0]!.run.id}`);
    expect(ran.err).toContain('until then:');
  });

  it('leaves nothing behind when the program does not even load', async () => {
    const place = makeWorkspace();
    const fails = new UsageError('program.ts has no export Intents.');
    const { code, err } = await cli(place, ['optimize', 'intents'], { events: [], fails });
    expect(code).toBe(2);
    expect(err).toBe('program.ts has no export Intents.\n');
    expect(readdirSync(join(place, '.bettertogether', 'runs'))).toEqual([]);
  });

  it('stops cleanly at the first Ctrl-C and kills at the second', async () => {
    let press = (): void => undefined;
    const ran = await cli(makeWorkspace(), ['optimize', 'intents'], {
      interrupt: (handler) => void (press = handler),
      startRun: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            press();
            reject(signal.reason as Error);
          });
          press();
        }),
    });
    expect(ran.code).toBe(130);
    expect(ran.err).toContain(`bettertogether resume ${ran.started[0]!.run.id}`);
    expect(ran.killed).toEqual([130]);
  });

  it('stops when another process asked it to', async () => {
    const ran = await cli(makeWorkspace(), ['optimize', 'intents'], {
      startRun: async ({ run }, { signal }) => {
        await requestCancel(run.folder);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      },
    });
    expect(ran.code).toBe(130);
    expect(ran.err).toContain('as `bettertogether cancel` asked');
  });

  it('tells a bug of ours with its stack', async () => {
    const { code, err } = await cli(makeWorkspace(), ['optimize', 'intents'], { fails: new TypeError('oops') });
    expect(code).toBe(1);
    expect(err).toMatch(/bug in BetterTogether[^]*TypeError: oops\n {6}at /);
  });

  const wrong: readonly [string, readonly string[], string][] = [
    ['an unknown program', ['optimize', 'intent'], 'Did you mean "intents"?'],
    ['an unknown option', ['optimize', 'intents', '--sed', '1'], "unknown option '--sed'"],
    ['a seed that is no number', ['optimize', 'intents', '--seed', '1.5'], 'whole number'],
    ['a cap of nothing', ['optimize', 'intents', '--budget-usd', '0'], 'above 0'],
    ['a wrong step', ['optimize', 'intents', '--strategy', 'p -> x'], 'is "x"'],
    ['a missing file', ['optimize', 'intents', '--train', 'gone.jsonl'], 'gone.jsonl, which does not exist'],
    [
      'a metric that is none',
      ['optimize', 'intents', '--metric', 'exact:answer'],
      'neither built in nor file#function',
    ],
    [
      'a field that is not there',
      ['optimize', 'intents', '--inputs', 'utterance,x'],
      'train.jsonl:1: the row has no field "x"',
    ],
    ['an unknown command', ['optimise', 'intents'], "unknown command 'optimise'"],
    ['a missing argument', ['optimize'], "missing required argument 'program'"],
    ['more rows than there are', ['optimize', 'small'], 'together need more than the 16 rows'],
  ];
  it.each(wrong)('exits 2 at %s, says so and starts nothing', async (_, args, message) => {
    const place = makeWorkspace();
    const text = JSON.stringify({
      programs: {
        intents: { program: 'program.ts#Intents', metric: 'exactMatch:answer', train: 'train.jsonl', dev: 'dev.jsonl' },
        small: {
          program: 'program.ts#Intents',
          metric: 'exactMatch:answer',
          train: 'train.jsonl',
          p: { train: 15, validation: 15 },
        },
      },
    });
    writeFileSync(join(place, 'bettertogether.json'), text);
    const { code, err, out, started } = await cli(place, args);
    expect([code, out, started]).toEqual([2, '', []]);
    expect(err).toContain(message);
    expect(existsSync(join(place, '.bettertogether'))).toBe(false);
  });
});

describe('consent', () => {
  it('is needed before rows leave this machine; where nobody can be asked the run exits 2 and names both hosts', async () => {
    const place = makeWorkspace();
    const { code, err, started } = await cli(place, ['optimize', 'remote']);
    expect([code, started]).toEqual([2, []]);
    expect(err).toContain('go to api.example.com in prompts');
    expect(err).toContain('uploaded to train.example.com');
    expect(err).toContain('capped at 1000 calls');
    expect(err).toContain('--yes');
  });

  it('speaks of no upload where nothing is trained', async () => {
    const { err } = await cli(makeWorkspace(), ['optimize', 'promptsOnly']);
    expect(err).toContain('api.example.com');
    expect(err).not.toContain('train.example.com');
  });

  it('given by --yes is kept in the manifest, host by host', async () => {
    const { code, started, questions } = await cli(makeWorkspace(), ['optimize', 'remote', '--yes'], {
      interactive: true,
    });
    expect([code, questions]).toEqual([0, []]);
    expect((await readManifest(started[0]!.run.folder)).consent).toEqual(['api.example.com', 'train.example.com']);
  });

  it('is asked for at a terminal, and no means no', async () => {
    const place = makeWorkspace();
    const no = await cli(place, ['optimize', 'remote'], { interactive: true, answer: false });
    const questions = ['Run a few rows first, to estimate the price?', 'Start the run?'];
    expect([no.code, no.questions, no.started]).toEqual([2, questions, []]);
    const compose = { planRun: () => Promise.resolve(runPlan()) };
    const yes = await cli(place, ['optimize', 'remote'], { interactive: true, answer: true, compose });
    expect([yes.code, yes.questions, yes.started.length]).toEqual([0, questions, 1]);
    expect(yes.err).toContain('in all about 1,200 calls (at most 3,400), $0.5000 ($2.00)');
  });

  it('says what is asked whatever an endpoint is called', async () => {
    const place = makeWorkspace();
    const file = join(place, 'bettertogether.json');
    const hostile = JSON.stringify('x". Nothing is sent. "').slice(1, -1);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"lab"', `"${hostile}"`));
    const { code, err } = await cli(place, ['optimize', 'remote']);
    expect(code).toBe(2);
    expect(err).toContain('The rows of your data go to api.example.com in prompts.');
    expect(err).not.toMatch(/(?<!\\)"\. Nothing is sent\./);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(hostile, 'x\\nNothing is sent.'));
    expect((await cli(place, ['optimize', 'remote'])).err).toContain('must hold no line break');
  });

  it('is needed for an estimate too, which sends a few rows and uploads none', async () => {
    const place = makeWorkspace();
    const alone = await cli(place, ['optimize', 'remote', '--dry-run']);
    expect(alone.code).toBe(2);
    expect(alone.err).toContain('A few rows of your data go to api.example.com');
    expect(alone.err).not.toContain('train.example.com');
    const no = await cli(place, ['optimize', 'remote', '--dry-run'], { interactive: true, answer: false });
    expect([no.code, no.questions]).toEqual([2, ['Try a few rows for the estimate?']]);
    const priced = await cli(place, ['optimize', 'local', '--endpoint', 'priced', '--dry-run']);
    expect(priced.code).toBe(2);
    expect(priced.err).toContain('Calls cost money, without a cap (see --budget-usd).');
  });

  it('is not needed on this machine, unless it costs money', async () => {
    const place = makeWorkspace();
    expect((await cli(place, ['optimize', 'local'])).code).toBe(0);
    expect((await cli(place, ['optimize', 'intents'])).code).toBe(0);
    const priced = await cli(place, ['optimize', 'local', '--endpoint', 'priced']);
    expect(priced.code).toBe(2);
    expect(priced.err).toContain('cost money');
  });
});

describe('optimize --dry-run', () => {
  it('prints the plan and starts nothing', async () => {
    const place = makeWorkspace();
    const planRun = () => Promise.resolve(runPlan());
    const { code, out, started } = await cli(place, ['optimize', 'remote', '--dry-run', '--yes'], {
      compose: { planRun },
    });
    expect([code, started]).toEqual([0, []]);
    expect(out).toMatch(/w +fine-tuning +1,200 \(3,400\) +1,200 \(3,400\) +unknown +\$0\.5000 \(\$2\.00\) +90 \(148\)/);
    expect(out).toContain('Estimated from 5 runs');
    expect(out).toContain('Training rows go to train.example.com.');
    expect(out).not.toContain('stop early');
    expect(out).toContain(
      '12 dev rows: a score is known to about ±25 points, and where a row is right or wrong, a difference of less than 33 points',
    );
    expect(existsSync(join(place, '.bettertogether'))).toBe(false);
    const json = await cli(place, ['optimize', 'remote', '--dry-run', '--yes', '--json'], {
      compose: { planRun },
    });
    expect(JSON.parse(json.out)).toMatchObject({ plan: { jobs: 1 } });
  });

  const dryRun = async (plan: RunPlan, ...options: readonly string[]) => {
    const compose = { planRun: () => Promise.resolve(plan) };
    return (await cli(makeWorkspace(), ['optimize', 'remote', '--dry-run', '--yes', ...options], { compose })).out;
  };

  it('says of a prompt search that it may take less than it is priced at', async () => {
    const { plan, ...rest } = runPlan();
    const search = { ...plan.steps[0]!, prefix: 'p', work: 'step', kind: 'p', title: 'prompt search' } as const;
    const out = await dryRun({ ...rest, plan: { ...plan, steps: [...plan.steps, search] } });
    expect(out).toContain('Candidates that stop early make it less.');
  });

  it('says where a cap would stop the run, and what is enough', async () => {
    const raise = 'Raise it to 3400 (--budget-calls, or "budget" in bettertogether.json).';
    expect(await dryRun(runPlan(), '--budget-calls', '60')).toContain(
      `The cap is 60 calls: the run would stop in scoring baseline. ${raise}`,
    );
    expect(await dryRun(runPlan(), '--budget-calls', '600')).toContain(
      `The cap is 600 calls: the run would stop in w. ${raise}`,
    );
    expect(await dryRun(runPlan(), '--budget-calls', '2000')).toContain('the run may stop in w.');
    expect(await dryRun(runPlan(), '--budget-calls', '3400')).not.toContain('The cap is');
    const outputTokens = { expected: 10, most: 20 };
    expect(await dryRun(runPlan({ outputTokens }), '--budget-calls', '3400', '--budget-tokens', '1000')).toContain(
      'The cap is 1000 tokens: the run would stop in w. Raise it to 10820 (--budget-tokens,',
    );
  });

  it('says which price is missing where dollars are unknown, and which are there', async () => {
    const unknown = runPlan({ usd: null });
    expect(await dryRun(unknown)).toContain('No price for "m": set endpoints.lab.prices.\n');
    const typo = { bse: { input: 1, output: 2 } };
    const told = (prices: PriceTable) =>
      missingPrice(unknown, {
        ...{ model: 'base', strategy: [], steps: {} },
        endpoint: { kind: 'openai', name: 'lab', baseURL: 'http://x/v1', prices } as never,
      });
    expect(told(typo)).toEqual(['No price for "base": set endpoints.lab.prices (there: bse).']);
    expect(told({ base: typo.bse })).toEqual([
      'No price of training "base": add "training" to it under endpoints.lab.prices.',
    ]);
    expect(await dryRun(runPlan())).not.toContain('No price');
  });

  it('names the state that the run is to start from', async () => {
    const out = await dryRun({ ...runPlan(), from: '/w/p.json' });
    expect(out).toMatch(/^remote, w, from p\.json\n/);
    expect(out).toMatch(/^start +score/m);
  });
});

describe('resume', () => {
  async function stoppedRun() {
    const place = makeWorkspace();
    const { started } = await cli(place, ['optimize', 'intents', '--budget-calls', '10'], {
      events: stopped,
      fails: spent,
    });
    return { place, run: started[0]!.run };
  }

  it('takes everything from the manifest, and a new cap, which stays', async () => {
    const { place, run } = await stoppedRun();
    const again = await cli(place, ['resume', run.id, '--budget-calls', '50']);
    expect(again.code).toBe(0);
    expect(again.started[0]).toMatchObject({ run, resumed: true, budget: { calls: 50 }, config: { key: 'intents' } });
    expect((await readManifest(run.folder)).asked.budget.calls).toBe(50);
  });

  it('exits 2 naming the data file that changed', async () => {
    const { place, run } = await stoppedRun();
    appendFileSync(join(place, 'dev.jsonl'), '{"utterance":"x","answer":"home"}\n');
    const { code, err, started } = await cli(place, ['resume', run.id]);
    expect([code, started]).toEqual([2, []]);
    expect(err).toContain(join(place, 'dev.jsonl'));
  });

  it('of a finished run prints its result again and starts nothing', async () => {
    const place = makeWorkspace();
    const { started } = await cli(place, ['optimize', 'intents']);
    const again = await cli(place, ['resume', 'latest', '--json']);
    expect([again.code, again.started]).toEqual([0, []]);
    expect(JSON.parse(again.out)).toMatchObject({ type: 'result', run: started[0]!.run.id });
  });

  it('of a run whose result was changed prints nothing of it, until it is taken over', async () => {
    const place = makeWorkspace();
    const { started } = await cli(place, ['optimize', 'intents']);
    const { events } = runFiles(started[0]!.run.folder);
    writeFileSync(events, readFileSync(events, 'utf8').replace('"best":"', '"best": "'));
    const again = await cli(place, ['resume', 'latest', '--json']);
    expect([again.code, again.out, again.started]).toEqual([2, '', []]);
    expect(again.err).toContain('bettertogether adopt');
  });

  it('hands on what the user says about a lost job', async () => {
    const { place, run } = await stoppedRun();
    const { started } = await cli(place, ['resume', run.id, '--job', 'ftjob-1']);
    expect(started[0]).toMatchObject({ lostJob: 'ftjob-1' });
  });

  it('needs no configuration that is whole', async () => {
    const { place, run } = await stoppedRun();
    writeFileSync(join(place, 'bettertogether.json'), '{');
    expect((await cli(place, ['resume', run.id])).code).toBe(0);
  });

  it('exits 2 where there is no such run', async () => {
    const { place } = await stoppedRun();
    const { code, err } = await cli(place, ['resume', 'nosuch']);
    expect(code).toBe(2);
    expect(err).toContain('There is no run "nosuch"');
  });
});

it('a HumanError without an exit code of its own exits 1', async () => {
  const { code } = await cli(makeWorkspace(), ['optimize', 'intents'], { fails: new HumanError('The disk is full.') });
  expect(code).toBe(1);
});
