import type { Fields, JsonValue } from '../../base/json.ts';
import type { FieldDescription, SignatureDescription } from '../../data/program.ts';
import { splitLines } from '../values/pythonText.ts';
import { parseField } from '../values/parseValue.ts';
import { formatValue } from '../values/values.ts';
import { adapterMessages, block, completeOutputs, outputSlot, paragraphs, typeNote } from './adapter.ts';
import type { AdapterStyle } from './adapter.ts';
import { valueIn } from './demos.ts';
import type { Format } from './format.ts';
import { jsonFormat } from './json.ts';

const completed = '[[ ## completed ## ]]';

const style: AdapterStyle = {
  structure: ({ inputs, outputs }) => [
    paragraphs(inputs.map((field) => block(field.name, `{${field.name}}`))),
    paragraphs(outputs.map((field) => block(field.name, outputSlot(field)))),
    completed,
  ],
  request: (outputs) => {
    const fields = outputs.map((field) => `\`[[ ## ${field.name} ## ]]\`${typeNote(field)}`).join(', then ');
    return (
      `Respond with the corresponding output fields, starting with the field ${fields}, ` +
      `and then ending with the marker for \`${completed}\`.`
    );
  },
  answer: answerTurn,
};

function answerTurn(outputs: readonly FieldDescription[], values: Fields, missing?: string): string {
  const blocks = outputs.map((field) => {
    const value = valueIn(values, field.name);
    return block(field.name, value === undefined ? (missing ?? 'None') : formatValue(field.type, value));
  });
  return `${paragraphs(blocks)}\n\n${completed}\n`;
}

/**
 * DSPy's ChatAdapter: fields under `[[ ## name ## ]]` headers, equal to DSPy byte for byte. An answer that cannot be
 * read is asked for once more as JSON; training rows are in the chat format all the same.
 */
export const chatFormat: Format = {
  fallback: jsonFormat,
  render: (signature, state, inputs) => ({
    prompt: { kind: 'chat', messages: adapterMessages(style, signature, state, inputs) },
    stop: [],
  }),
  parse,
  target: (signature, outputs) => ({ completion: answerTurn(signature.outputs, outputs), end: null }),
};

function parse(signature: SignatureDescription, completion: string): Fields {
  const parsed = new Map<string, JsonValue>();
  for (const [name, text] of sections(completion)) {
    const field = signature.outputs.find((output) => output.name === name);
    if (field !== undefined && !parsed.has(name)) parsed.set(name, parseField(field, text, completion));
  }
  return completeOutputs(signature, Object.fromEntries(parsed), completion);
}

/**
 * Header by header, the first line's rest included. DSPy finds the header in the stripped line but cuts the line as
 * it came, so an indented header leaves some of itself behind; the goldens have it so.
 */
function sections(completion: string): readonly (readonly [name: string, text: string])[] {
  const found: { readonly name: string; readonly lines: string[] }[] = [];
  for (const line of splitLines(completion)) {
    const header = /^\[\[ ## ([\p{L}\p{N}_]+) ## \]\]/u.exec(line.trim());
    if (header !== null) found.push({ name: header[1]!, lines: [line.slice(header[0].length).trim()] });
    else found.at(-1)?.lines.push(line);
  }
  return found.map(({ name, lines }) => [name, lines.join('\n').trim()]);
}
