import { frameworkCall } from '../base/calls.ts';
import type { CallContext } from '../base/calls.ts';
import { shapeOf } from '../base/frameworks.ts';
import { constructDataclass, isDataclass } from './dataclasses.ts';
import { linearize } from './linearize.ts';
import { optionsOf, unknown } from '../base/values.ts';
import type { ClassDefinition, Instance, Scope, Value } from '../base/values.ts';
import { maxDepth, maxNesting, mostAncestors } from '../base/limits.ts';
import { topFrame } from './frame.ts';
import type { Ancestor, Classes as Part, Parts } from './parts.ts';

/** Classes: their ancestors, what their bodies hold, and what they make. */
export class Classes implements Part {
  private readonly all: Parts;
  private readonly ancestry = new Map<Ancestor, readonly Ancestor[]>();
  private readonly classNames = new Map<ClassDefinition, Scope>();

  constructor(all: Parts) {
    this.all = all;
  }

  /** The class, then its ancestors in the order of method resolution. */
  ancestors(definition: ClassDefinition): readonly Ancestor[] {
    const known = this.ancestry.get(definition);
    if (known !== undefined) return known;
    const bases = (one: Ancestor): readonly Ancestor[] => (typeof one === 'string' ? [] : this.bases(one));
    return linearize<Ancestor>(definition, bases, this.ancestry, mostAncestors);
  }

  private bases(definition: ClassDefinition): readonly Ancestor[] {
    return definition.syntax.bases.flatMap((base) =>
      optionsOf(this.all.expressions.in(definition.scope, base)).flatMap((value): Ancestor[] => {
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
    this.all.statements.execute(syntax.body, { ...topFrame(scope), home: definition });
    return scope;
  }

  classMember(definition: ClassDefinition | null, name: string, self: Instance | null, after?: ClassDefinition): Value {
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
    if (this.all.state.depth >= maxDepth) return unknown;
    this.all.state.depth += 1;
    this.construct(instance, line, call);
    this.all.state.depth -= 1;
    return { kind: 'instance', instance };
  }

  /** Runs the first constructor of `line`; `super` runs the next. */
  construct(instance: Instance, line: readonly Ancestor[], call: CallContext): void {
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
      if (init?.kind === 'function') this.all.calls.invoke({ ...init, home: ancestor, bound: instance }, call);
      else if (isDataclass(ancestor)) constructDataclass(this.all, instance, line.slice(i), call);
      else continue;
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
      if (this.all.state.nesting >= maxNesting) return;
      this.all.state.nesting += 1;
      this.construct(self, bases, call);
      this.all.state.nesting -= 1;
      this.all.statements.execute(fields, frame);
    } else {
      if (bases.length === 0) this.all.statements.execute(fields, frame);
      this.all.calls.invoke({ ...constructor, home, bound: self }, call);
    }
  }

  /** The framework's own constructor, called for an instance of a class derived from it. */
  constructAs(instance: Instance, name: string, call: CallContext): void {
    const { module } = instance.definition!;
    const framework = module.grammar === 'python' ? 'dspy' : 'bettertogether';
    if (shapeOf(framework, name) === null) return;
    const made = frameworkCall(framework, [name], call);
    if (made.kind !== 'instance') return;
    instance.predictor = made.instance.predictor;
    for (const [key, value] of made.instance.attributes) instance.attributes.set(key, value);
  }

  isBodyOf(definition: ClassDefinition, scope: Scope): boolean {
    return this.classNames.get(definition) === scope;
  }
}

function isModuleName({ module }: ClassDefinition, ancestor: Ancestor): boolean {
  if (typeof ancestor !== 'string') return false;
  return ancestor === 'Module' || shapeOf(module.grammar === 'python' ? 'dspy' : 'bettertogether', ancestor) !== null;
}
