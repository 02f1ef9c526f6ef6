import type { Fields, JsonValue } from '../../base/json.ts';
import type { ChatMessage } from '../../data/lm.ts';
import type { FieldDescription, SignatureDescription } from '../../data/program.ts';
import { defaultDescription, withConstraints } from '../values/fieldNames.ts';
import { allowedValues } from '../values/fieldTypes.ts';
import { parseField } from '../values/parseValue.ts';
import { missingField } from '../values/parseError.ts';
import { formatValue, pythonString } from '../values/values.ts';
import { completeOutputs } from './adapter.ts';
import { splitDemos, valueIn } from './demos.ts';
import type { Format, PromptState, RenderedPrompt } from './format.ts';

/**
 * For small chat models: instructions and allowed values as the system turn, inputs by prefix as
 * the user turn, demos as turns, and the first output's prefix opened in the assistant's turn, so that all the model
 * has to write is the value. Every output is one line, `Prefix: value`.
 */
export const plainFormat: Format = {
  render,
  parse,
  target: ({ outputs }, values) => ({
    completion: answerLines(outputs, values).slice(openedPrefix(outputs).length),
    end: null,
  }),
};

function render(signature: SignatureDescription, state: PromptState, inputs: Fields): RenderedPrompt {
  const { outputs } = signature;
  const { complete, incomplete } = splitDemos(signature, state.demos);
  const demos = [...incomplete, ...complete].flatMap((demo): ChatMessage[] => [
    { role: 'user', content: inputLines(signature, demo) },
    { role: 'assistant', content: answerLines(outputs, demo) },
  ]);
  const messages: ChatMessage[] = [
    { role: 'system', content: systemTurn(signature, state.instructions) },
    ...demos,
    { role: 'user', content: inputLines(signature, inputs) },
  ];
  const only = outputs.length === 1 ? allowedValues(outputs[0]!.type) : undefined;
  return {
    prompt: {
      kind: 'chat',
      messages: messages.filter((message) => message.content !== ''),
      ...(outputs.length === 0 ? {} : { opened: openedPrefix(outputs) }),
    },
    stop: stopAt(signature),
    // The opened prefix ends with its colon, so the first thing the model writes is the space after it.
    ...(only === undefined ? {} : { guide: { kind: 'choice', choices: only.map((value) => ` ${value}`) } }),
  };
}

/** One output ends with its line; several end where the model would go on with the next user turn. */
function stopAt({ inputs, outputs }: SignatureDescription): readonly string[] {
  if (outputs.length === 1) return ['\n'];
  return inputs.length === 0 ? [] : [`\n${inputs[0]!.prefix.trim()}`];
}

function systemTurn({ inputs, outputs }: SignatureDescription, instructions: string): string {
  const allowed = outputs.flatMap((field) => {
    const values = allowedValues(field.type)?.join(', ');
    if (values === undefined) return [];
    return [outputs.length === 1 ? ` Answer with one of: ${values}.` : ` ${label(field)} is one of: ${values}.`];
  });
  const described = [...inputs, ...outputs]
    .filter((field) => field.description !== defaultDescription(field.name) || field.constraints !== undefined)
    .map((field) => `\n${field.prefix.trim()} ${withConstraints(field)}`);
  return (instructions + allowed.join('') + described.join('')).trim();
}

function label(field: FieldDescription): string {
  return field.prefix.trim().replace(/:$/, '');
}

function inputLines(signature: SignatureDescription, values: Fields): string {
  return signature.inputs
    .flatMap((field) => {
      const value = valueIn(values, field.name);
      return value === undefined ? [] : [`${field.prefix.trim()} ${formatValue(field.type, value)}`];
    })
    .join('\n');
}

/** The outputs there are, one a line. */
function answerLines(outputs: readonly FieldDescription[], values: Fields): string {
  return outputs
    .flatMap((field) => {
      const value = valueIn(values, field.name);
      return value === undefined ? [] : [`${field.prefix.trim()} ${oneLine(field, value)}`];
    })
    .join('\n');
}

function oneLine(field: FieldDescription, value: JsonValue): string {
  return pythonString(value, field.type).split(/\s+/).filter(Boolean).join(' ');
}

function openedPrefix(outputs: readonly FieldDescription[]): string {
  return outputs[0]?.prefix.trim() ?? '';
}

/** Also reads an answer that repeats the opened prefix, as endpoints give it that cannot open the assistant's turn. */
function parse(signature: SignatureDescription, completion: string): Fields {
  const { outputs } = signature;
  const prefix = openedPrefix(outputs);
  let rest = completion.trim();
  if (prefix !== '' && rest.toLowerCase().startsWith(prefix.toLowerCase())) rest = rest.slice(prefix.length);
  const parsed = new Map<string, JsonValue>();
  for (const [i, field] of outputs.entries()) {
    const next = outputs[i + 1];
    const end = next === undefined ? -1 : rest.indexOf(`\n${next.prefix.trim()}`);
    const text = (end < 0 ? rest : rest.slice(0, end)).trim();
    // Reasoning may run over several lines; the last output is its line.
    const value = next === undefined ? text.split('\n', 1)[0]!.trim() : text;
    if (value === '') throw missingField(field.name, completion, Object.fromEntries(parsed));
    parsed.set(field.name, parseField(field, value, completion));
    if (end < 0) break;
    rest = rest.slice(end + 1 + next!.prefix.trim().length);
  }
  return completeOutputs(signature, Object.fromEntries(parsed), completion);
}
