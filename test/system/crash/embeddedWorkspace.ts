import { Workspace } from '../workspace.ts';

const program = `import { Module, Predict } from 'bettertogether';

export class Topic extends Module {
  classify = new Predict("text -> topic: 'sports' | 'music'");

  forward({ text }: { text: string }) {
    return this.classify({ text });
  }
}
`;

const sports = [
  'the goal came late',
  'she won the race',
  'a new coach',
  'the cup final',
  'they lost the match',
  'a fast lap',
];
const music = [
  'a loud drum',
  'the song began',
  'her new album',
  'a choir of ten',
  'the violin solo',
  'they sang along',
];

/** A workspace on the embedded endpoint: twelve short texts, and one weight step that takes seconds. */
export function embeddedWorkspace(): Workspace {
  const workspace = new Workspace({
    baseURL: 'http://127.0.0.1:9/v1',
    strategy: 'w',
    program,
    settings: {
      program: 'program.ts#Topic',
      metric: 'exactMatch:topic',
      inputs: ['text'],
      endpoint: 'embedded',
      model: 'smollm2-135m-instruct',
      adapter: 'plain',
      sampling: { temperature: 0, maxTokens: 8 },
      w: { epochs: 1, batchSize: 2 },
    },
    entry: 'topic',
  });
  const rows = [
    ...sports.map((text) => ({ text, topic: 'sports' })),
    ...music.map((text) => ({ text, topic: 'music' })),
  ].map((row) => JSON.stringify(row));
  workspace.write('train.jsonl', rows.join('\n'));
  workspace.write('dev.jsonl', rows.filter((_, i) => i % 3 === 0).join('\n'));
  workspace.write('test.jsonl', rows.filter((_, i) => i % 3 === 1).join('\n'));
  return workspace;
}
