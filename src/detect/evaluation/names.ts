import { items } from '../base/calls.ts';
import { frameworkOf } from '../base/frameworks.ts';
import { grammarOf, languageOf } from '../base/languages.ts';
import { pythonModule, pythonSubmodule, typescriptModule } from '../base/moduleFiles.ts';
import type { Place } from '../base/moduleFiles.ts';
import type { Binding, ModuleScope } from '../base/scope.ts';
import type { Import } from '../lowering/syntax.ts';
import { either, listOf, unknown } from '../base/values.ts';
import type { ClassDefinition, Item, Scope, Value } from '../base/values.ts';
import { longestList, maxNesting } from '../base/limits.ts';
import { functionValue } from './frame.ts';
import { isSpent } from './parts.ts';
import type { Names as Part, Parts } from './parts.ts';

/** What names mean: at the top of a file, through imports, and as members of values. */
export class Names implements Part {
  private readonly all: Parts;
  private readonly definitions = new Map<object, ClassDefinition>();
  /** What each file's imports mean: the folders around a file are looked through once. */
  private readonly modules = new Map<ModuleScope, Map<string, Value>>();
  /** What was asked for by itself, and not on the way to something else, which may change the lists in it. */
  private readonly asked = new Map<Binding, Value>();

  constructor(all: Parts) {
    this.all = all;
  }

  /** What a name at the top of a file is, to code at `before`. */
  lookup(module: ModuleScope, name: string, before = Infinity): Value {
    const all = module.bindings.get(name) ?? [];
    this.all.state.steps += Math.ceil(all.length / 16);
    const bindings = all.filter((each) => each.order < before);
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
    if (this.all.state.nesting > 0) return this.followed(module, binding);
    const known = this.asked.get(binding) ?? this.followed(module, binding);
    this.asked.set(binding, known);
    return known;
  }

  private followed(module: ModuleScope, binding: Binding): Value {
    return this.once(binding, () => this.boundNow(module, binding));
  }

  /** What is looked up, unless it leads to itself, or further than anybody writes. */
  private once(what: unknown, lookUp: () => Value): Value {
    const { state } = this.all;
    state.steps += 1;
    if (state.busy.has(what) || state.nesting >= maxNesting || isSpent(state)) return unknown;
    state.busy.add(what);
    state.nesting += 1;
    try {
      return lookUp();
    } finally {
      state.nesting -= 1;
      state.busy.delete(what);
    }
  }

  private boundNow(module: ModuleScope, { source, order }: Binding): Value {
    const scope: Scope = { names: new Map(), parent: null, module, before: module.isUnordered ? Infinity : order };
    switch (source.kind) {
      case 'class':
        return { kind: 'class', definition: this.define(source.syntax, scope) };
      case 'function':
        return functionValue(source.syntax, { ...scope, before: Infinity });
      case 'import':
        return this.imported(module, source);
      case 'value':
        return source.at.reduce<Value>(
          (value, step) =>
            typeof step === 'string'
              ? this.member(value, step)
              : this.all.expressions.item(value, { kind: 'number', number: step }),
          this.all.expressions.in(scope, source.value),
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
      if (this.all.state.busy.has(binding)) return [];
      this.all.state.busy.add(binding);
      const scope: Scope = { names: new Map(), parent: null, module, before: binding.order };
      const what = this.all.expressions.in(scope, expression);
      this.all.state.busy.delete(binding);
      return spread ? [...items(what)] : [{ value: what, many }];
    });
    return { kind: 'list', items: [...value.items, ...added].slice(0, longestList) };
  }

  /** The class of a piece of syntax; one at the top of a file stays the same one. */
  define(syntax: ClassDefinition['syntax'], scope: Scope): ClassDefinition {
    const known = scope.parent === null && scope.names.size === 0 ? this.definitions.get(syntax) : undefined;
    if (known !== undefined) return known;
    const definition: ClassDefinition = { syntax, scope, module: scope.module };
    this.definitions.set(syntax, definition);
    return definition;
  }

  imported(module: ModuleScope, { module: name, imported }: Import): Value {
    const value = this.importedModule(module, name);
    return imported === null ? value : this.member(value, imported);
  }

  private importedModule(module: ModuleScope, name: string): Value {
    const known = this.modules.get(module) ?? new Map<string, Value>();
    this.modules.set(module, known);
    const value = known.get(name) ?? this.findModule(module, name);
    known.set(name, value);
    return value;
  }

  private findModule(module: ModuleScope, name: string): Value {
    const language = languageOf(module.grammar);
    const framework = frameworkOf(language, name);
    if (framework !== null) return { kind: 'framework', ...framework };
    if (language === 'python') {
      const place = pythonModule(module.file, name, this.all.state.workspace.exists);
      return place === null ? { kind: 'free', name } : placeValue(place);
    }
    const file = typescriptModule(module.file, name, this.all.state.workspace.exists);
    return file === null ? { kind: 'free', name } : { kind: 'file', file };
  }

  /** `value.name`. */
  member(value: Value, name: string): Value {
    switch (value.kind) {
      case 'framework':
        return { ...value, path: [...value.path, name] };
      case 'file':
        return this.fileMember(value.file, name);
      case 'folder': {
        const place = pythonSubmodule(value, name, this.all.state.workspace.exists);
        return place === null ? unknown : placeValue(place);
      }
      case 'instance':
        return (
          value.instance.attributes.get(name) ??
          this.all.classes.classMember(value.instance.definition, name, value.instance)
        );
      case 'class':
        return this.all.classes.classMember(value.definition, name, null);
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
    return this.once(`${file}#${name}`, () => this.fileMemberNow(file, name));
  }

  private fileMemberNow(file: string, name: string): Value {
    const module = this.all.state.workspace.moduleScope(file);
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
    const place =
      grammarOf(file) === 'python'
        ? pythonSubmodule({ kind: 'file', file }, name, this.all.state.workspace.exists)
        : null;
    return place === null ? unknown : placeValue(place);
  }
}

function placeValue(place: Place): Value {
  return place.kind === 'file' ? { kind: 'file', file: place.file } : { kind: 'folder', folder: place.folder };
}
