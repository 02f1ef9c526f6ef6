import type { SignatureFields } from '../base/found.ts';
import { fieldsOfText } from '../base/signatureFields.ts';
import { optionsOf, signatureText } from '../base/values.ts';
import type { ClassDefinition, Value } from '../base/values.ts';
import type { CallContext } from '../base/calls.ts';
import type { Parts, Signatures as Part } from './parts.ts';

type Role = 'input' | 'output';

/** Methods of a signature that give one with the same name. */
const methods: ReadonlySet<string> = new Set([
  'with_instructions',
  'with_updated_fields',
  'append',
  'prepend',
  'insert',
  'delete',
]);

/** Signatures: the fields that strings, classes and dictionaries give them, and what their methods change. */
export class Signatures implements Part {
  private readonly all: Parts;

  constructor(all: Parts) {
    this.all = all;
  }

  /** `null` where the source does not say. */
  fieldsOf(value: Value): SignatureFields | null {
    for (const option of optionsOf(value)) {
      const roles = this.rolesOf(option);
      if (roles !== null && roles.size > 0) return fieldsFrom(roles);
    }
    return null;
  }

  /** What a method makes of a signature; `null`: it is not one, or the method gives something else. */
  changed(of: Value, name: string, call: CallContext): Value | null {
    if (!methods.has(name) || (of.kind !== 'signature' && of.kind !== 'class')) return null;
    const roles = this.rolesOf(of);
    const [first, second, third] = call.positional;
    const [field, what] = name === 'insert' ? [second, third] : [first, second];
    const named = call.named.get('name') ?? field;
    const role = call.named.get('field') ?? what;
    if (roles === null || named?.kind !== 'text') return of;
    if (name === 'delete') roles.delete(named.text);
    else if (role?.kind === 'field') roles.set(named.text, role.role);
    else return of;
    return { kind: 'signature', text: signatureText(of), fields: fieldsFrom(roles) };
  }

  private rolesOf(value: Value): Map<string, Role> | null {
    switch (value.kind) {
      case 'text':
        return rolesFrom(fieldsOfText(value.text));
      case 'signature':
        return value.fields === null ? null : rolesFrom(value.fields);
      case 'class':
        return this.declaredIn(value.definition);
      case 'dictionary':
        return new Map([...value.entries].flatMap(([name, field]) => roleIn(name, field)));
      default:
        return null;
    }
  }

  /** Of the class and its ancestors, whose fields come first. */
  private declaredIn(definition: ClassDefinition): Map<string, Role> {
    const line = this.all.classes.ancestors(definition).filter((each) => typeof each !== 'string');
    return new Map(
      line
        .toReversed()
        .flatMap((each) => [...this.all.classes.namesOf(each).names].flatMap(([name, field]) => roleIn(name, field))),
    );
  }
}

/** A field by itself, or with its type: `(str, dspy.InputField())`. */
function roleIn(name: string, value: Value): (readonly [string, Role])[] {
  const parts = value.kind === 'list' ? value.items.map((item) => item.value) : [value];
  const field = parts.flatMap(optionsOf).find((part) => part.kind === 'field');
  return field === undefined ? [] : [[name, field.role]];
}

function rolesFrom({ inputs, outputs }: SignatureFields): Map<string, Role> {
  return new Map([
    ...inputs.map((name) => [name, 'input'] as const),
    ...outputs.map((name) => [name, 'output'] as const),
  ]);
}

function fieldsFrom(roles: ReadonlyMap<string, Role>): SignatureFields {
  const named = (role: Role): readonly string[] => [...roles].filter(([, each]) => each === role).map(([name]) => name);
  return { inputs: named('input'), outputs: named('output') };
}
