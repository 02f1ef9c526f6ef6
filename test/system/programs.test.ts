/** Program hosts, each a process or several: they pass the suite of `Program` (test/contracts/program.ts). */
import { fileURLToPath } from 'node:url';
import { programContract, troubles } from '../contracts/program.ts';
import type { ProgramUnderTest } from '../contracts/program.ts';
import { HostPool } from '../../src/host/hostPool.ts';
import { startNodeHost } from '../../src/host/nodeHost.ts';
import type { NodeHostOptions } from '../../src/host/nodeHost.ts';
import { startPythonHost } from '../../src/host/pythonHost.ts';
import type { ProgramHost } from '../../src/host/hostClient.ts';
import { bundleHost } from './bundle.ts';
import { dspyPython } from './dspyPython.ts';
import { answerWith, inputOf, makeWorkspace } from './hostTools.ts';
import type { Workspace } from './hostTools.ts';

const typescript = `import { Module, Predict } from 'bettertogether';
export class Answers extends Module {
  answer = new Predict('question -> answer');
  async forward({ question }) {
    if (question === '${troubles.program}') throw new Error('raised by the program');
    return await this.answer({ question });
  }
}
export function metric(example, prediction) {
  if (example.question === '${troubles.metric}') throw new Error('raised by the metric');
  return example.answer === prediction.answer;
}
`;

const python = `import dspy


class Answers(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        if question == '${troubles.program}':
            raise ValueError('raised by the program')
        return self.answer(question=question)


def metric(example, prediction, trace=None):
    if example.question == '${troubles.metric}':
        raise ValueError('raised by the metric')
    return example.answer == prediction.answer
`;

const settings: Pick<NodeHostOptions, 'adapter' | 'guided' | 'frozen' | 'metricRange'> = {
  adapter: 'chat',
  guided: 'auto',
  frozen: [],
  metricRange: [0, 1],
};

/** A host of a program in a workspace of its own, which is removed with it. */
async function hosted(
  { file, source }: { readonly file: string; readonly source: string },
  start: (workspace: Workspace) => Promise<{ readonly host: ProgramHost; dispose(): void }>,
): Promise<ProgramUnderTest> {
  const workspace = makeWorkspace();
  workspace.write(file, source);
  const { host, dispose } = await start(workspace);
  return {
    program: host,
    lm: (answer) => async (call) => ({
      ...answerWith({ answer: answer(inputOf(call, 'question'), call) }),
      model: call.model,
    }),
    close: async () => {
      await host.close();
      dispose();
      workspace.dispose();
    },
  };
}

async function nodeHost(workspace: Workspace) {
  const bundles = await bundleHost();
  const options = { entry: bundles.host, sdkPath: bundles.sdk, workspace: workspace.folder, ...settings };
  const named = { program: 'answers.ts#Answers', metric: 'answers.ts#metric' };
  const open = () => startNodeHost({ onLog: () => undefined, ...options, ...named });
  return { open, dispose: bundles.dispose };
}

const inTypeScript = { file: 'answers.ts', source: typescript };

programContract('A Node host', () =>
  hosted(inTypeScript, async (workspace) => {
    const { open, dispose } = await nodeHost(workspace);
    return { host: await open(), dispose };
  }),
);

programContract('Several Node hosts', () =>
  hosted(inTypeScript, async (workspace) => {
    const { open, dispose } = await nodeHost(workspace);
    return { host: await HostPool.start(open, { atOnce: 2, most: 2 }), dispose };
  }),
);

programContract('A Python host', () =>
  hosted({ file: 'answers.py', source: python }, async (workspace) => ({
    host: await startPythonHost({
      onLog: () => undefined,
      launcher: fileURLToPath(new URL('../../python/host/launch.py', import.meta.url)),
      python: dspyPython(),
      workspace: workspace.folder,
      program: 'answers.py#Answers',
      metric: 'answers.py#metric',
      model: 'base',
      ...settings,
    }),
    dispose: () => undefined,
  })),
);
