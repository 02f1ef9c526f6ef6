import { FakeProgram } from '../unit/engine/fakes.ts';
import { programContract, troubles } from './program.ts';

// Hosts are processes: they pass the same suite in test/system/programs.test.ts.
programContract('The fake of the unit tests', async () => {
  const program = new FakeProgram({
    fail: ({ example }) => {
      const kind = (['program', 'metric'] as const).find((each) => troubles[each] === example.inputs['question']);
      return kind === undefined ? undefined : { kind, message: 'raised' };
    },
  });
  return {
    program,
    lm: (answer) => (call) => {
      const content = call.prompt.kind === 'chat' ? call.prompt.messages.at(-1)!.content : call.prompt.prompt;
      const text = answer(content.split('\n').at(-1)!, call);
      const how = { finishReason: 'stop', usage: null, key: 'k', cached: false, seconds: 0 } as const;
      return Promise.resolve({ text, model: call.model, ...how });
    },
    close: () => Promise.resolve(),
  };
});
