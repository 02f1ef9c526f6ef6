"""What a folder of Python really holds, in the words of `bettertogether detect --json`.

Where things stand (classes, assignments, functions, their lines) is read with Python's own `ast`. What the names in
them mean is not worked out a second time: the files are imported, with a stand-in for DSPy, and asked. Files that
Python cannot parse or import are left out and named.

    python3 oracle.py FOLDER
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import inspect
import itertools
import json
import pathlib
import re
import runpy
import sys
import textwrap
import types

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "standin"))
sys.dont_write_bytecode = True
import dspy  # noqa: E402


class Elsewhere(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Packages that are not installed: every name in them is some class."""

    names = {"torch", "elsewhere"}

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: _missing(name)
        return module

    def exec_module(self, module):
        pass


def _missing(name):
    if name.startswith("__"):
        raise AttributeError(name)
    made = type(name, (), {"__init__": lambda self, *args: None})
    made.Module = type("Module", (), {})
    made.Linear = made
    return made


def places(body, around="", in_function=False, in_main=False):
    """Statements that name something: (node, qualified name's prefix, within a function or class, under main)."""
    for node in body:
        yield node, around, in_function, in_main
        if isinstance(node, ast.ClassDef):
            yield from places(node.body, f"{around}{node.name}.", True, in_main)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from places(node.body, f"{around}{node.name}.<locals>.", True, in_main)
        else:
            main = in_main or (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test))
            for part in ("body", "orelse", "finalbody"):
                inner = getattr(node, part, [])
                yield from places(inner if isinstance(inner, list) else [], around, in_function, main)


class File:
    def __init__(self, root, path):
        self.root = root
        self.name = path.relative_to(root).as_posix()
        self.tree = ast.parse(path.read_text())
        dotted = self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.module = importlib.import_module(dotted.removeprefix("scripts."))
        self.names = dict(vars(self.module))
        if "__main__" in path.read_text():
            self.names = {**runpy.run_path(str(path), run_name="__main__"), **self.names}

    def programs(self):
        for node, around, inner, in_main in places(self.tree.body):
            if isinstance(node, ast.ClassDef):
                yield from self.program_class(node, around, inner, in_main)
            elif not inner:
                for name, value in self.assigned(node):
                    if not isinstance(value, dspy.Module):
                        continue
                    if type(value).__module__ == "dspy":
                        yield self.program(name, node.lineno, "predictor", not in_main, [value])
                    elif required(type(value)):
                        # Of its class nobody can make another by the class's name alone.
                        yield self.program(name, node.lineno, "module", not in_main and forward(type(value)), [value])

    def program_class(self, node, around, inner, in_main):
        cls = self.class_of(node, around)
        if cls is None or not issubclass(cls, dspy.Module):
            return
        made = instances(cls)
        runnable = not inner and not in_main and forward(cls) and not required(cls)
        yield self.program(f"{around}{node.name}", node.lineno, "module", runnable, made)

    def class_of(self, node, around):
        """The class itself; of one within a function, one with the same bases and body."""
        if "<locals>" not in around:
            found = types.SimpleNamespace(**self.names)
            for part in f"{around}{node.name}".split("."):
                found = getattr(found, part, None)
            # A later definition of the name hides an earlier one.
            return found if inspect.isclass(found) else None
        names = {**self.names, **self.defaults(around)}
        exec(compile(ast.Module([node], []), str(self.root / self.name), "exec"), names)
        return names[node.name]

    def defaults(self, around):
        """What the parameters of the function around a class are when it is called with nothing."""
        function = types.SimpleNamespace(**self.names)
        for part in around.split(".<locals>.")[0].split("."):
            function = getattr(function, part)
        parameters = inspect.signature(function).parameters.values()
        return {each.name: each.default for each in parameters if each.default is not inspect.Parameter.empty}

    def assigned(self, node):
        """Names that a statement at the top gives a value other than another name's."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if not targets or isinstance(node.value, (ast.Name, ast.Attribute)):
            return
        for name in (each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)):
            yield name.id, self.names.get(name.id)

    def program(self, name, line, kind, runnable, made):
        predictors = {}
        for root in made:
            for each, parameter in root.named_parameters():
                file, at = parameter.place
                file = pathlib.Path(file).relative_to(self.root).as_posix()
                signature = parameter.signature
                predictors.setdefault(
                    each,
                    {
                        "name": each,
                        "line": at,
                        "signature": signature if isinstance(signature, str) else signature.__name__,
                        **({} if file == self.name else {"file": file}),
                    },
                )
        return {
            "file": self.name,
            "line": line,
            "name": name,
            "language": "python",
            "kind": kind,
            "framework": "dspy",
            "runnable": runnable,
            "predictors": list(predictors.values()),
        }

    def metrics(self):
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and self.is_metric(node.args):
                yield self.named(node.name, node)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and self.is_metric(node.value.args):
                yield self.named(node.targets[0].id, node)
            for name, value in self.assigned(node):
                if type(value).__name__ == "SemanticF1" or self.is_callable_metric(value):
                    yield self.named(name, node)

    def is_callable_metric(self, value):
        """An object of a class of the folder whose `__call__` takes what a metric takes."""
        call = next((vars(each)["__call__"] for each in type(value).__mro__ if "__call__" in vars(each)), None)
        if not inspect.isfunction(call) or type(value).__module__ in ("dspy", "builtins"):
            return False
        args = ast.parse(textwrap.dedent(inspect.getsource(call))).body[0].args
        args.args = args.args[1:]
        return self.is_metric(args)

    def is_metric(self, args):
        names = [each.arg for each in args.posonlyargs + args.args]
        optional = len(args.defaults)
        gold, pred = r"(gold|golden|example|ex|eg|expected)(_\w+)?", r"(pred|prediction|predicted)(_\w+)?"
        strict = len(names) >= 2 and re.fullmatch(gold, names[0]) and re.fullmatch(pred, names[1])
        if len(names) - optional == 2 and strict:
            return True
        extra = names[3 : len(names) - optional]
        traced = len(names) >= 3 and names[2] == "trace" and names[0] != "self" and set(extra) <= {"pred_name", "pred_trace"}
        return bool(traced and ("dspy" in pathlib.Path(self.root, self.name).read_text() or strict))

    def datasets(self):
        for node in self.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for each in (inner for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)):
                    if examples(self.names.get(each.id)):
                        yield self.named(each.id, node)
            if isinstance(node, ast.FunctionDef) and not required(self.names[node.name]):
                try:
                    answer = self.names[node.name]()
                except Exception:
                    continue
                if examples(answer):
                    yield self.named(node.name, node)

    def signatures(self):
        for node, around, _, _ in places(self.tree.body):
            if isinstance(node, ast.ClassDef):
                cls = self.class_of(node, around)
                if cls is not None and issubclass(cls, dspy.Signature):
                    yield self.named(f"{around}{node.name}", node)

    def named(self, name, node):
        return {"file": self.name, "line": node.lineno, "name": name}


def forward(cls):
    """Whether instances can be called."""
    abstract = [getattr(getattr(cls, name, None), "__isabstractmethod__", None) for name in ("forward", "aforward")]
    has = [name for name, flag in zip(("forward", "aforward"), abstract) if hasattr(cls, name) and not flag]
    return bool(has) or issubclass(cls, (dspy.Predict, dspy.ChainOfThought))


def examples(value):
    return isinstance(value, list) and any(isinstance(each, dspy.Example) for each in value)


def required(callee):
    """Names of the arguments that a call cannot do without."""
    empty, kinds = inspect.Parameter.empty, (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if inspect.isclass(callee):
        parameters = list(inspect.signature(callee.__init__).parameters.values())[1:]
    else:
        parameters = list(inspect.signature(callee).parameters.values())
    return [each.name for each in parameters if each.default is empty and each.kind not in kinds]


def instances(cls):
    """One for every choice of the flags that its constructor has."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    flags = [each.name for each in parameters if isinstance(each.default, bool)]
    given = {name: None for name in required(cls)}
    for values in itertools.product([False, True], repeat=len(flags)):
        yield cls(**given, **dict(zip(flags, values)))


def main(folder):
    root = pathlib.Path(folder).resolve()
    sys.path[:0] = [str(root), str(root / "scripts")]
    sys.meta_path.append(Elsewhere())
    result = {"programs": [], "metrics": [], "datasets": [], "signatures": [], "unreadable": []}
    for path in sorted(root.rglob("*.py")):
        try:
            file = File(root, path)
        except Exception as error:
            result["unreadable"].append({"file": path.relative_to(root).as_posix(), "error": type(error).__name__})
            continue
        for kind in ("programs", "metrics", "datasets", "signatures"):
            result[kind] += getattr(file, kind)()
    json.dump(result, sys.stdout, indent=1)


main(sys.argv[1])
