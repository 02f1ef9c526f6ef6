/** The manifest of the run that `sampleRun.ts` writes. */
import { join } from 'node:path';
import { newManifest } from '../../src/run/record/manifest.ts';
import type { Manifest } from '../../src/run/record/manifest.ts';
import { sampleConfig, withStep } from './sampleConfig.ts';

export const samplePredictors = ['write_query.predict', 'answer'] as const;

export function sampleManifest(workspace: string, id: string): Manifest {
  const file = (name: string) => ({ file: join(workspace, `${name}.jsonl`), sha256: '' });
  const field = (name: string) => ({
    name,
    type: { kind: 'string' as const },
    prefix: `${name}:`,
    description: `\${${name}}`,
  });
  const program = join(workspace, 'rivers.ts');
  const url = 'http://gpu-box:8000/v1';
  const manifest = newManifest(
    id,
    new Date(Date.UTC(2026, 10, 23, 9, 0, 0)),
    {
      ...sampleConfig,
      key: 'rivers',
      program: { file: program, name: 'Rivers' },
      data: { train: file('train').file, dev: file('dev').file, test: file('test').file },
      inputs: ['question'],
      endpoint: {
        kind: 'openai',
        name: 'lab',
        baseURL: url,
        apiKeyEnv: 'LAB_KEY',
        revision: null,
        concurrency: 8,
        loraServing: 'vllm',
        fineTune: { kind: 'openai', baseURL: url, apiKeyEnv: 'LAB_KEY', model: null, pollSeconds: 5 },
        prices: null,
      },
      model: 'small-model',
      adapter: 'chat',
      strategy: ['p', 'w', 'p'],
      steps: withStep(sampleConfig, 'p', { candidates: 3, rounds: 1, train: 30, validation: 20 }).steps,
      sampling: { temperature: 0.1, topP: 0.97, maxTokens: 256 },
      budget: { calls: 20000, tokens: null, usd: 5 },
    },
    { train: file('train'), dev: file('dev'), test: file('test') },
    [],
  );
  const description = samplePredictors.map((name) => ({
    name,
    signature: {
      instructions: `Answer the question about a river (${name}).`,
      inputs: [field('question')],
      outputs: [field('answer')],
    },
    demos: [],
    frozen: false,
    source: { file: program, line: 7 },
  }));
  return {
    ...manifest,
    program: { name: 'Rivers', language: 'typescript' as const, predictors: description, sources: {} },
  };
}
