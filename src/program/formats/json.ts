import type { Fields, JsonValue } from '../../base/json.ts';
import type { Guide } from '../../data/lm.ts';
import { opensMoreBrackets } from '../../base/nesting.ts';
import type { FieldDescription, SignatureDescription } from '../../data/program.ts';
import { strictObjectSchema } from '../values/fieldTypes.ts';
import { excerpt, ParseError } from '../values/parseError.ts';
import { parseField, repairJson, tooDeep } from '../values/parseValue.ts';
import { pythonJson } from '../values/pythonText.ts';
import { adapterMessages, block, completeOutputs, outputSlot, paragraphs, typeNote } from './adapter.ts';
import type { AdapterStyle } from './adapter.ts';
import { valueIn } from './demos.ts';
import type { Format } from './format.ts';

const style: AdapterStyle = {
  structure: ({ inputs, outputs }) => [
    'Inputs will have the following structure:',
    paragraphs(inputs.map((field) => block(field.name, `{${field.name}}`))),
    'Outputs will be a JSON object with the following fields.',
    pythonJson(Object.fromEntries(outputs.map((field) => [field.name, outputSlot(field)])), undefined, 2),
  ],
  request: (outputs) => {
    const fields = outputs.map((field) => `\`${field.name}\`${typeNote(field)}`).join(', then ');
    return `Respond with a JSON object in the following order of fields: ${fields}.`;
  },
  answer: answerTurn,
};

function answerTurn(outputs: readonly FieldDescription[], values: Fields, missing?: string): string {
  const lines = outputs.map((field) => {
    const value = valueIn(values, field.name);
    const text = value === undefined ? JSON.stringify(missing ?? null) : pythonJson(value, field.type, 2);
    // Nested values are one level further in; a string has no line breaks in JSON.
    return `  ${JSON.stringify(field.name)}: ${text.replaceAll('\n', '\n  ')}`;
  });
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`;
}

/** DSPy's JSONAdapter: the answer is one JSON object, enforced where the endpoint knows `response_format`. */
export const jsonFormat: Format = {
  render: (signature, state, inputs) => ({
    prompt: { kind: 'chat', messages: adapterMessages(style, signature, state, inputs) },
    stop: [],
    guide: guideFor(signature.outputs),
  }),
  parse,
  target: (signature, outputs) => ({ completion: answerTurn(signature.outputs, outputs), end: null }),
};

function guideFor(outputs: readonly FieldDescription[]): Guide {
  const schema = strictObjectSchema(outputs);
  return schema === undefined ? { kind: 'jsonObject' } : { kind: 'jsonSchema', name: 'outputs', schema };
}

function parse(signature: SignatureDescription, completion: string): Fields {
  const object = objectIn(completion);
  if (object === undefined) {
    const field = signature.outputs[0]?.name ?? '';
    if (opensMoreBrackets(completion)) throw tooDeep('The answer', field, completion);
    throw new ParseError(`The answer is not a JSON object: ${excerpt(completion)}`, { field, completion });
  }
  const parsed = signature.outputs.flatMap((field) => {
    const value = valueIn(object, field.name);
    return value === undefined ? [] : [[field.name, parseField(field, value, completion)] as const];
  });
  return completeOutputs(signature, Object.fromEntries(parsed), completion);
}

/** The whole answer, or the first object in it, or one that broke off. */
function objectIn(completion: string): Fields | undefined {
  const start = completion.indexOf('{');
  const first = completion.slice(start, endOfObject(completion, start));
  for (const text of start < 0 ? [] : [completion.trim(), first]) {
    const value = text.startsWith('{') ? repairJson(text) : undefined;
    if (isObject(value)) return value;
  }
  return undefined;
}

/** Where the object that opens at `start` closes, outside strings; the text's end where it does not. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = Math.max(start, 0); i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '\\') i += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '{') depth += 1;
    else if (!quoted && char === '}' && --depth === 0) return i + 1;
  }
  return text.length;
}

function isObject(value: JsonValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
