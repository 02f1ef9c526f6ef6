/** Answers by name, for a fake endpoint that runs as a process of its own and cannot be handed a function. */
import { defaultAnswer, type FakeAnswer } from './fakeEndpoint.ts';

export type FakeScript = 'default' | 'echo' | 'chatFields';

export const fakeScripts: Readonly<Record<FakeScript, FakeAnswer>> = {
  /** Depends on nothing but the request. */
  default: defaultAnswer,
  /** The last line of the prompt. */
  echo: (call) => call.prompt.split('\n').at(-1) ?? '',
  /** A ChatAdapter answer to whatever output fields the system turn lists; half of the prompts get a wrong value. */
  chatFields: (call) => {
    const fields = [...call.prompt.matchAll(/\[\[ ## (\w+) ## \]\]\n\{\1\}/g)].map((match) => match[1]!);
    const outputs = [...new Set(fields)].slice(-1);
    const value = defaultAnswer(call).slice(-1) < '8' ? 'yes' : 'no';
    return `${outputs.map((name) => `[[ ## ${name} ## ]]\n${value}`).join('\n\n')}\n\n[[ ## completed ## ]]`;
  },
};
