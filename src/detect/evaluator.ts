import { frameworkCall, listMethod, freeCall, items, signatureMethods } from './calls.ts';
import type { CallContext } from './calls.ts';
import { frameworkOf, shapeOf } from './frameworks.ts';
import { languageOf } from './languages.ts';
import type { Grammar } from './languages.ts';
import { linearize } from './linearize.ts';
import { pythonModule, pythonSubmodule, typescriptModule } from './moduleFiles.ts';
import type { Exists, Place } from './moduleFiles.ts';
import type { Binding, ModuleScope, Scope } from './scope.ts';
import { opaque } from './syntax.ts';
import type {
  Block,
  BodyText,
  Call,
  Comprehension,
  Entry,
  Expression,
  FunctionSyntax,
  Import,
  Statement,
} from './syntax.ts';
import { either, keyOf, listOf, optionsOf, unknown } from './values.ts';
import type { ClassDefinition, Dictionary, FunctionValue, Instance, Item, Value } from './values.ts';

/** The files of the workspace, as one evaluation sees them. */
export interface Workspace {
  /** Names at the top of a file; `null` when it has nothing to do with a framework. */
  moduleScope(file: string): ModuleScope | null;
  readonly exists: Exists;
  /** What a function's body consists of. */
  statements(body: BodyText, grammar: Grammar): readonly Statement[];
}

/** Where a statement or expression stands. */
interface Frame {
  readonly scope: Scope;
  readonly self: Instance | null;
  /** The class around the method, for `super`. */
  readonly home: ClassDefinition | null;
  /** Under a condition: assignments add to what a name can be. */
  readonly conditional: boolean;
  /** In a loop of unknown length: an item stands for many. */
  readonly many: boolean;
  readonly returns: Value[];
}

/** A class in the order of method resolution: one of the workspace, or the framework's by its name. */
type Ancestor = ClassDefinition | string;

/** How much one program may take, so that no source, however strange, holds up the editor. */
const maxSteps = 20_000;
const maxDepth = 12;
const maxRounds = 64;

/**
 * Follows names, calls and constructors through the source as far as they are plain, and answers `unknown` for the
 * rest. Nothing is run: no user code, no import.
 */
export class Evaluator {
  private readonly workspace: Workspace;
  private readonly definitions = new Map<object, ClassDefinition>();
  private readonly ancestry = new Map<ClassDefinition, readonly Ancestor[]>();
  private readonly classNames = new Map<ClassDefinition, Scope>();
  private readonly bodies = new Map<BodyText, readonly Statement[]>();
  private readonly busy = new Set<unknown>();
  private steps = 0;
  private depth = 0;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  /** Every program gets the whole allowance. */
  begin(): void {
    this.steps = 0;
  }

  // ---- names

  /** What a name at the top of a file is, to what stands at `before`. */
  lookup(module: ModuleScope, name: string, before = Infinity): Value {
    const bindings = (module.bindings.get(name) ?? []).filter((each) => each.order < before);
    const start = Math.max(
      0,
      bindings.findLastIndex((each) => !each.conditional),
    );
    const live = bindings.slice(start);
    if (live.length > 0) {
      const values = live.filter((each) => each.source.kind !== 'items').map((each) => this.bound(module, each));
      return this.grown(module, either(values), live);
    }
    for (const star of module.stars.toReversed()) {
      const value = this.member(this.importedModule(module, star.module), name);
      if (value.kind !== 'unknown' && value.kind !== 'free') return value;
    }
    return { kind: 'free', name };
  }

  /** The value of one binding alone. */
  bound(module: ModuleScope, binding: Binding): Value {
    if (this.busy.has(binding)) return unknown;
    this.busy.add(binding);
    try {
      return this.boundNow(module, binding);
    } finally {
      this.busy.delete(binding);
    }
  }

  private boundNow(module: ModuleScope, { source, order }: Binding): Value {
    const scope: Scope = { names: new Map(), parent: null, module, before: order };
    switch (source.kind) {
      case 'class':
        return { kind: 'class', definition: this.define(source.syntax, scope) };
      case 'function':
        return functionValue(source.syntax, { ...scope, before: Infinity });
      case 'import':
        return this.imported(module, source);
      case 'value':
        return source.at.reduce<Value>(
          (value, i) => this.item(value, { kind: 'number', number: i }),
          this.in(scope, source.value),
        );
      case 'items':
        return unknown;
    }
  }

  /** With what is appended to a list further down. */
  private grown(module: ModuleScope, value: Value, live: readonly Binding[]): Value {
    const more = live.flatMap((each) => (each.source.kind === 'items' ? [[each, each.source] as const] : []));
    if (more.length === 0 || value.kind !== 'list') return value;
    const added = more.flatMap(([binding, { value: expression, spread, many }]): Item[] => {
      if (this.busy.has(binding)) return [];
      this.busy.add(binding);
      const scope: Scope = { names: new Map(), parent: null, module, before: binding.order };
      const what = this.in(scope, expression);
      this.busy.delete(binding);
      return spread ? [...items(what)] : [{ value: what, many }];
    });
    return { kind: 'list', items: [...value.items, ...added] };
  }

  /** The class of a piece of syntax; one at the top of a file stays the same one. */
  private define(syntax: ClassDefinition['syntax'], scope: Scope): ClassDefinition {
    const known = scope.parent === null && scope.names.size === 0 ? this.definitions.get(syntax) : undefined;
    if (known !== undefined) return known;
    const definition: ClassDefinition = { syntax, scope, module: scope.module };
    this.definitions.set(syntax, definition);
    return definition;
  }

  private imported(module: ModuleScope, { module: name, imported }: Import): Value {
    const value = this.importedModule(module, name);
    return imported === null ? value : this.member(value, imported);
  }

  private importedModule(module: ModuleScope, name: string): Value {
    const language = languageOf(module.grammar);
    const framework = frameworkOf(language, name);
    if (framework !== null) return { kind: 'framework', ...framework };
    if (language === 'python') {
      const place = pythonModule(module.file, name, this.workspace.exists);
      return place === null ? { kind: 'free', name } : placeValue(place);
    }
    const file = typescriptModule(module.file, name, this.workspace.exists);
    return file === null ? { kind: 'free', name } : { kind: 'file', file };
  }

  /** `value.name`. */
  private member(value: Value, name: string): Value {
    switch (value.kind) {
      case 'framework':
        return { ...value, path: [...value.path, name] };
      case 'file':
        return this.fileMember(value.file, name);
      case 'folder': {
        const place = pythonSubmodule(value, name, this.workspace.exists);
        return place === null ? unknown : placeValue(place);
      }
      case 'instance':
        return value.instance.attributes.get(name) ?? this.classMember(value.instance.definition, name, value.instance);
      case 'class':
        return this.classMember(value.definition, name, null);
      case 'either':
        return either(value.options.map((option) => this.member(option, name)));
      case 'dictionary':
        return value.entries.get(name) ?? unknown;
      case 'loader':
        return listOf([{ kind: 'example' }], true);
      case 'free':
        return { kind: 'free', name: `${value.name}.${name}` };
      default:
        return unknown;
    }
  }

  private fileMember(file: string, name: string): Value {
    if (this.busy.has(`${file}#${name}`)) return unknown;
    this.busy.add(`${file}#${name}`);
    try {
      return this.fileMemberNow(file, name);
    } finally {
      this.busy.delete(`${file}#${name}`);
    }
  }

  private fileMemberNow(file: string, name: string): Value {
    const module = this.workspace.moduleScope(file);
    if (module !== null) {
      const python = module.grammar === 'python';
      const local = python ? name : module.exports.get(name);
      const value = local === undefined ? unknown : this.lookup(module, local);
      if (value.kind !== 'unknown' && value.kind !== 'free') return value;
      for (const star of python ? [] : module.stars.toReversed()) {
        const passed = this.member(this.importedModule(module, star.module), name);
        if (passed.kind !== 'unknown' && passed.kind !== 'free') return passed;
      }
    }
    const place = file.endsWith('.py') ? pythonSubmodule({ kind: 'file', file }, name, this.workspace.exists) : null;
    return place === null ? unknown : placeValue(place);
  }

  // ---- classes

  /** The class, then its ancestors in the order of method resolution. */
  ancestors(definition: ClassDefinition): readonly Ancestor[] {
    const known = this.ancestry.get(definition);
    if (known !== undefined) return known;
    const line = linearize<Ancestor>(definition, (one) => (typeof one === 'string' ? [] : this.bases(one)));
    this.ancestry.set(definition, line);
    return line;
  }

  private bases(definition: ClassDefinition): readonly Ancestor[] {
    return definition.syntax.bases.flatMap((base) =>
      optionsOf(this.in(definition.scope, base)).flatMap((value): Ancestor[] => {
        if (value.kind === 'class') return [value.definition];
        return value.kind === 'framework' ? [value.path.at(-1) ?? ''] : [];
      }),
    );
  }

  /** Names of the class's body: constants, nested classes, methods. */
  namesOf(definition: ClassDefinition): Scope {
    const known = this.classNames.get(definition);
    if (known !== undefined) return known;
    const { scope: parent, module, syntax } = definition;
    const scope: Scope = { names: new Map(), parent, module, before: parent.before };
    this.classNames.set(definition, scope);
    this.execute(syntax.body, { ...topFrame(scope), home: definition });
    return scope;
  }

  private classMember(
    definition: ClassDefinition | null,
    name: string,
    self: Instance | null,
    after?: ClassDefinition,
  ): Value {
    if (definition === null) return unknown;
    const line = this.ancestors(definition);
    for (const ancestor of after === undefined ? line : line.slice(line.indexOf(after) + 1)) {
      const value = typeof ancestor === 'string' ? undefined : this.namesOf(ancestor).names.get(name);
      if (value === undefined || typeof ancestor === 'string') continue;
      if (value.kind !== 'function') return value;
      return { ...value, home: ancestor, bound: value.syntax.isStatic ? null : self };
    }
    return unknown;
  }

  /** What a class makes. */
  instantiate(definition: ClassDefinition, call: CallContext): Value {
    const line = this.ancestors(definition);
    const instance: Instance = {
      definition,
      attributes: new Map(),
      isModule: line.some((each) => isModuleName(definition, each)),
      predictor: null,
    };
    if (this.depth >= maxDepth) return unknown;
    this.depth += 1;
    this.construct(instance, line, call);
    this.depth -= 1;
    return { kind: 'instance', instance };
  }

  /** Runs the first constructor of `line`; `super` runs the next. */
  private construct(instance: Instance, line: readonly Ancestor[], call: CallContext): void {
    for (const [i, ancestor] of line.entries()) {
      if (typeof ancestor === 'string') {
        this.constructAs(instance, ancestor, call);
        return; // the framework's own constructors end the chain
      }
      if (ancestor.module.grammar !== 'python') {
        this.constructTypeScript(instance, ancestor, line.slice(i + 1), call);
        return;
      }
      const init = this.namesOf(ancestor).names.get('__init__');
      if (init?.kind !== 'function') continue;
      this.invoke({ ...init, home: ancestor, bound: instance }, call);
      return;
    }
  }

  /** Fields come after the base's constructor and before the rest of the own one. */
  private constructTypeScript(
    self: Instance,
    home: ClassDefinition,
    bases: readonly Ancestor[],
    call: CallContext,
  ): void {
    const constructor = this.namesOf(home).names.get('constructor');
    const fields = home.syntax.body.filter((each) => each.kind === 'field');
    const frame = { ...topFrame(this.namesOf(home)), self, home };
    if (constructor?.kind !== 'function') {
      this.construct(self, bases, call);
      this.execute(fields, frame);
    } else {
      if (bases.length === 0) this.execute(fields, frame);
      this.invoke({ ...constructor, home, bound: self }, call);
    }
  }

  /** The framework's own constructor, called for an instance of a class derived from it. */
  private constructAs(instance: Instance, name: string, call: CallContext): void {
    const { module } = instance.definition!;
    const framework = module.grammar === 'python' ? 'dspy' : 'bettertogether';
    if (shapeOf(framework, name) === null) return;
    const made = frameworkCall(framework, [name], call);
    if (made.kind !== 'instance') return;
    instance.predictor = made.instance.predictor;
    for (const [key, value] of made.instance.attributes) instance.attributes.set(key, value);
  }

  // ---- calls

  /** Calls a function of the workspace; answers what it returns. */
  invoke(value: FunctionValue, call: CallContext): Value {
    if (this.depth >= maxDepth) return unknown;
    this.depth += 1;
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
    this.execute(this.bodyOf(value), frame);
    this.depth -= 1;
    return syntax.isGenerator ? unknown : either(frame.returns);
  }

  /** Calls a function with nothing given and tells the names in its body. */
  localNames(value: FunctionValue): readonly (readonly [string, Value])[] {
    const names = new Map<string, Value>();
    const scope: Scope = { names, parent: value.scope, module: value.scope.module, before: Infinity };
    const nothing: CallContext = { positional: [], named: new Map(), line: 0, file: '', invoke: () => unknown };
    this.bindParameters({ ...value, bound: null }, nothing, scope);
    this.execute(this.bodyOf(value), { ...topFrame(scope), home: value.home });
    return [...names];
  }

  bodyOf({ syntax, scope }: FunctionValue): readonly Statement[] {
    const { body } = syntax;
    if (!('text' in body)) return body;
    const known = this.bodies.get(body);
    if (known !== undefined) return known;
    const statements = this.workspace.statements(body, scope.module.grammar);
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
      scope.names.set(name, given ?? (fallback === null ? unknown : this.in(outer, fallback)));
    }
  }

  private callValue(callee: Value, call: CallContext): Value {
    switch (callee.kind) {
      case 'either':
        return either(callee.options.map((option) => this.callValue(option, call)));
      case 'function':
        return this.invoke(callee, call);
      case 'class':
        return this.instantiate(callee.definition, call);
      case 'framework':
        return frameworkCall(callee.framework, callee.path, call);
      case 'free':
        return freeCall(callee.name, call);
      default:
        return unknown;
    }
  }

  private call(call: Call, frame: Frame): Value {
    const { callee, line } = call;
    const context: CallContext = {
      positional: call.positional.flatMap((each) =>
        each.kind === 'spread'
          ? items(this.evaluate(each.of, frame)).map((item) => item.value)
          : [this.evaluate(each, frame)],
      ),
      named: new Map(call.named.map(([name, value]) => [name, this.evaluate(value, frame)])),
      line,
      file: frame.scope.module.file,
      invoke: (value, positional) => this.callValue(value, { ...context, positional, named: new Map() }),
    };
    if (callee.kind === 'super') return this.superCall('constructor', context, frame);
    if (callee.kind !== 'member') return this.callValue(this.evaluate(callee, frame), context);
    if (callee.of.kind === 'super') return this.superCall(callee.name, context, frame);
    return this.methodCall(this.evaluate(callee.of, frame), callee.name, context, frame);
  }

  private methodCall(of: Value, name: string, call: CallContext, frame: Frame): Value {
    if (name === 'with_inputs' || name === 'withInputs') return { kind: 'example' };
    if (of.kind === 'either') return either(of.options.map((option) => this.methodCall(option, name, call, frame)));
    if (of.kind === 'list' || of.kind === 'dictionary') return listMethod(of, name, call, frame.many);
    if (of.kind === 'loader') return listOf([{ kind: 'example' }], true);
    if (signatureMethods.has(name) && (of.kind === 'signature' || of.kind === 'class')) return of;
    if (of.kind === 'instance' && (name === 'deepcopy' || name === 'reset_copy'))
      return freeCall('copy.deepcopy', { ...call, positional: [of] });
    const [first, ...others] = call.positional;
    const method = this.member(of, name);
    // `Base.__init__(self, …)`: the instance is handed over.
    if (of.kind === 'class' && method.kind === 'function' && first?.kind === 'instance' && !method.syntax.isStatic) {
      return this.invoke({ ...method, bound: first.instance }, { ...call, positional: others });
    }
    if (of.kind === 'framework' && name === '__init__' && first?.kind === 'instance') {
      this.constructAs(first.instance, of.path.at(-1) ?? '', { ...call, positional: others });
      return unknown;
    }
    return this.callValue(method, call);
  }

  private superCall(name: string, call: CallContext, { self, home }: Frame): Value {
    if (self?.definition == null || home === null) return unknown;
    if (name === '__init__' || name === 'constructor') {
      const line = this.ancestors(self.definition);
      this.construct(self, line.slice(line.indexOf(home) + 1), call);
      if (home.module.grammar !== 'python') {
        const fields = home.syntax.body.filter((each) => each.kind === 'field');
        this.execute(fields, { ...topFrame(this.namesOf(home)), self, home });
      }
      return unknown;
    }
    return this.callValue(this.classMember(self.definition, name, self, home), call);
  }

  // ---- expressions

  /** The value of an expression at the top of a file or in a class's head. */
  in(scope: Scope, expression: Expression): Value {
    return this.evaluate(expression, topFrame(scope));
  }

  private evaluate(expression: Expression, frame: Frame): Value {
    this.steps += 1;
    if (this.steps > maxSteps) return unknown;
    switch (expression.kind) {
      case 'name':
        return this.name(expression.name, frame.scope);
      case 'this':
        return frame.self === null ? unknown : { kind: 'instance', instance: frame.self };
      case 'member':
        if (expression.of.kind === 'super')
          return this.classMember(frame.self?.definition ?? null, expression.name, frame.self, frame.home ?? undefined);
        return this.member(this.evaluate(expression.of, frame), expression.name);
      case 'item':
        return this.item(this.evaluate(expression.of, frame), this.evaluate(expression.index, frame), expression.index);
      case 'call':
        return this.call(expression, frame);
      case 'function':
        return { ...functionValue(expression.syntax, frame.scope), bound: frame.self, home: frame.home };
      case 'class':
        return { kind: 'class', definition: this.define(expression.syntax, frame.scope) };
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
        return parts.some((part) => part === '*') ? unknown : { kind: 'text', text: parts.join('') };
      }
      case 'list':
        return { kind: 'list', items: expression.items.flatMap((item) => this.listItem(item, frame)) };
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
    return this.lookup(scope.module, name, scope.before);
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
        if (key === null) list.push({ value, many });
        else record.set(many ? '*' : keyOf(this.evaluate(key, inner)), value);
        return;
      }
      const over = items(this.evaluate(clause.over, inner)).slice(0, maxRounds);
      for (const item of over) {
        this.assign(clause.target, item.value, inner);
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

  private item(of: Value, index: Value, syntax: Expression = opaque): Value {
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

  // ---- statements

  private execute(statements: readonly Statement[], frame: Frame): void {
    for (const statement of statements) {
      if (this.steps > maxSteps) return;
      this.statement(statement, frame);
    }
  }

  private statement(statement: Statement, frame: Frame): void {
    const { scope } = frame;
    switch (statement.kind) {
      case 'assign': {
        const value = this.evaluate(statement.value, frame);
        for (const target of statement.targets) this.assign(target, value, frame);
        break;
      }
      case 'extend': {
        const list = this.evaluate(statement.target, frame);
        if (list.kind === 'list') list.items.push(...items(this.evaluate(statement.value, frame)));
        break;
      }
      case 'field':
        frame.self?.attributes.set(statement.name, this.evaluate(statement.value, frame));
        break;
      case 'expression':
        this.expressionStatement(statement.value, frame);
        break;
      case 'return':
        frame.returns.push(this.evaluate(statement.value, frame));
        break;
      case 'class':
        scope.names.set(statement.syntax.name, { kind: 'class', definition: this.define(statement.syntax, scope) });
        break;
      case 'function':
        // A class's body is no scope to its methods in either language.
        scope.names.set(statement.syntax.name, functionValue(statement.syntax, this.closure(frame)));
        break;
      case 'import':
        if (statement.local !== '*') scope.names.set(statement.local, this.imported(scope.module, statement));
        break;
      case 'block':
        this.block(statement, frame);
        break;
      case 'export':
        break;
    }
  }

  private closure({ scope, home }: Frame): Scope {
    const inClassBody = home !== null && this.classNames.get(home) === scope;
    return inClassBody ? { ...home.scope, before: Infinity } : scope;
  }

  /** `setattr(self, 'name', value)`, else only what the call does. */
  private expressionStatement(expression: Expression, frame: Frame): void {
    const isSetattr =
      expression.kind === 'call' && expression.callee.kind === 'name' && expression.callee.name === 'setattr';
    const value = isSetattr ? unknown : this.evaluate(expression, frame);
    if (!isSetattr) return void value;
    const [target, name, what] = expression.positional.map((each) => this.evaluate(each, frame));
    if (target?.kind === 'instance' && name?.kind === 'text')
      target.instance.attributes.set(name.text, what ?? unknown);
  }

  private block({ body, role, target, over }: Block, frame: Frame): void {
    if (role === 'main') return;
    if (role !== 'loop') return this.execute(body, role === 'plain' ? frame : { ...frame, conditional: true });
    const rounds = over === null ? [] : items(this.evaluate(over, frame));
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

  private assign(target: Expression, value: Value, frame: Frame): void {
    switch (target.kind) {
      case 'name':
        this.set(frame.scope.names, target.name, value, frame);
        break;
      case 'list':
        for (const [i, each] of target.items.entries())
          this.assign(each, this.item(value, { kind: 'number', number: i }), frame);
        break;
      case 'member': {
        const of = this.evaluate(target.of, frame);
        if (of.kind === 'instance') this.set(of.instance.attributes, target.name, value, frame);
        break;
      }
      case 'item': {
        const of = this.evaluate(target.of, frame);
        const index = this.evaluate(target.index, frame);
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

function topFrame(scope: Scope): Frame {
  return { scope, self: null, home: null, conditional: false, many: false, returns: [] };
}

function functionValue(syntax: FunctionSyntax, scope: Scope): FunctionValue {
  return { kind: 'function', syntax, scope, bound: null, home: null };
}

function placeValue(place: Place): Value {
  return place.kind === 'file' ? { kind: 'file', file: place.file } : { kind: 'folder', folder: place.folder };
}

function isModuleName({ module }: ClassDefinition, ancestor: Ancestor): boolean {
  if (typeof ancestor !== 'string') return false;
  return ancestor === 'Module' || shapeOf(module.grammar === 'python' ? 'dspy' : 'bettertogether', ancestor) !== null;
}

function binary(operator: '+' | '*', left: Value, right: Value): Value {
  if (operator === '+') {
    if (left.kind === 'list' || right.kind === 'list')
      return { kind: 'list', items: [...items(left), ...items(right)] };
    if (left.kind === 'text' && right.kind === 'text') return { kind: 'text', text: left.text + right.text };
    if (left.kind === 'number' && right.kind === 'number')
      return { kind: 'number', number: left.number + right.number };
    return unknown;
  }
  const [list, count] = left.kind === 'list' ? [left, right] : [right, left];
  if (list.kind !== 'list') return unknown;
  // The same objects again, which count once.
  return count.kind === 'number' && count.number < 1 ? listOf([]) : list;
}
