/** Before anything leaves this machine, every key is named with every host that it goes to. */
import { beforeEach, describe, expect, it } from 'vitest';
import { askConsent, askConsentAgain } from '../../../src/cli/base/consent.ts';
import type { Terminal } from '../../../src/cli/base/terminal.ts';
import { resolveSteps } from '../../../src/config/steps.ts';
import type { ResolvedEndpoint, ResolvedProgram, ResolvedService } from '../../../src/config/resolved.ts';
import { editorBaseURL } from '../../../src/data/editorEndpoint.ts';
import type { ResolvedTrainer } from '../../../src/finetune/settings.ts';
import { agreementsOf, consequencesOf } from '../../../src/run/work/consequences.ts';
import type { Work } from '../../../src/run/work/consequences.ts';
import { Consents } from '../../../src/vscode/keys/consents.ts';
import { Dismissed } from '../../../src/vscode/base/errors.ts';
import { destinationText } from '../../../src/editor/settings/planText.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

type OpenAi = Extract<ResolvedEndpoint, { kind: 'openai' }>;
const common = { revision: null, concurrency: 8, prices: null } as const;
const train = { model: null, pollSeconds: 1 } as const;

const service = (fineTune: Partial<Extract<ResolvedTrainer, { kind: 'openai' }>> = {}): ResolvedTrainer => ({
  ...{ kind: 'openai', ...train, baseURL: 'https://lab.example/v1', apiKeyEnv: 'LAB_KEY', ...fineTune },
});
const ray: ResolvedTrainer = {
  ...{ kind: 'ray', ...train, baseURL: 'http://ray-head:8265', apiKeyEnv: 'RAY_TOKEN', workers: 1, cpusPerWorker: 1 },
  ...{ gpusPerWorker: 0, dtype: 'auto', storage: '/mnt', sharedFolder: null, python: 'python', runtimeEnv: {} },
};
const command: ResolvedTrainer = {
  ...{ kind: 'command', ...train, command: ['train'], parentArguments: null, rowsFormat: 'messages' },
  ...{ files: {}, env: {}, cwd: '/w', folder: '/w/jobs' },
};

function lab(fineTune: ResolvedTrainer = service(), more: Partial<OpenAi> = {}): OpenAi {
  return {
    ...{ kind: 'openai', name: 'lab', ...common, baseURL: 'https://lab.example/v1', apiKeyEnv: 'LAB_KEY' },
    ...{ loraServing: 'none', fineTune, ...more },
  };
}
const judge: ResolvedService = {
  ...common,
  name: 'judge',
  baseURL: 'https://judge.example/v1',
  apiKeyEnv: 'JUDGE_KEY',
};

const config = (endpoint: ResolvedEndpoint, more: Partial<ResolvedProgram> = {}): ResolvedProgram => ({
  ...sampleConfig,
  endpoint,
  ...more,
});

/** Steps that reflect, the second at an endpoint of its own. */
const reflecting = (strategy: string[], more: Partial<ResolvedProgram> = {}): Partial<ResolvedProgram> => {
  const far = { kind: 'gepa', proposer: { model: 'writer', endpoint: 'judge' } };
  return { strategy, steps: resolveSteps({ steps: { far } }, { embedded: false }), ...more };
};

const simba = { kind: 'dspy', optimizer: 'p.py#make', calls: 9 };

const both = ['lab.example', 'LAB_KEY to lab.example'];
const local = { baseURL: 'http://127.0.0.1:8000/v1' };
const cases: readonly (readonly [string, ResolvedProgram, readonly string[], string])[] = [
  ['one service', config(lab()), both, 'The key in LAB_KEY is sent to lab.example.'],
  [
    'no key',
    config(lab(service({ apiKeyEnv: null }), { apiKeyEnv: null })),
    ['lab.example'],
    'uploaded to lab.example.',
  ],
  [
    'a training service elsewhere, with a key of its own',
    config(lab(service({ baseURL: 'https://train.example/v1', apiKeyEnv: 'TRAIN_KEY' }))),
    ['lab.example', 'train.example', 'LAB_KEY to lab.example', 'TRAIN_KEY to train.example'],
    'The key in LAB_KEY is sent to lab.example. The key in TRAIN_KEY is sent to train.example.',
  ],
  [
    'one key for two hosts',
    config(lab(service({ baseURL: 'https://train.example:8443/v1' }))),
    ['lab.example', 'train.example:8443', 'LAB_KEY to lab.example', 'LAB_KEY to train.example:8443'],
    'The key in LAB_KEY is sent to lab.example and train.example:8443.',
  ],
  [
    'a Ray cluster, and a server that loads its adapters',
    config(lab(ray, { loraServing: 'vllm' })),
    ['lab.example', 'ray-head:8265', 'LAB_KEY to lab.example', 'RAY_TOKEN to ray-head:8265'],
    'The key in LAB_KEY is sent to lab.example. The key in RAY_TOKEN is sent to ray-head:8265.',
  ],
  [
    'the embedded endpoint, trained by a Ray cluster',
    config({ kind: 'embedded', name: 'embedded', concurrency: 8, prices: null, fineTune: ray as never }),
    ['ray-head:8265', 'RAY_TOKEN to ray-head:8265'],
    'The key in RAY_TOKEN is sent to ray-head:8265.',
  ],
  [
    'a command of this machine',
    config(lab(command, { loraServing: 'sglang' })),
    both,
    'LAB_KEY is sent to lab.example.',
  ],
  [
    "a program's own LM",
    config(lab(), { services: [judge] }),
    ['lab.example', 'judge.example', 'LAB_KEY to lab.example', 'JUDGE_KEY to judge.example'],
    'LMs that the program or its steps name are asked at judge.example with the key in JUDGE_KEY, where they name one there.',
  ],
  [
    'a step that reads code',
    config(lab(), reflecting(['gepa'])),
    ['lab.example', "the program's code to lab.example", 'LAB_KEY to lab.example'],
    "Steps that reflect send the program's code to lab.example.",
  ],
  [
    "an optimizer of DSPy's, whose code alone says which LM it shows the program",
    config(lab(), {
      ...{ strategy: ['simba'], services: [judge] },
      steps: resolveSteps({ steps: { simba } }, { embedded: false }),
    }),
    [
      ...['lab.example', 'judge.example', "the program's code to lab.example", "the program's code to judge.example"],
      ...['LAB_KEY to lab.example', 'JUDGE_KEY to judge.example'],
    ],
    "send the program's code to lab.example and judge.example.",
  ],
  [
    'code that is read at two endpoints, and one of this machine that trains',
    config(lab(service(local), local), reflecting(['gepa', 'w', 'far'], { services: [judge] })),
    ['judge.example', "the program's code to judge.example", 'JUDGE_KEY to judge.example'],
    "Steps that reflect send the program's code to judge.example.",
  ],
  [
    'a server of this machine beside services elsewhere',
    config(lab(service({ baseURL: 'https://train.example/v1', apiKeyEnv: 'TRAIN_KEY' }), local), {
      services: [judge, { ...judge, ...local, name: 'near', apiKeyEnv: 'NEAR_KEY' }],
    }),
    ['judge.example', 'train.example', 'TRAIN_KEY to train.example', 'JUDGE_KEY to judge.example'],
    'The key in LAB_KEY is sent to 127.0.0.1:8000 on this machine. The key in TRAIN_KEY is sent to train.example. ' +
      'The key in NEAR_KEY is sent to 127.0.0.1:8000 on this machine where the program asks there.',
  ],
];

function terminalOf(answer: boolean | null): { readonly terminal: Terminal; readonly said: string[] } {
  const said: string[] = [];
  const terminal = {
    interactive: answer !== null,
    err: (text: string) => void said.push(text),
    confirm: () => Promise.resolve(answer ?? false),
  } as unknown as Terminal;
  return { terminal, said };
}

async function saidTo(asked: ResolvedProgram, work: Work): Promise<string> {
  const { terminal, said } = terminalOf(true);
  await askConsent(terminal, asked, false, work);
  return said.join('');
}

describe('on the command line', () => {
  it.each(cases)('with %s', async (_, asked, agreements, sentence) => {
    expect(await askConsent(terminalOf(null).terminal, asked, true)).toEqual(agreements);
    const said = await saidTo(asked, 'run');
    expect(said).toContain(sentence);
    for (const each of agreements) for (const word of each.split(' to ')) expect(said).toContain(word);
    await expect(askConsent(terminalOf(null).terminal, asked, false)).rejects.toThrow(sentence);
    await expect(askConsent(terminalOf(false).terminal, asked, false)).rejects.toThrow('Nothing was started');
  });

  it.each(['estimate', 'evaluation'] as const)('names no trainer and none of its keys for an %s', async (work) => {
    for (const [, asked] of cases.slice(2, 5)) {
      const said = await saidTo(asked, work);
      expect(said).toContain('The key in LAB_KEY is sent to lab.example.');
      expect(said).not.toMatch(/TRAIN_KEY|RAY_TOKEN|train\.example|ray-head|uploaded|Adapters/);
    }
    const withJudge = cases.find(([name]) => name.includes('own LM'))![1];
    expect(await saidTo(withJudge, work)).toContain('judge.example with the key in JUDGE_KEY');
  });

  it('names no trainer where nothing is trained', async () => {
    for (const [, asked] of cases.slice(2, 5)) {
      expect(await saidTo({ ...asked, strategy: ['p'] }, 'run')).not.toMatch(/TRAIN_KEY|RAY_TOKEN|uploaded|Adapters/);
    }
  });

  it('says nothing of code where no step reads it, and where nothing is searched', async () => {
    expect(await saidTo(config(lab(), reflecting(['p', 'w'])), 'run')).not.toContain('code');
    const asked = config(lab(), reflecting(['gepa']));
    for (const work of ['estimate', 'evaluation'] as const) expect(await saidTo(asked, work)).not.toContain('code');
  });

  it('says where adapters are loaded', async () => {
    expect(await saidTo(config(lab(ray, { loraServing: 'vllm' })), 'run')).toContain('are loaded at lab.example.');
    expect(await saidTo(config(lab(ray)), 'run')).not.toContain('are loaded');
  });
});

describe('before a run goes on', () => {
  it.each(cases)('nothing is asked where all was agreed to: %s', async (_, asked, agreements) => {
    const { terminal, said } = terminalOf(null);
    expect(await askConsentAgain(terminal, asked, false, agreements)).toEqual(agreements);
    expect(said).toEqual([]);
  });

  it.each([
    ['another host', config(lab(service({ baseURL: 'https://evil.example/v1' }))), 'LAB_KEY to evil.example'],
    ['another key', config(lab(service(), { apiKeyEnv: 'AWS_SECRET' })), 'AWS_SECRET to lab.example'],
    ['code that is read', config(lab(), reflecting(['gepa'])), "the program's code to lab.example"],
    ['another LM of its own', config(lab(), { services: [judge] }), 'JUDGE_KEY to judge.example'],
  ])('%s is asked for', async (_, asked, missing) => {
    await expect(askConsentAgain(terminalOf(null).terminal, asked, false, both)).rejects.toThrow(missing);
    await expect(askConsentAgain(terminalOf(false).terminal, asked, false, both)).rejects.toThrow(
      'Nothing was started',
    );
    const { terminal, said } = terminalOf(true);
    expect(await askConsentAgain(terminal, asked, false, both)).toContain(missing);
    expect(said.join('')).toContain(missing);
    expect(await askConsentAgain(terminalOf(null).terminal, asked, true, both)).toContain(missing);
  });
});

describe('in the editor', () => {
  beforeEach(resetFake);

  function consents() {
    const kept = new Map<string, unknown>();
    return new Consents({
      keys: () => [...kept.keys()],
      get: (name: string, otherwise?: unknown) => kept.get(name) ?? otherwise,
      update: (name: string, value: unknown) => Promise.resolve(void kept.set(name, value)),
    } as never);
  }

  it.each(cases)('with %s', async (_, asked, agreements) => {
    const asking = consents();
    fake.answers.push('Send');
    expect(await asking.ask(asked)).toEqual(agreements);
    const text = `${fake.messages.join()} ${fake.details.join()}`;
    for (const each of agreements) for (const word of each.split(' to ')) expect(text).toContain(word);
    for (const { env, host } of consequencesOf(asked).keys)
      expect(text).toMatch(new RegExp(`${env} is sent to .*${host}`));
    expect(await asking.ask(asked)).toEqual(agreements);
    expect(fake.messages).toHaveLength(1);
  });

  it('asks again for another key to a host that was agreed to', async () => {
    const asking = consents();
    fake.answers.push('Send', undefined);
    await asking.ask(config(lab()));
    await expect(asking.ask(config(lab(service(), { apiKeyEnv: 'AWS_SECRET' })))).rejects.toThrow(Dismissed);
    expect(fake.messages[1]).toContain('AWS_SECRET to lab.example');
    expect(fake.details[1]).toContain('The key in AWS_SECRET is sent to lab.example.');
  });

  it('asks again before code is read where only rows were sent', async () => {
    const asking = consents();
    fake.answers.push('Send', undefined);
    await asking.ask(config(lab(), reflecting(['p'])));
    await expect(asking.ask(config(lab(), reflecting(['gepa'])))).rejects.toThrow(Dismissed);
    expect(fake.messages[1]).toBe("May this be sent: the program's code to lab.example?");
    expect(fake.details[1]).toContain("Steps that reflect send the program's code to lab.example.");
  });

  it('speaks of an evaluation as of one', async () => {
    fake.answers.push('Send');
    await consents().ask(cases[2]![1], 'evaluation');
    expect(fake.messages.join() + fake.details.join()).not.toMatch(/TRAIN_KEY|train\.example/);
  });

  it('says of a local server with a key that data stays and where the key goes', () => {
    const near = consequencesOf(config(lab(service(local), local)));
    expect(agreementsOf(near)).toEqual([]);
    expect(destinationText(near)).toBe(
      'Nothing leaves this machine. The key in LAB_KEY is sent to 127.0.0.1:8000 on this machine.',
    );
  });

  it('names the models of VS Code as a place that data goes to, and says how they are paid', async () => {
    const editor: ResolvedService = {
      ...common,
      name: 'editor',
      apiKeyEnv: null,
      baseURL: editorBaseURL,
      editor: true,
    };
    const asked = config(lab(service(local), local), { services: [editor] });
    expect(agreementsOf(consequencesOf(asked))).toEqual(['the models of VS Code and their vendors']);
    const plan = "count against their vendor's plan, not in dollars; caps of calls and tokens hold.";
    expect(destinationText(consequencesOf(asked))).toContain(plan);
    const said = await saidTo(asked, 'run');
    expect(said).toContain('are asked at the models of VS Code and their vendors, where they name one there.');
    expect(said).toContain(plan);
  });
});
