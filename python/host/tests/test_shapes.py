"""Programs of all shapes, run by real DSPy against a scripted LM: tools, nesting, frozen parts, types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Start
from .harness import RemoteError, asked_fields, chat, last_turn, start_state

REACT = """
import dspy

def look_up(name: str) -> str:
    '''Tells a birthday.'''
    return {'Ada': '10 December'}[name]

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.agent = dspy.ReAct('question -> answer', tools=[look_up], max_iters=4)

    def forward(self, question):
        return self.agent(question=question)
"""


def test_react_calls_its_tools_and_every_step_is_told(start: Start) -> None:
    steps = [
        {'next_thought': 'look', 'next_tool_name': 'look_up', 'next_tool_args': '{"name": "Eve"}'},  # raises
        {'next_thought': 'again', 'next_tool_name': 'look_up', 'next_tool_args': '{"name": "Ada"}'},
        {'next_thought': 'done', 'next_tool_name': 'finish', 'next_tool_args': '{}'},
    ]
    prompts: list[str] = []

    def lm(call: dict[str, Any]) -> str:
        prompts.append(last_turn(call))
        if asked_fields(call)[0].startswith('next'):
            return chat(**steps[len(prompts) - 1])
        return chat(reasoning='read it', answer='10 December')

    host, description = start(REACT, lm=lm)
    names = [each['name'] for each in description['predictors']]
    assert names == ['agent.react', 'agent.extract.predict']
    state = start_state(description)
    state['predictors']['agent.react']['model'] = 'tuned'
    host.put('state', state)
    outcome = host.run({'question': 'When was Ada born?'}, 'state', labels={'answer': '10 December'})
    assert outcome['score'] == 1, outcome
    assert [call['predictor'] for call in outcome['trace']] == ['agent.react'] * 3 + ['agent.extract.predict']
    assert [params['call']['model'] for params in host.calls] == ['tuned'] * 3 + ['base']
    assert 'KeyError' in prompts[1] and '10 December' in prompts[2]
    # Its training rows are made of the parsed values, a dict of arguments among them.
    assert outcome['trace'][1]['outputs']['next_tool_args'] == {'name': 'Ada'}
    row = host.rows(
        [
            {
                'predictor': 'agent.react',
                'state': state['predictors']['agent.react'],
                **{key: outcome['trace'][1][key] for key in ('inputs', 'outputs')},
            }
        ]
    )[0]
    assert row['completion'] == chat(**steps[1]) + '\n' and row['prompt']['messages'][-1]['content'] == prompts[1]


NATIVE = """
import dspy

dspy.configure(adapter=dspy.%(adapter)s(use_native_function_calling=True))

class Act(dspy.Signature):
    question: str = dspy.InputField()
    tools: list[dspy.Tool] = dspy.InputField()
    calls: dspy.ToolCalls = dspy.OutputField()

def add(a: int, b: int) -> int:
    '''Adds.'''
    return a + b

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.act = dspy.Predict(Act)

    def forward(self, question):
        made = self.act(question=question, tools=[dspy.Tool(add)]).calls
        return dspy.Prediction(answer=str(add(**made.tool_calls[0].args)), name=made.tool_calls[0].name)
"""


@pytest.mark.parametrize('adapter', ['ChatAdapter', 'JSONAdapter'])
def test_native_function_calling_goes_by_text(start: Start, adapter: str) -> None:
    """An endpoint of the run is not known to call functions, so DSPy describes tools, and reads calls, as text."""
    calls = {'tool_calls': [{'name': 'add', 'args': {'a': 1, 'b': 2}}]}

    def lm(call: dict[str, Any]) -> str:
        return json.dumps({'calls': calls}) if adapter == 'JSONAdapter' else chat(calls=json.dumps(calls))

    host, _ = start(NATIVE % {'adapter': adapter}, lm=lm)
    outcome = host.run({'question': 'Add 1 and 2.'}, labels={'answer': '3'})
    assert outcome['score'] == 1, outcome
    assert outcome['prediction']['name'] == 'add'
    assert 'add' in last_turn(host.calls[0]['call']) and outcome['trace'][0]['outputs']['calls'] == calls


NESTED = """
import dspy

class Inner(dspy.Module):
    def __init__(self, compiled=False):
        super().__init__()
        self.look = dspy.Predict('question -> notes')
        self._compiled = compiled

    def forward(self, question):
        return self.look(question=question)

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.frozen = Inner(compiled=True)
        self.inner = Inner()
        self.hops = [dspy.ChainOfThought('question, notes -> query') for _ in range(2)]
        self.by = {'yes': dspy.Predict('question -> answer'), 'no': dspy.Predict('question -> answer')}
        self.shared = self.by['yes']

    def forward(self, question):
        notes = self.frozen(question=question).notes + self.inner(question=question).notes
        for hop in self.hops:
            notes = hop(question=question, notes=notes).query
        fresh = dspy.ChainOfThought('question -> opinion')
        fresh(question=question)
        self.shared(question=question)
        return self.by['no' if 'not' in question else 'yes'](question=question)
"""


def test_nested_lists_dicts_frozen_and_made_on_the_way(start: Start) -> None:
    host, description = start(NESTED)
    found = {each['name']: each['frozen'] for each in description['predictors']}
    assert found == {
        'frozen.look': True,
        'inner.look': False,
        'hops[0].predict': False,
        'hops[1].predict': False,
        "by['yes']": False,
        "by['no']": False,
    }
    state = start_state(description)
    for name in found:
        state['predictors'][name] = {'instructions': f'I am {name}.', 'demos': [], 'model': f'model of {name}'}
    host.put('state', state)
    outcome = host.run({'question': 'not so'}, 'state', labels={'answer': 'answer of not so'})
    assert outcome['score'] == 1
    opinion = 'question -> reasoning, opinion'
    asked = ['frozen.look', 'inner.look', 'hops[0].predict', 'hops[1].predict', opinion, "by['yes']", "by['no']"]
    assert [call['predictor'] for call in outcome['trace']] == asked
    for name, params in zip(asked, host.calls, strict=True):
        system = params['call']['prompt']['messages'][0]['content']
        assert params['call']['model'] == ('base' if name == opinion else f'model of {name}')
        assert (f'I am {name}.' in system) == (name != opinion)
    assert [call['path'] for call in outcome['trace']][:3] == [
        ['Program', 'Inner'],
        ['Program', 'Inner'],
        ['Program', 'ChainOfThought'],
    ]
    # The same predictor called twice keeps two calls, each with what it was asked.
    twice = host.run({'question': 'so'}, 'state')
    assert [call['predictor'] for call in twice['trace']][-2:] == ["by['yes']"] * 2


TYPES = """
import dspy
import pydantic
from typing import Literal, Optional

class Card(pydantic.BaseModel):
    title: str
    pages: list[int] = []

class Sort(dspy.Signature):
    cards: list[Card] = dspy.InputField()
    hint: Optional[str] = dspy.InputField(default='none')
    kind: Literal['a', 'b'] = dspy.OutputField()
    number: Optional[int] = dspy.OutputField()
    best: Card = dspy.OutputField()
    scores: dict[str, float] = dspy.OutputField()

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.sort = dspy.Predict(Sort)

    def forward(self, cards: list[Card]):
        made = self.sort(cards=cards)
        assert isinstance(cards[0], Card) and isinstance(made.best, Card) and made.number is None
        return made

def metric(example, prediction):
    assert isinstance(example.cards[0], dict)  # as the row has it
    return prediction.kind == example.kind and prediction.scores['x'] > 0.1
"""


def test_types_come_and_go(start: Start) -> None:
    answers = {'kind': '"b"', 'number': 'None', 'best': '{"title": "B", "pages": [2]}', 'scores': '{"x": 0.5}'}
    host, description = start(TYPES, metric='program.py#metric', lm=lambda call: chat(**answers))
    signature = description['predictors'][0]['signature']
    assert [field['type']['kind'] for field in signature['outputs']] == ['literal', 'optional', 'json', 'dict']
    cards = [{'title': 'A', 'pages': [1]}, {'title': 'B'}]
    outcome = host.run({'cards': cards}, labels={'kind': 'b'})
    assert outcome['score'] == 1, outcome
    call = outcome['trace'][0]
    assert call['inputs'] == {'cards': [{'title': 'A', 'pages': [1]}, {'title': 'B', 'pages': []}], 'hint': 'none'}
    assert call['outputs'] == {
        'kind': 'b',
        'number': None,
        'best': {'title': 'B', 'pages': [2]},
        'scores': {'x': 0.5},
    }
    # As a demo it reads as it did as an answer.
    state = start_state(description)
    state['predictors']['sort']['demos'] = [{'fields': {**call['inputs'], **call['outputs']}, 'augmented': True}]
    shown = host.prompt('sort', state['predictors']['sort'], {'cards': cards, 'hint': 'h'})['prompt']['messages']
    assert '[[ ## best ## ]]\n{"title": "B", "pages": [2]}' in shown[2]['content']
    assert '[{"title": "A", "pages": [1]}, {"title": "B", "pages": []}]' in shown[1]['content']


PICTURE = {'url': 'data:image/png;base64,iVBORw0KGgo='}
SEES = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.see = dspy.Predict('image: dspy.Image, others: list[dspy.Image], question -> answer')

    def forward(self, image, question):
        far = dspy.Image(**{'url': 'https://example.com/b.png'})
        return self.see(image=image, others=[far], question=question)
"""


@pytest.mark.parametrize('watched', [False, True], ids=['short way', "DSPy's own way"])
def test_images_are_passed_on_in_parts(start: Start, watched: bool) -> None:
    watches = """
from dspy.utils.callback import BaseCallback
dspy.configure(callbacks=[BaseCallback()])
"""
    host, description = start(SEES + (watches if watched else ''), lm=lambda call: chat(answer='a dot'))
    demo = {'image': PICTURE, 'others': [], 'question': 'And this?', 'answer': 'a line'}
    state = start_state(description)
    state['predictors']['see']['demos'] = [{'fields': demo, 'augmented': True}]
    host.put('shown', state)
    row = {'image': PICTURE, 'question': 'What is it? «é»'}
    outcome = host.run(row, 'shown', labels={'answer': 'a dot'})
    assert outcome['score'] == 1, outcome
    assert outcome['trace'][0]['inputs']['image'] == PICTURE
    system, example, answer, asked = host.calls[0]['call']['prompt']['messages']
    assert isinstance(system['content'], str) or system['content'][0]['type'] == 'text'
    assert '[[ ## answer ## ]]\na line' in str(answer['content']).replace('\\n', '\n')
    for turn, urls in ((example, [PICTURE['url']]), (asked, [PICTURE['url'], 'https://example.com/b.png'])):
        images = [part['image_url'] for part in turn['content'] if part['type'] == 'image_url']
        assert [image['url'] for image in images] == urls
    text = ''.join(part.get('text', '|') for part in asked['content'])
    assert text.startswith('[[ ## image ## ]]\n|\n\n[[ ## others ## ]]\n["|"]\n\n[[ ## question ## ]]\nWhat is it? «é»')
    shown = host.prompt('see', state['predictors']['see'], {'image': PICTURE, 'others': [], 'question': 'q'})
    assert shown['prompt']['messages'][-1]['content'][1] == {'type': 'image_url', 'image_url': PICTURE}


def test_a_path_is_not_sent_in_the_place_of_an_image(start: Start) -> None:
    host, _ = start(SEES, lm=lambda call: chat(answer='a dot'))
    error = host.run({'image': 'a.png', 'question': 'q'}, labels={'answer': 'a'})['error']
    assert error['message'].startswith("The input image is a dspy.Image, and this is a text: 'a.png'. Make it in code")
    assert 'dspy.Image.from_' in error['message']
    assert not host.calls
    assert 'error' not in host.run({'image': '', 'question': 'q'}, labels={'answer': 'a'})
    hears, _ = start("import dspy\nProgram = dspy.Predict('sound: dspy.Audio -> answer')")
    error = hears.run({'sound': 'https://example.com/a.wav'}, labels={'answer': 'a'})['error']
    assert 'with dspy.Audio.from_url' in error['message']


def test_weights_are_not_trained_on_images(start: Start) -> None:
    host, description = start(SEES)
    inputs = {'image': PICTURE, 'others': [], 'question': 'q'}
    row = {'predictor': 'see', 'state': start_state(description)['predictors']['see'], 'inputs': inputs}
    with pytest.raises(RemoteError, match="'see' is shown pictures, and weights are trained on text alone"):
        host.rows([{**row, 'outputs': {'answer': 'x'}}])


def test_audio_is_told(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.hear = dspy.Predict('sound: dspy.Audio, question -> answer')

            def forward(self, question):
                return self.hear(sound=dspy.Audio(data='UklGRg==', audio_format='wav'), question=question)
        """
    )
    outcome = host.run({'question': 'What is it?'})
    assert outcome['error']['kind'] == 'rejected'
    assert 'shows audio or files to the LM' in outcome['error']['message']
    assert host.calls == []


def test_code_that_is_loaded_once_keeps_its_locks_and_clients(start: Start) -> None:
    """Nothing is copied: what cannot be copied is no trouble."""
    host, description = start("""
        import threading
        import dspy

        class Client:
            def __deepcopy__(self, memo):
                raise TypeError('a client is not copied')

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.lock, self.client = threading.Lock(), Client()
                self.answer = dspy.Predict('question -> answer')

            def forward(self, question):
                with self.lock:
                    return self.answer(question=question)
    """)
    for number in range(2):
        state = start_state(description, f'model-{number}')
        host.put(f'state-{number}', state)
        assert host.run({'question': 'q'}, f'state-{number}', labels={'answer': 'answer of q'})['score'] == 1
    assert [params['call']['model'] for params in host.calls] == ['model-0', 'model-1']


def test_programs_that_stream_get_the_prediction_whole_in_any_number_of_rows(start: Start) -> None:
    host, _ = start("""
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.answer = dspy.Predict('question -> answer')

            def forward(self, question):
                listener = dspy.streaming.StreamListener(signature_field_name='answer')
                stream = dspy.streamify(self.answer, stream_listeners=[listener], async_streaming=False)
                return next(part for part in stream(question=question) if isinstance(part, dspy.Prediction))
    """)
    # More than DSPy's own limit of workers, which all event loops share.
    runs = [host.start({'question': f'q{number}'}) for number in range(20)]
    outcomes = [run.wait() for run in runs]
    assert [each['prediction'] for each in outcomes] == [{'answer': f'answer of q{number}'} for number in range(20)]
