/**
 * What DSPy's ChatAdapter and JSONAdapter have in common (adapters/chat_adapter.py, adapters/json_adapter.py): the
 * system turn in three parts, demos as turns, a user turn that ends with what is asked for.
 */
import type { Fields } from '../../base/json.ts';
import type { ChatMessage } from '../../data/lm.ts';
import type { FieldDescription, FieldType, SignatureDescription } from '../../data/program.ts';
import { defaultDescription } from '../values/fieldNames.ts';
import { jsonSchema, typeName } from '../values/fieldTypes.ts';
import { dedent, pythonJson, splitLines } from '../values/pythonText.ts';
import { missingField } from '../values/parseError.ts';
import { mayBeMissing } from '../values/parseValue.ts';
import { formatValue, pythonString } from '../values/values.ts';
import { splitDemos, valueIn } from './demos.ts';
import type { PromptState } from './format.ts';

/** What an adapter says in its own way. */
export interface AdapterStyle {
  /** The second part of the system turn, paragraph by paragraph. */
  structure(signature: SignatureDescription): readonly string[];
  /** The last paragraph of the request. */
  request(outputs: readonly FieldDescription[]): string;
  /** An assistant turn; `missing` stands for outputs that a demo does not have. */
  answer(outputs: readonly FieldDescription[], values: Fields, missing?: string): string;
}

const interactions = 'All interactions will be structured in the following way, with the appropriate values filled in.';
const incompleteDemo = 'This is an example of the task, though some input or output fields are not supplied.';
const notSupplied = 'Not supplied for this particular example. ';

export function adapterMessages(
  style: AdapterStyle,
  signature: SignatureDescription,
  state: PromptState,
  inputs: Fields,
): readonly ChatMessage[] {
  const request = paragraphs([...inputBlocks(signature, inputs), style.request(signature.outputs)]);
  const before = turnsBefore(style, signature, state);
  return request === '' ? before : [...before, { role: 'user', content: request }];
}

interface Turns {
  readonly style: AdapterStyle;
  readonly signature: SignatureDescription;
  readonly messages: readonly ChatMessage[];
}

/** States never change, and many calls are made in each. */
const rendered = new WeakMap<PromptState, Turns>();

/** What a prompt begins with whatever is asked: the system turn and the demos. */
function turnsBefore(style: AdapterStyle, signature: SignatureDescription, state: PromptState): readonly ChatMessage[] {
  const known = rendered.get(state);
  if (known?.style === style && known.signature === signature) return known.messages;
  const { complete, incomplete } = splitDemos(signature, state.demos);
  const turns = (demo: Fields, before: readonly string[]): readonly ChatMessage[] => [
    { role: 'user', content: paragraphs([...before, ...inputBlocks(signature, demo)]) },
    { role: 'assistant', content: style.answer(signature.outputs, demo, notSupplied) },
  ];
  const messages: readonly ChatMessage[] = [
    { role: 'system', content: systemTurn(style, signature, state.instructions) },
    ...incomplete.flatMap((demo) => turns(demo, [incompleteDemo])),
    ...complete.flatMap((demo) => turns(demo, [])),
  ];
  rendered.set(state, { style, signature, messages });
  return messages;
}

function systemTurn(style: AdapterStyle, signature: SignatureDescription, instructions: string): string {
  const objective = ['', ...splitLines(dedent(instructions))].join(`\n${' '.repeat(8)}`);
  return [
    `Your input fields are:\n${fieldList(signature.inputs)}`,
    `Your output fields are:\n${fieldList(signature.outputs)}`,
    paragraphs([interactions, ...style.structure(signature)]),
    `In adhering to this structure, your objective is: ${objective}`,
  ].join('\n');
}

function fieldList(fields: readonly FieldDescription[]): string {
  const lines = fields.map((field, i) => {
    const described = field.description === defaultDescription(field.name) ? '' : field.description;
    const constraints = field.constraints === undefined ? '' : `\nConstraints: ${field.constraints}`;
    return `${i + 1}. \`${field.name}\` (${typeName(field.type)}): ${described}${constraints}`;
  });
  return lines.join('\n').trim();
}

export function paragraphs(parts: readonly string[]): string {
  return parts.join('\n\n').trim();
}

/** `[[ ## name ## ]]` and the text under it. */
export function block(name: string, text: string): string {
  return `[[ ## ${name} ## ]]\n${text}`;
}

function inputBlocks(signature: SignatureDescription, inputs: Fields): readonly string[] {
  return signature.inputs.flatMap((field) => {
    const value = valueIn(inputs, field.name);
    return value === undefined ? [] : [block(field.name, formatValue(field.type, value))];
  });
}

/** `{name}`, with a note on what may be there where the field is an output and not a string. */
export function outputSlot(field: FieldDescription): string {
  const rule = typeRule(field.type);
  return `{${field.name}}${rule === '' ? '' : `        # note: the value you produce ${rule}`}`;
}

function typeRule(type: FieldType): string {
  switch (type.kind) {
    case 'string':
      return '';
    case 'boolean':
      return 'must be True or False';
    case 'int':
    case 'bigint':
    case 'float':
      return `must be a single ${typeName(type)} value`;
    case 'literal':
      return `must exactly match (no extra characters) one of: ${type.values.map((v) => pythonString(v)).join('; ')}`;
    default:
      return `must adhere to the JSON schema: ${pythonJson(jsonSchema(type))}`;
  }
}

/** What the request says of a field's type; nothing for strings. */
export function typeNote(field: FieldDescription): string {
  return field.type.kind === 'string' ? '' : ` (must be formatted as a valid Python ${typeName(field.type)})`;
}

/** The outputs in the signature's order; an optional one that the answer left out is null. */
export function completeOutputs(signature: SignatureDescription, parsed: Fields, completion: string): Fields {
  const entries = signature.outputs.map((field) => {
    const value = valueIn(parsed, field.name);
    if (value !== undefined) return [field.name, value] as const;
    if (mayBeMissing(field.type)) return [field.name, null] as const;
    throw missingField(field.name, completion, parsed);
  });
  return Object.fromEntries(entries);
}
