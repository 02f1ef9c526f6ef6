import { items } from '../base/calls.ts';
import type { Block, Expression, Statement } from '../lowering/syntax.ts';
import { add, either, keyOf, unknown } from '../base/values.ts';
import type { Scope, Value } from '../base/values.ts';
import { maxRounds } from '../base/limits.ts';
import { functionValue } from './frame.ts';
import type { Frame } from './frame.ts';
import { isSpent } from './parts.ts';
import type { Parts, Statements as Part } from './parts.ts';

/** What statements do: assignments, blocks, and what is appended. */
export class Statements implements Part {
  private readonly all: Parts;

  constructor(all: Parts) {
    this.all = all;
  }

  execute(statements: readonly Statement[], frame: Frame): void {
    for (const statement of statements) {
      if (isSpent(this.all.state)) return;
      this.statement(statement, frame);
    }
  }

  private statement(statement: Statement, frame: Frame): void {
    const { scope } = frame;
    switch (statement.kind) {
      case 'assign': {
        const value = this.all.expressions.evaluate(statement.value, frame);
        for (const target of statement.targets) this.assign(target, value, frame);
        break;
      }
      case 'declare': {
        const field = statement.called
          .map((each) => this.all.expressions.evaluate(each, frame))
          .find(({ kind }) => kind === 'field');
        if (field !== undefined) scope.names.set(statement.name, field);
        break;
      }
      case 'extend': {
        const list = this.all.expressions.evaluate(statement.target, frame);
        if (list.kind === 'list') add(list, items(this.all.expressions.evaluate(statement.value, frame)));
        break;
      }
      case 'field':
        frame.self?.attributes.set(statement.name, this.all.expressions.evaluate(statement.value, frame));
        break;
      case 'expression':
        this.expressionStatement(statement.value, frame);
        break;
      case 'return':
        frame.returns.push(this.all.expressions.evaluate(statement.value, frame));
        break;
      case 'class':
        scope.names.set(statement.syntax.name, {
          kind: 'class',
          definition: this.all.names.define(statement.syntax, scope),
        });
        break;
      case 'function':
        // A class's body is not a scope to its methods in either language.
        scope.names.set(statement.syntax.name, functionValue(statement.syntax, this.closure(frame)));
        break;
      case 'import':
        if (statement.local !== '*') scope.names.set(statement.local, this.all.names.imported(scope.module, statement));
        break;
      case 'block':
        this.block(statement, frame);
        break;
      case 'export':
        break;
    }
  }

  private closure({ scope, home }: Frame): Scope {
    const inClassBody = home !== null && this.all.classes.isBodyOf(home, scope);
    return inClassBody ? { ...home.scope, before: Infinity } : scope;
  }

  /** `setattr(self, 'name', value)`, else only what the call does. */
  private expressionStatement(expression: Expression, frame: Frame): void {
    const isSetattr =
      expression.kind === 'call' && expression.callee.kind === 'name' && expression.callee.name === 'setattr';
    const value = isSetattr ? unknown : this.all.expressions.evaluate(expression, frame);
    if (!isSetattr) return void value;
    const [target, name, what] = expression.positional.map((each) => this.all.expressions.evaluate(each, frame));
    if (target?.kind === 'instance' && name?.kind === 'text')
      target.instance.attributes.set(name.text, what ?? unknown);
  }

  private block({ body, role, target, over }: Block, frame: Frame): void {
    if (role === 'main') return;
    if (role !== 'loop') return this.execute(body, role === 'plain' ? frame : { ...frame, conditional: true });
    const rounds = over === null ? [] : items(this.all.expressions.evaluate(over, frame));
    const known = over !== null && rounds.every((item) => !item.many) && rounds.length <= maxRounds;
    if (!known) {
      if (target !== null) this.assign(target, rounds[0]?.value ?? unknown, frame);
      return this.execute(body, { ...frame, conditional: true, many: true });
    }
    for (const round of rounds) {
      if (target !== null) this.assign(target, round.value, frame);
      this.execute(body, frame);
    }
  }

  assign(target: Expression, value: Value, frame: Frame): void {
    switch (target.kind) {
      case 'name':
        this.set(frame.scope.names, target.name, value, frame);
        break;
      case 'list':
        for (const [i, each] of target.items.entries())
          this.assign(each, this.all.expressions.item(value, { kind: 'number', number: i }), frame);
        break;
      case 'record':
        for (const { key, value: each } of target.entries)
          if (key?.kind === 'text') this.assign(each, this.all.names.member(value, key.value), frame);
        break;
      case 'member': {
        const of = this.all.expressions.evaluate(target.of, frame);
        if (of.kind === 'instance') this.set(of.instance.attributes, target.name, value, frame);
        break;
      }
      case 'item': {
        const of = this.all.expressions.evaluate(target.of, frame);
        const index = this.all.expressions.evaluate(target.index, frame);
        if (of.kind === 'dictionary') this.set(of.entries, frame.many ? '*' : keyOf(index), value, frame);
        if (of.kind === 'list' && index.kind === 'number' && index.number < of.items.length) {
          of.items.splice(index.number, 1, { value, many: false });
        }
        break;
      }
      default:
    }
  }

  private set(names: Map<string, Value>, name: string, value: Value, { conditional }: Frame): void {
    const before = names.get(name);
    names.set(name, conditional && before !== undefined ? either([before, value]) : value);
  }
}
