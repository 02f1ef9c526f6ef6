/** Answers by name, for a fake endpoint that runs as a process of its own and cannot be handed a function. */
import { createHash } from 'node:crypto';
import { defaultAnswer, type FakeAnswer, type FakeCall } from './fakeEndpoint.ts';
import { ruleScript } from './ruleScript.ts';

export type FakeScript = 'default' | 'echo' | 'chatFields' | 'student' | 'rules';

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
  student,
  rules: ruleScript,
};

/**
 * A ChatAdapter answer to a request whose inputs hold `#<number>/<bare>/<shown>`: right, which is the number, in `bare`
 * of 100 prompts, in `shown` of those with demos, and in 25 more on another model than `base`. As with real models,
 * rows are hard or easy: 77 of 100 prompts are right or wrong by how hard their number is, 23 by the whole prompt, so
 * that two candidates agree as often as those of `examples/reviews` on the embedded model (correlation 0.6). Equal prompts
 * get equal answers, whoever sends them.
 */
function student(call: FakeCall): string {
  const asked = call.messages.at(-1)?.content ?? '';
  const [mark = '', number = '', bare = '0', shown = '0'] = /#(\d+)\/(\d+)\/(\d+)/.exec(asked) ?? [];
  const share = Number(call.messages.length > 2 ? shown : bare) + (call.model === 'base' ? 0 : 25);
  const prompt = createHash('sha1');
  for (const { content } of call.messages) prompt.update(content);
  const drawn = prompt.digest();
  const hard = drawn.readUInt32BE(4) % 100 < 77 ? createHash('sha1').update(number).digest() : drawn;
  const right = hard.readUInt32BE(0) % 100 < share;
  const wanted = asked.slice(asked.lastIndexOf('Respond with')).matchAll(/\[\[ ## (\w+) ## \]\]/g);
  const values: Readonly<Record<string, string>> = { answer: right ? number : 'wrong', completed: '' };
  return [...wanted].map(([header, name]) => `${header}\n${values[name!] ?? `about ${mark}`}`).join('\n\n');
}
