"""What is kept between calls is what DSPy would make, to the byte; an adapter of the user's is always asked."""

from __future__ import annotations

import enum
from typing import Any, Literal, Optional

import dspy
import pydantic
import pytest
from dspy.adapters import utils
from dspy.adapters.base import Adapter

from bettertogether_host import kept


class Tone(enum.Enum):
    warm = 'warm'
    cold = 'cold'


class Card(pydantic.BaseModel):
    title: str
    pages: list[int] = []


class Sort(dspy.Signature):
    """Sort
    it."""

    question: str = dspy.InputField(desc='what is asked')
    card: Card = dspy.InputField()
    history: dspy.History = dspy.InputField()
    tone: Tone = dspy.OutputField()
    sure: bool = dspy.OutputField()
    number: Optional[int] = dspy.OutputField()  # noqa: UP045
    either: int | str = dspy.OutputField()
    other: str | int = dspy.OutputField()
    kind: Literal['a', 'b'] = dspy.OutputField(desc='which')
    cards: list[Card] = dspy.OutputField()


SIGNATURES = [Sort, Sort.with_instructions('Another.'), dspy.Signature('question, context: list[str] -> answer: float')]
CARD = Card(title='«T»', pages=[1, 2])
HISTORY = dspy.History(messages=[{'question': 'q', 'card': CARD, 'tone': 'warm', 'sure': True}])
OUTPUTS = {
    'tone': Tone.cold,
    'sure': False,
    'number': None,
    'either': 3,
    'other': '3',
    'kind': 'b',
    'cards': [CARD],
    'answer': 2.0,
}
DEMOS = [
    dspy.Example(question='whole', card=CARD, history=HISTORY, context=['x', 'y'], augmented=True, **OUTPUTS),
    dspy.Example(question='part', answer=1.5, tone='warm'),
    {'question': ['a list', 'of «two»\nlines'], 'answer': 1, 'tone': Tone.warm},
    {'question': 'no output'},
]
INPUTS: list[dict[str, Any]] = [
    {'question': 'é\nü', 'card': CARD, 'history': HISTORY, 'context': ['one', 'two']},
    {'question': ['a', 'b'], 'card': {'title': 'a dict'}, 'history': HISTORY, 'context': []},
    {'question': 12, 'context': None},
]


def rendered(keep: kept.Kept | None) -> list[Any]:
    """All messages of all adapters; twice, so that the second time comes from what was kept."""
    made = []
    for adapter in (
        dspy.ChatAdapter(),
        dspy.JSONAdapter(),
        *(dspy.XMLAdapter() for _ in [0] if hasattr(dspy, 'XMLAdapter')),
    ):
        for signature in SIGNATURES:
            for inputs in INPUTS * 2:
                if 'history' in signature.fields and 'history' not in inputs:
                    continue
                demos = DEMOS if keep is None else kept.SharedDemos(DEMOS, keep)
                made.append(adapter.format(signature, demos, dict(inputs)))
                try:
                    made.append(adapter.format_assistant_message_content(signature, OUTPUTS))
                except Exception as error:
                    made.append(str(error))
    return made


@pytest.fixture
def unpatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """DSPy as it was comes back after the test."""
    monkeypatch.setattr(utils, 'TypeAdapter', utils.TypeAdapter)
    for cls in (Adapter, dspy.ChatAdapter, dspy.JSONAdapter):
        for name in ('format_system_message', 'user_message_output_requirements', 'format_demos'):
            if name in vars(cls):
                monkeypatch.setattr(cls, name, vars(cls)[name])


@pytest.mark.usefixtures('unpatched')
def test_messages_are_the_same_to_the_byte() -> None:
    expected = rendered(None)
    kept.install()
    shared = kept.Kept()
    assert rendered(shared) == expected
    assert rendered(shared) == expected
    assert rendered(None) == expected


@pytest.mark.usefixtures('unpatched')
def test_values_are_parsed_the_same() -> None:
    completions = [
        '[[ ## answer ## ]]\n2',
        '[[ ## tone ## ]]\nwarm\n[[ ## sure ## ]]\nyes\n[[ ## number ## ]]\nNone\n[[ ## either ## ]]\n3\n'
        '[[ ## other ## ]]\n3\n[[ ## kind ## ]]\n"b"\n[[ ## cards ## ]]\n[{"title": "T", "pages": ["1"]}]',
    ]
    signatures = [SIGNATURES[2], Sort]

    def parsed() -> list[Any]:
        return [dspy.ChatAdapter().parse(*each) for each in zip(signatures, completions, strict=True)]

    expected = parsed()
    kept.install()
    assert parsed() == expected
    assert parsed() == expected
    again = parsed()[1]
    assert (type(again['either']), type(again['other'])) == (type(expected[1]['either']), type(expected[1]['other']))


@pytest.mark.usefixtures('unpatched')
def test_an_adapter_of_the_users_is_asked_every_time() -> None:
    kept.install()

    class Counting(dspy.ChatAdapter):
        calls = 0

        def format_task_description(self, signature: Any) -> str:
            Counting.calls += 1
            return f'Task {Counting.calls}.'

        def format_user_message_content(self, signature: Any, inputs: Any, **more: Any) -> str:
            return f'{Counting.calls}: {super().format_user_message_content(signature, inputs, **more)}'

    demos = kept.SharedDemos(DEMOS[:1], kept.Kept())
    signature = SIGNATURES[2]
    for number in (1, 2):
        messages = Counting().format(signature, demos, INPUTS[0])
        assert messages[0]['content'].endswith(f'Task {number}.')
        assert messages[1]['content'].startswith(f'{number}: ')


@pytest.mark.usefixtures('unpatched')
def test_a_list_of_demos_that_was_changed_is_rendered_anew() -> None:
    kept.install()
    adapter, signature, shared = dspy.ChatAdapter(), SIGNATURES[2], kept.Kept()
    demos = kept.SharedDemos(DEMOS, shared)
    before = adapter.format_demos(signature, demos)
    before[0]['content'] = 'changed by the program'
    assert adapter.format_demos(signature, demos)[0]['content'] != 'changed by the program'
    demos.pop()
    demos[0] = dspy.Example(question='new', context=[], answer=0.5)
    assert any('new' in message['content'] for message in adapter.format_demos(signature, demos))


def test_what_is_kept_has_an_end() -> None:
    shared = kept.Kept()
    things = [[number] for number in range(3000)]
    for thing in things:
        assert shared.get('key', thing, lambda thing=thing: thing[0] * 2) == thing[0] * 2
    assert shared.get('key', things[-1], lambda: 'made again') == 2999 * 2
    assert shared.get('key', things[0], lambda: 'made again') == 'made again'
