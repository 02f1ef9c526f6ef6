import { noArguments } from './base/calls.ts';
import { classPlaces } from './classPlaces.ts';
import type { ClassPlace } from './classPlaces.ts';
import { inCells } from './cellPlaces.ts';
import { dataSetsIn } from './dataSets.ts';
import { isDataclass, needsNoFields } from './evaluation/dataclasses.ts';
import { Evaluator } from './evaluation/evaluator.ts';
import type { Workspace } from './evaluation/parts.ts';
import { shapeOf } from './base/frameworks.ts';
import { functionOf, madeBy } from './factories.ts';
import type { Found, FoundInputs, FoundName, FoundProgram, Framework } from './base/found.ts';
import { languageOf } from './base/languages.ts';
import type { FunctionSyntax } from './lowering/syntax.ts';
import { isMetricShaped } from './metricShape.ts';
import { predictorsOf } from './predictors.ts';
import { bindingsIn, exportedAs } from './base/scope.ts';
import type { Binding, ModuleScope, NamedBinding } from './base/scope.ts';
import { isExamples, optionsOf } from './base/values.ts';
import type { ClassDefinition, FunctionValue, Instance, Value } from './base/values.ts';

export interface Findings {
  readonly found: Found;
  /** Names by which other files can come to a framework through this one: bases, factories, the package itself. */
  readonly leads: readonly string[];
  /** There is more in the file than is looked into. */
  readonly isSpent: boolean;
}

/** Methods that a call of a program ends in: the first of them that its class or an ancestor has. */
const ways = ['forward', 'aforward', '__call__'];

/** Decorators that answer what the function does. */
const remembers = new Set(['cache', 'lru_cache']);

/** What one file holds. `related`: it names the framework. */
export function findIn(module: ModuleScope, workspace: Workspace, related: boolean): Findings {
  const finder = new Finder(module, workspace, related);
  const found = finder.find();
  return { found, leads: finder.leads(), isSpent: finder.isSpent };
}

class Finder {
  private readonly module: ModuleScope;
  private readonly related: boolean;
  private readonly evaluator: Evaluator;
  private readonly bindings: readonly NamedBinding[];
  private readonly framework: Framework;

  constructor(module: ModuleScope, workspace: Workspace, related: boolean) {
    this.module = module;
    this.related = related;
    this.evaluator = new Evaluator(workspace);
    this.bindings = bindingsIn(module);
    this.framework = module.grammar === 'python' ? 'dspy' : 'bettertogether';
  }

  find(): Found {
    const classes = classPlaces(this.bindings, this.module, this.evaluator);
    const programs = classes.flatMap((place) => this.programOf(place));
    const instances = this.bindings.flatMap(([name, binding]) => this.instancesIn(name, binding));
    const made = this.bindings.flatMap(([name, binding]) => this.madeByFunction(name, binding));
    const found: Found = {
      programs: inOrder([...programs, ...instances, ...made]),
      metrics: inOrder(this.metrics()),
      datasets: inOrder(dataSetsIn(this.bindings, this.module, this.evaluator, this.related)),
      signatures: inOrder(classes.flatMap((place) => this.signatureOf(place))),
    };
    return this.module.places === null ? found : inCells(found, this.module.places);
  }

  get isSpent(): boolean {
    return this.evaluator.isSpent;
  }

  leads(): readonly string[] {
    return [...this.module.bindings].flatMap(([name, bindings]) => (this.leadsOn(name, bindings) ? [name] : []));
  }

  private leadsOn(name: string, bindings: readonly Binding[]): boolean {
    if (this.related && bindings.some(({ source }) => source.kind === 'function')) return true;
    this.evaluator.begin();
    return optionsOf(this.evaluator.lookup(this.module, name)).some((value) => this.isLead(value));
  }

  private isLead(value: Value): boolean {
    switch (value.kind) {
      case 'framework':
      case 'metric':
        return true;
      case 'instance':
        return value.instance.isModule;
      case 'class':
        return this.evaluator.ancestors(value.definition).some((each) => typeof each === 'string');
      case 'function':
        return this.related && value.scope.module === this.module;
      default:
        return isExamples(value);
    }
  }

  // ---- classes

  private programOf({ definition, name, binding }: ClassPlace): FoundProgram[] {
    const { syntax } = definition;
    this.evaluator.begin();
    const ancestors = this.evaluator.ancestors(definition);
    const own = ancestors.filter((each) => typeof each === 'string');
    if (!own.some((each) => each === 'Module' || shapeOf(this.framework, each) !== null)) return [];
    const made = this.evaluator.instantiate(definition, noArguments(this.module.file));
    if (made.kind !== 'instance') return [];
    const exported = exportedAs(this.module, name);
    const runnable =
      binding !== null &&
      !binding.inMain &&
      exported !== null &&
      !syntax.isAbstract &&
      this.hasForward(definition) &&
      this.needsNothing(definition);
    return [this.program(exported ?? name, syntax.line, 'module', runnable, made.instance)];
  }

  /** What a call ends in: a method of the class, an ancestor, or a predictor's class of the framework that it derives from. */
  private hasForward(definition: ClassDefinition): boolean {
    return this.evaluator.ancestors(definition).some((each) => {
      if (typeof each === 'string') return shapeOf(this.framework, each) !== null;
      const { names } = this.evaluator.namesOf(each);
      return ways.some((name) => {
        const method = names.get(name);
        return (
          method !== undefined && !(method.kind === 'function' && method.syntax.decorators.includes('abstractmethod'))
        );
      });
    });
  }

  /** Whether its constructor can be called without arguments. */
  private needsNothing(definition: ClassDefinition): boolean {
    const line = this.evaluator.ancestors(definition);
    for (const [i, each] of line.entries()) {
      if (typeof each === 'string') return each === 'Module' || shapeOf(this.framework, each) === null;
      const constructor = this.module.grammar === 'python' ? '__init__' : 'constructor';
      const method = this.evaluator.namesOf(each).names.get(constructor);
      if (method?.kind !== 'function' && isDataclass(each)) return needsNoFields(line.slice(i));
      if (method?.kind !== 'function') continue;
      const parameters =
        this.module.grammar === 'python' ? method.syntax.parameters.slice(1) : method.syntax.parameters;
      return parameters.every((parameter) => parameter.optional || parameter.rest);
    }
    return true;
  }

  private signatureOf({ definition, name }: ClassPlace): FoundName[] {
    if (this.framework !== 'dspy') return [];
    const isSignature = this.evaluator.ancestors(definition).includes('Signature');
    return isSignature ? [{ file: this.module.file, line: definition.syntax.line, name }] : [];
  }

  // ---- names with values

  /**
   * A predictor of the framework that is in the file by itself, or an instance of a program's class that only it can
   * make: a class at the top of a file that needs no arguments is a program already.
   */
  private instancesIn(name: string, binding: Binding): FoundProgram[] {
    const { source } = binding;
    if (source.kind !== 'value' || source.value.kind === 'name' || source.value.kind === 'member') return [];
    this.evaluator.begin();
    const value = this.evaluator.bound(this.module, binding);
    const instance = this.ofItsOwn(value) ?? this.ofInnerClass(value);
    if (instance === null) return [];
    const { definition } = instance;
    const exported = exportedAs(this.module, name);
    const runnable = exported !== null && !binding.inMain && (definition === null || this.hasForward(definition));
    const kind = definition === null ? 'predictor' : 'module';
    return [this.program(exported ?? name, binding.line, kind, runnable, instance)];
  }

  /** Of a class that a function made, and that has no other name: `Answer = answering(Signature)`. */
  private ofInnerClass(value: Value): Instance | null {
    for (const option of optionsOf(value)) {
      if (option.kind !== 'class' || !isInner(option.definition) || !this.needsNothing(option.definition)) continue;
      const made = this.evaluator.instantiate(option.definition, noArguments(this.module.file));
      if (made.kind === 'instance' && made.instance.isModule) return made.instance;
    }
    return null;
  }

  /** What only a function makes: it is called with nothing by who loads its name. */
  private madeByFunction(name: string, binding: Binding): FoundProgram[] {
    const written = functionOf(binding);
    const exported = exportedAs(this.module, name);
    if (written === null || exported === null || binding.inMain || !this.isPlain(written)) return [];
    this.evaluator.begin();
    const value = madeBy(binding, this.module, this.evaluator);
    const instance = value === null ? null : this.ofItsOwn(value);
    if (instance === null) return [];
    const { definition } = instance;
    const runnable = definition === null || this.hasForward(definition);
    return [this.program(exported, binding.line, definition === null ? 'predictor' : 'module', runnable, instance)];
  }

  /** A decorator may return something else, and Python does not await an asynchronous function. */
  private isPlain({ decorators, isAsync }: FunctionSyntax): boolean {
    return decorators.every((each) => remembers.has(each)) && !(isAsync && this.module.grammar === 'python');
  }

  /** A program that its class alone does not make. */
  private ofItsOwn(value: Value): Instance | null {
    const instances = optionsOf(value).flatMap((option) =>
      option.kind === 'instance' && option.instance.isModule ? [option.instance] : [],
    );
    return (
      instances.find(
        ({ definition }) => definition === null || isInner(definition) || !this.needsNothing(definition),
      ) ?? null
    );
  }

  private metrics(): FoundName[] {
    const { module } = this;
    return this.bindings.flatMap(([name, binding]) => {
      const { source } = binding;
      const syntax = functionOf(binding);
      const typed = source.kind === 'value' && source.type === 'Metric' && this.related;
      const isMetric =
        typed || (syntax === null ? this.isReady(binding) : isMetricShaped(syntax, module.grammar, this.related));
      return isMetric && !binding.inMain ? [this.named(exportedAs(this.module, name) ?? name, binding)] : [];
    });
  }

  /** One of the framework's metrics under a name of the file's own, or an object that is called as a metric is. */
  private isReady(binding: Binding): boolean {
    if (binding.source.kind !== 'value' || binding.source.value.kind !== 'call') return false;
    this.evaluator.begin();
    const value = this.evaluator.bound(this.module, binding);
    if (value.kind === 'metric') return true;
    const definition = value.kind === 'instance' ? value.instance.definition : null;
    if (definition === null || this.module.grammar !== 'python') return false;
    for (const each of this.evaluator.ancestors(definition)) {
      const call = typeof each === 'string' ? undefined : this.evaluator.namesOf(each).names.get('__call__');
      if (call?.kind !== 'function') continue;
      const parameters = call.syntax.isStatic ? call.syntax.parameters : call.syntax.parameters.slice(1);
      return isMetricShaped({ ...call.syntax, parameters }, 'python', this.related);
    }
    return false;
  }

  // ---- parts

  private named(name: string, binding: Binding): FoundName {
    return { file: this.module.file, line: binding.line, name };
  }

  private program(
    name: string,
    line: number,
    kind: FoundProgram['kind'],
    runnable: boolean,
    instance: Instance,
  ): FoundProgram {
    const { file, grammar } = this.module;
    const predictors = predictorsOf(instance, file);
    const inputs = this.inputsOf(instance.definition);
    const about = { file, line, name, language: languageOf(grammar), kind, framework: this.framework, runnable };
    return { ...about, ...(inputs !== null && { inputs }), predictors };
  }

  /** In Python; a TypeScript program takes one object, whose type may say anything. */
  private inputsOf(definition: ClassDefinition | null): FoundInputs | null {
    if (definition === null || this.module.grammar !== 'python') return null;
    const forward = this.forwardOf(definition);
    return forward === null ? null : inputsTaken(forward.syntax);
  }

  /** The method that a call of the program ends in, where it is one of the workspace. */
  private forwardOf(definition: ClassDefinition): FunctionValue | null {
    for (const each of this.evaluator.ancestors(definition)) {
      if (typeof each === 'string') continue;
      const { names } = this.evaluator.namesOf(each);
      const method = ways.map((name) => names.get(name)).find((each) => each !== undefined);
      if (method !== undefined) return method.kind === 'function' ? method : null;
    }
    return null;
  }
}

/** Written in a function or a class, so that no name at the top of the file is its. */
function isInner({ scope }: ClassDefinition): boolean {
  return scope.parent !== null;
}

/** What a method is given by name, beside the object that it belongs to. */
function inputsTaken({ parameters, isStatic }: FunctionSyntax): FoundInputs {
  const own = isStatic ? parameters : parameters.slice(1);
  const named = own.filter(({ rest }) => !rest);
  const names = (optional: boolean): readonly string[] =>
    named.filter((each) => each.optional === optional).map(({ name }) => name);
  return { required: names(false), optional: names(true), others: own.some(({ rest }) => rest) };
}

function inOrder<T extends { readonly line: number; readonly name: string }>(all: readonly T[]): readonly T[] {
  const once = new Map(all.map((each) => [`${each.line} ${each.name}`, each]));
  return [...once.values()].sort((a, b) => a.line - b.line);
}
