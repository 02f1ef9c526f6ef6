import { frameworkCall, items, listMethod, noArguments } from '../base/calls.ts';
import type { CallContext } from '../base/calls.ts';
import { freeCall } from '../base/freeCalls.ts';
import type { BodyText, Call, Statement } from '../lowering/syntax.ts';
import { either, listOf, unknown } from '../base/values.ts';
import type { FunctionValue, Scope, Value } from '../base/values.ts';
import { maxDepth } from '../base/limits.ts';
import { topFrame } from './frame.ts';
import type { Frame } from './frame.ts';
import type { Calls as Part, Parts } from './parts.ts';

/** Calls of functions, classes, methods and the framework. */
export class Calls implements Part {
  private readonly all: Parts;
  private readonly bodies = new Map<BodyText, readonly Statement[]>();

  constructor(all: Parts) {
    this.all = all;
  }

  /** Calls a function of the workspace; answers what it returns. */
  invoke(value: FunctionValue, call: CallContext): Value {
    if (this.all.state.depth >= maxDepth) return unknown;
    this.all.state.depth += 1;
    const { syntax, bound, home } = value;
    const names = new Map<string, Value>();
    const scope: Scope = { names, parent: value.scope, module: value.scope.module, before: Infinity };
    this.bindParameters(value, call, scope);
    const frame: Frame = { ...topFrame(scope), self: bound, home, returns: [] };
    if (bound !== null) {
      for (const { name, field } of syntax.parameters) {
        if (field) bound.attributes.set(name, names.get(name) ?? unknown);
      }
    }
    this.all.statements.execute(this.bodyOf(value), frame);
    this.all.state.depth -= 1;
    return syntax.isGenerator ? unknown : either(frame.returns);
  }

  /** Calls a function without arguments and returns the names in its body. */
  localNames(value: FunctionValue): readonly (readonly [string, Value])[] {
    const names = new Map<string, Value>();
    const scope: Scope = { names, parent: value.scope, module: value.scope.module, before: Infinity };
    this.bindParameters({ ...value, bound: null }, noArguments(''), scope);
    this.all.statements.execute(this.bodyOf(value), { ...topFrame(scope), home: value.home });
    return [...names];
  }

  bodyOf({ syntax, scope }: FunctionValue): readonly Statement[] {
    const { body } = syntax;
    if (!('text' in body)) return body;
    const known = this.bodies.get(body);
    if (known !== undefined) return known;
    const statements = this.all.state.workspace.statements(body, scope.module.grammar);
    this.bodies.set(body, statements);
    return statements;
  }

  private bindParameters({ syntax, bound, scope: outer }: FunctionValue, call: CallContext, scope: Scope): void {
    const python = outer.module.grammar === 'python';
    const rest = [...call.positional];
    if (python && bound !== null) rest.unshift({ kind: 'instance', instance: bound });
    for (const parameter of syntax.parameters) {
      const { name, fallback } = parameter;
      const given = parameter.rest
        ? listOf(rest.splice(0))
        : (call.named.get(name) ?? (parameter.keywordOnly ? undefined : rest.shift()));
      scope.names.set(name, given ?? (fallback === null ? unknown : this.all.expressions.in(outer, fallback)));
    }
  }

  private callValue(callee: Value, call: CallContext): Value {
    switch (callee.kind) {
      case 'either':
        return either(callee.options.map((option) => this.callValue(option, call)));
      case 'function':
        return this.invoke(callee, call);
      case 'class':
        return this.all.classes.instantiate(callee.definition, call);
      case 'framework':
        return frameworkCall(callee.framework, callee.path, call);
      case 'free':
        return freeCall(callee.name, call);
      default:
        return unknown;
    }
  }

  call(call: Call, frame: Frame): Value {
    const { callee, line } = call;
    const context: CallContext = {
      positional: call.positional.flatMap((each) =>
        each.kind === 'spread'
          ? items(this.all.expressions.evaluate(each.of, frame)).map((item) => item.value)
          : [this.all.expressions.evaluate(each, frame)],
      ),
      named: new Map(call.named.map(([name, value]) => [name, this.all.expressions.evaluate(value, frame)])),
      line,
      file: frame.scope.module.file,
      invoke: (value, positional) => this.callValue(value, { ...context, positional, named: new Map() }),
      fieldsOf: (signature) => this.all.signatures.fieldsOf(signature),
    };
    if (callee.kind === 'super') return this.superCall('constructor', context, frame);
    if (callee.kind !== 'member') return this.callValue(this.all.expressions.evaluate(callee, frame), context);
    if (callee.of.kind === 'super') return this.superCall(callee.name, context, frame);
    return this.methodCall(this.all.expressions.evaluate(callee.of, frame), callee.name, context, frame);
  }

  private methodCall(of: Value, name: string, call: CallContext, frame: Frame): Value {
    if (name === 'with_inputs' || name === 'withInputs') return { kind: 'example' };
    if (of.kind === 'either') return either(of.options.map((option) => this.methodCall(option, name, call, frame)));
    if (of.kind === 'list' || of.kind === 'dictionary') return listMethod(of, name, call, frame.many);
    if (isMapping(name) && (of.kind === 'unknown' || of.kind === 'free') && frame.scope.module.grammar !== 'python') {
      return listMethod(listOf([unknown], true), name, call, frame.many);
    }
    if (of.kind === 'loader') return listOf([{ kind: 'example' }], true);
    const signature = this.all.signatures.changed(of, name, call);
    if (signature !== null) return signature;
    if (of.kind === 'instance' && (name === 'deepcopy' || name === 'reset_copy'))
      return freeCall('copy.deepcopy', { ...call, positional: [of] });
    const [first, ...others] = call.positional;
    const method = this.all.names.member(of, name);
    // `Base.__init__(self, …)`: the instance is handed over.
    if (of.kind === 'class' && method.kind === 'function' && first?.kind === 'instance' && !method.syntax.isStatic) {
      return this.invoke({ ...method, bound: first.instance }, { ...call, positional: others });
    }
    if (of.kind === 'framework' && name === '__init__' && first?.kind === 'instance') {
      this.all.classes.constructAs(first.instance, of.path.at(-1) ?? '', { ...call, positional: others });
      return unknown;
    }
    return this.callValue(method, call);
  }

  private superCall(name: string, call: CallContext, { self, home }: Frame): Value {
    if (self?.definition == null || home === null) return unknown;
    if (name === '__init__' || name === 'constructor') {
      const line = this.all.classes.ancestors(self.definition);
      this.all.classes.construct(self, line.slice(line.indexOf(home) + 1), call);
      if (home.module.grammar !== 'python') {
        const fields = home.syntax.body.filter((each) => each.kind === 'field');
        this.all.statements.execute(fields, { ...topFrame(this.all.classes.namesOf(home)), self, home });
      }
      return unknown;
    }
    return this.callValue(this.all.classes.classMember(self.definition, name, self, home), call);
  }
}

/** What only arrays have, so that a thing with it is one. */
function isMapping(name: string): boolean {
  return name === 'map' || name === 'flatMap';
}
