import { items } from '../base/calls.ts';
import { opaque } from '../lowering/syntax.ts';
import type { Comprehension, Entry, Expression } from '../lowering/syntax.ts';
import { either, keyOf, listOf, unknown } from '../base/values.ts';
import type { Dictionary, Item, Scope, Value } from '../base/values.ts';
import { longestList, longestText, maxNesting, maxRounds } from '../base/limits.ts';
import { functionValue, topFrame } from './frame.ts';
import type { Frame } from './frame.ts';
import { isSpent } from './parts.ts';
import type { Expressions as Part, Parts } from './parts.ts';

/** What expressions come to. */
export class Expressions implements Part {
  private readonly all: Parts;

  constructor(all: Parts) {
    this.all = all;
  }

  /** The value of an expression at the top of a file or in a class's head. */
  in(scope: Scope, expression: Expression): Value {
    return this.evaluate(expression, topFrame(scope));
  }

  evaluate(expression: Expression, frame: Frame): Value {
    const { state } = this.all;
    state.steps += 1;
    if (isSpent(state) || state.nesting >= maxNesting) return unknown;
    state.nesting += 1;
    const value = this.evaluateNow(expression, frame);
    state.nesting -= 1;
    return value;
  }

  private evaluateNow(expression: Expression, frame: Frame): Value {
    switch (expression.kind) {
      case 'name':
        return this.name(expression.name, frame.scope);
      case 'this':
        return frame.self === null ? unknown : { kind: 'instance', instance: frame.self };
      case 'member':
        if (expression.of.kind === 'super')
          return this.all.classes.classMember(
            frame.self?.definition ?? null,
            expression.name,
            frame.self,
            frame.home ?? undefined,
          );
        return this.all.names.member(this.evaluate(expression.of, frame), expression.name);
      case 'item':
        return this.item(this.evaluate(expression.of, frame), this.evaluate(expression.index, frame), expression.index);
      case 'call':
        return this.all.calls.call(expression, frame);
      case 'function':
        return { ...functionValue(expression.syntax, frame.scope), bound: frame.self, home: frame.home };
      case 'class':
        return { kind: 'class', definition: this.all.names.define(expression.syntax, frame.scope) };
      default:
        return this.literal(expression, frame);
    }
  }

  private literal(expression: Expression, frame: Frame): Value {
    switch (expression.kind) {
      case 'text':
        return { kind: 'text', text: expression.value };
      case 'number':
        return { kind: 'number', number: expression.value };
      case 'template': {
        const parts = expression.parts.map((part) =>
          typeof part === 'string' ? part : keyOf(this.evaluate(part, frame)),
        );
        return parts.some((part) => part === '*') ? unknown : textOf(parts.join(''));
      }
      case 'list':
        return {
          kind: 'list',
          items: expression.items.flatMap((item) => this.listItem(item, frame)).slice(0, longestList),
        };
      case 'record':
        return this.record(expression.entries, frame);
      case 'comprehension':
        return this.comprehension(expression, frame);
      case 'either':
        return either(expression.options.map((option) => this.evaluate(option, frame)));
      case 'binary':
        return binary(
          expression.operator,
          this.evaluate(expression.left, frame),
          this.evaluate(expression.right, frame),
        );
      default:
        return unknown;
    }
  }

  private name(name: string, scope: Scope): Value {
    for (let around: Scope | null = scope; around !== null; around = around.parent) {
      const value = around.names.get(name);
      if (value !== undefined) return value;
    }
    return this.all.names.lookup(scope.module, name, scope.before);
  }

  private listItem(expression: Expression, frame: Frame): readonly Item[] {
    if (expression.kind === 'spread') return items(this.evaluate(expression.of, frame));
    return [{ value: this.evaluate(expression, frame), many: false }];
  }

  private record(entries: readonly Entry[], frame: Frame): Dictionary {
    const record: Dictionary = { kind: 'dictionary', entries: new Map() };
    for (const { key, value: expression } of entries) {
      const value = this.evaluate(expression, frame);
      if (key !== null) record.entries.set(keyOf(this.evaluate(key, frame)), value);
      else if (value.kind === 'dictionary') for (const [k, v] of value.entries) record.entries.set(k, v);
    }
    return record;
  }

  private comprehension({ key, element, clauses, filtered }: Comprehension, frame: Frame): Value {
    const list: Item[] = [];
    const record = new Map<string, Value>();
    const round = (left: Comprehension['clauses'], many: boolean, inner: Frame): void => {
      const [clause, ...others] = left;
      if (clause === undefined) {
        const value = this.evaluate(element, inner);
        if (key === null && list.length < longestList) list.push({ value, many });
        else if (key === null) return;
        else record.set(many ? '*' : keyOf(this.evaluate(key, inner)), value);
        return;
      }
      const over = items(this.evaluate(clause.over, inner)).slice(0, maxRounds);
      for (const item of over) {
        if (isSpent(this.all.state)) return;
        this.all.statements.assign(clause.target, item.value, inner);
        round(others, many || item.many, inner);
      }
    };
    round(clauses, filtered, {
      ...frame,
      scope: { ...frame.scope, names: new Map(), parent: frame.scope },
      conditional: false,
    });
    return key === null ? { kind: 'list', items: list } : { kind: 'dictionary', entries: record };
  }

  item(of: Value, index: Value, syntax: Expression = opaque): Value {
    switch (of.kind) {
      case 'list':
        if (syntax.kind === 'slice') return of;
        return index.kind === 'number'
          ? (of.items.at(index.number)?.value ?? unknown)
          : either(of.items.map((each) => each.value));
      case 'dictionary':
        return of.entries.get(keyOf(index)) ?? unknown;
      case 'either':
        return either(of.options.map((option) => this.item(option, index, syntax)));
      case 'class':
      case 'framework':
        return of; // a generic class
      default:
        return unknown;
    }
  }
}

/** A text as long as people write them. */
function textOf(text: string): Value {
  return text.length > longestText ? unknown : { kind: 'text', text };
}

function binary(operator: '+' | '*', left: Value, right: Value): Value {
  if (operator === '+') {
    if (left.kind === 'list' || right.kind === 'list')
      return { kind: 'list', items: [...items(left), ...items(right)].slice(0, longestList) };
    if (left.kind === 'text' && right.kind === 'text') return textOf(left.text + right.text);
    if (left.kind === 'number' && right.kind === 'number')
      return { kind: 'number', number: left.number + right.number };
    return unknown;
  }
  const [list, count] = left.kind === 'list' ? [left, right] : [right, left];
  if (list.kind !== 'list') return unknown;
  // The same objects again, which count once.
  return count.kind === 'number' && count.number < 1 ? listOf([]) : list;
}
