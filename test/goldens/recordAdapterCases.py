"""Records what DSPy's adapters make of random signatures and values: `adapterCases.json`.

    pip install dspy==3.4.1
    LITELLM_LOCAL_MODEL_COST_MAP=True python test/goldens/recordAdapterCases.py 25 11 > test/goldens/adapterCases.json

Arguments: how many cases, seed. Integers stay below 2**53, which is all that JSON numbers hold in JavaScript.
"""
import json
import random
import sys
import typing

import dspy
from dspy.adapters import ChatAdapter, JSONAdapter
from dspy.utils.exceptions import AdapterParseError

rng = random.Random(int(sys.argv[2]))
NAMES = ["question", "search_query", "contextText", "x1", "HTMLDoc", "b", "c_d"]
WORDS = ["a", "b c", "é«x»", "line\nbreak", " pad ", "", '"q"', "it's", "[[ ## q ## ]]", "N/A", "{x}", "12"]
LITERALS = ["'a'", "'b c'", '"it\'s"', "'x\"y'", "1", "2"]
ANSWERS = [
    "42", "3.5", "true", "yes", "None", "null", "[1, 2]", "['a','b']", "{'a': 1}", '{"k": "v"}', "'a'", "b c", "2",
    "Literal['a']", '"b c"', "- a", "1e3", "[1, ]", "text with [1,2] inside", "```json\n[1,2]\n```", '{"k": 1.0}', "0",
    "off", "maybe", "", " 7 ", "-3", "[true, null]", '["x", "y"]',
]
INSTRUCTIONS = [None, "Do it.", "  Lead\n    two\n  three\n\n", "One.\n\n  two\nthree"]


def random_type(depth=0):
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(["str", "int", "float", "bool"])
    if kind < 0.45:
        return f"Literal[{', '.join(rng.sample(LITERALS, rng.randint(1, 3)))}]"
    if depth < 2 and kind < 0.6:
        return f"list[{random_type(depth + 1)}]"
    if depth < 2 and kind < 0.7:
        return f"dict[str, {random_type(depth + 1)}]"
    if depth < 2 and kind < 0.85:
        return f"Optional[{rng.choice(['str', 'int', 'float', 'bool', 'list[str]'])}]"
    return "str"


def random_value(type_):
    if type_.startswith("Literal"):
        return rng.choice(eval(type_, {"Literal": typing.Literal}).__args__)
    if type_.startswith("list["):
        return [random_value(type_[5:-1]) for _ in range(rng.randint(0, 3))]
    if type_.startswith("dict["):
        return {rng.choice(["k", "é", "k2"]): random_value(type_[10:-1]) for _ in range(rng.randint(0, 2))}
    if type_.startswith("Optional"):
        return None if rng.random() < 0.3 else random_value(type_[9:-1])
    return {
        "str": lambda: rng.choice(WORDS),
        "int": lambda: rng.randint(-5, 10 ** rng.randint(1, 15)),
        "float": lambda: rng.choice([3.0, 0.5, 1e-7, 1e16, -2.25, 1 / 3, 123456.789]),
        "bool": lambda: rng.random() < 0.5,
    }[type_]()


def parsed(adapter, signature, completion):
    try:
        return adapter.parse(signature, completion)
    except AdapterParseError:
        return None


def case():
    names = rng.sample(NAMES, rng.randint(2, 6))
    inputs = rng.randint(0 if rng.random() < 0.1 else 1, len(names) - 1)
    types = {name: random_type() for name in names}
    untyped = {name for name in names if types[name] == "str" and rng.random() < 0.5}
    side = lambda part: ", ".join(name if name in untyped else f"{name}: {types[name]}" for name in part)
    text = f"{side(names[:inputs])} -> {side(names[inputs:])}"
    instructions = rng.choice(INSTRUCTIONS)
    signature = dspy.Signature(text) if instructions is None else dspy.Signature(text, instructions)
    descriptions = {name: f"about {name}" for name in names if rng.random() < 0.2}
    for name, description in descriptions.items():
        signature = signature.with_updated_fields(name, desc=description)
    reasons = rng.random() < 0.4
    if reasons:
        signature = dspy.ChainOfThought(signature).predict.signature

    def record(fields, share):
        values = {name: random_value(types.get(name, "str")) for name in fields if rng.random() < share}
        for name in values.keys() & untyped & set(names[:inputs]):
            if rng.random() < 0.4:
                values[name] = [rng.choice(WORDS) for _ in range(rng.randint(0, 3))]
        return values

    demos = [record(signature.fields, rng.choice([1, 1, 0.6])) for _ in range(rng.randint(0, 2))]
    given, outputs = record(names[:inputs], 0.95), record(signature.output_fields, 1)
    block = lambda name: f"[[ ## {name} ## ]]\n{rng.choice(ANSWERS)}\n\n"
    answers = ["".join(block(n) for n in signature.output_fields if rng.random() < 0.97) for _ in range(6)]
    examples = [dspy.Example(**demo) for demo in demos]
    chat, json_ = ChatAdapter(), JSONAdapter()
    return {
        "signature": text, "instructions": instructions, "descriptions": descriptions, "reasons": reasons,
        "demos": demos, "inputs": given, "outputs": outputs,
        "chat": chat.format(signature, examples, given), "json": json_.format(signature, examples, given),
        "chatTarget": chat.format_assistant_message_content(signature, outputs),
        "jsonTarget": json_.format_assistant_message_content(signature, outputs),
        "prefixes": [field.json_schema_extra["prefix"] for field in signature.fields.values()],
        "parse": [[answer, parsed(chat, signature, answer)] for answer in answers],
    }


print("[\n" + ",\n".join(json.dumps(case(), ensure_ascii=False) for _ in range(int(sys.argv[1]))) + "\n]")
