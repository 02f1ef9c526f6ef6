/** The constructor that Python makes of a dataclass's fields. */
import type { CallContext } from '../base/calls.ts';
import type { Expression, Statement } from '../lowering/syntax.ts';
import { unknown } from '../base/values.ts';
import type { ClassDefinition, Instance, Value } from '../base/values.ts';
import type { Ancestor, Parts } from './parts.ts';

interface DataField {
  readonly name: string;
  readonly home: ClassDefinition;
  readonly fallback: Expression | null;
  /** Whether its value is made for each instance: `field(default_factory=…)`. */
  readonly isMade: boolean;
  /** Whether it is an argument of the constructor. */
  readonly isGiven: boolean;
  readonly isRequired: boolean;
}

export function isDataclass({ syntax }: ClassDefinition): boolean {
  return syntax.decorators.includes('dataclass');
}

/** Whether all fields have values of their own. @param line the dataclass, then its ancestors. */
export function needsNoFields(line: readonly Ancestor[]): boolean {
  return fieldsOf(line).every((each) => !each.isRequired);
}

/** @param line the dataclass, then its ancestors. */
export function constructDataclass(
  all: Parts,
  instance: Instance,
  line: readonly Ancestor[],
  { positional, ...call }: CallContext,
): void {
  const rest = [...positional];
  for (const field of fieldsOf(line)) {
    const given = field.isGiven ? (call.named.get(field.name) ?? rest.shift()) : undefined;
    instance.attributes.set(field.name, given ?? ownValue(all, field));
  }
  const after = all.classes.classMember(instance.definition, '__post_init__', instance);
  if (after.kind === 'function') all.calls.invoke(after, { ...call, positional: [], named: new Map() });
}

function ownValue(all: Parts, { name, home, fallback, isMade }: DataField): Value {
  if (fallback === null) return unknown;
  const scope = all.classes.namesOf(home);
  return isMade ? all.expressions.in(scope, fallback) : (scope.names.get(name) ?? unknown);
}

/** Those of ancestors first; one that is declared again keeps its place. */
function fieldsOf(line: readonly Ancestor[]): readonly DataField[] {
  const classes = line.filter((each) => typeof each !== 'string').filter(isDataclass);
  const fields = classes.toReversed().flatMap((home) => home.syntax.body.flatMap((each) => fieldIn(each, home)));
  return [...new Map(fields.map((each) => [each.name, each])).values()];
}

/** Types of what is no field. */
const noFields: ReadonlySet<string | null> = new Set(['ClassVar', 'KW_ONLY']);

function fieldIn(statement: Statement, home: ClassDefinition): DataField[] {
  if (statement.kind !== 'declare' && statement.kind !== 'assign') return [];
  if (noFields.has(statement.type)) return [];
  if (statement.kind === 'declare') {
    return [{ name: statement.name, home, fallback: null, isMade: false, isGiven: true, isRequired: true }];
  }
  const [target] = statement.targets;
  if (target?.kind !== 'name' || statement.type === null) return [];
  return [{ name: target.name, home, ...valueOf(statement.value) }];
}

function valueOf(fallback: Expression): Omit<DataField, 'name' | 'home'> {
  const named = argumentsOfField(fallback);
  if (named === null) return { fallback, isMade: false, isGiven: true, isRequired: false };
  // Who writes `init` writes `init=False`.
  const isGiven = !named.has('init');
  const hasValue = named.has('default') || named.has('default_factory');
  return { fallback, isMade: true, isGiven, isRequired: isGiven && !hasValue };
}

/** Names of the arguments of a call of `dataclasses.field`; `null`: it is something else. */
function argumentsOfField(value: Expression): ReadonlySet<string> | null {
  if (value.kind !== 'call') return null;
  const { callee } = value;
  const isField = (callee.kind === 'name' || callee.kind === 'member') && callee.name === 'field';
  return isField ? new Set(value.named.map(([name]) => name)) : null;
}
