"""Functions that make optimizers, optimizers of the user's own, and what goes wrong in them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from .conftest import Start
from .harness import Refused, RemoteError, asked_fields, chat, fills_in, input_of, start_state
from .test_compile import PROGRAM, ROWS, evaluations, optimizer, ran, right, tuned

OWN = (
    PROGRAM
    + """
from dspy.teleprompt import Teleprompter

class Mine(Teleprompter):
    def __init__(self, metric, does):
        super().__init__()
        self.metric, self.does = metric, does

    def compile(self, student, *, trainset, valset=None, size=1, more=None):
        return self.does(self, student, trainset)

"""
)


def own(does: str, more: str = '') -> str:
    """An optimizer of the user's own whose `compile` is the body `does`."""
    lines = '\n'.join(f'    {line}' for line in does.strip().split('\n'))
    made = 'def make(metric):\n    return Mine(metric, does)\n'
    return f'{OWN}{more}\ndef does(self, student, trainset):\n{lines}\n\n{made}'


def failed(host: Any, match: str, act: Any = None) -> dict[str, Any]:
    """The data of the error that a compilation ends with."""
    with pytest.raises(RemoteError, match=match) as error:
        (act or (lambda: host.compile('program.py#make', ROWS)))()
    return error.value.data


NONE = {
    'raises': ("def raises():\n    raise ValueError('no way')", r'Making the optimizer .*py:\d+: ValueError: no way'),
    'seven': ('def seven():\n    return 7', r'seven gives a int, which is no optimizer'),
    'wants': ('def wants(data):\n    pass', r'wants data, which no one gives it. It can take: metric, seed\.'),
    'kind': (
        'def kind():\n    return dspy.SIMBA',
        r'gives the class SIMBA. Return an optimizer: SIMBA\(metric=metric\)',
    ),
    'number': ('number = 7', r'#number is a int. Name a function that returns an optimizer'),
    'other': (
        'class C:\n    def compile(self, x): pass\nother = C()',
        r'a C whose `compile` does not take a student and `trainset`',
    ),
    'missing': ('', r"has no 'missing' \(\"optimizer\": \"program.py#missing\"\). It defines: Program, raises, seven"),
}


def test_functions_that_make_no_optimizer(start: Start) -> None:
    host, _ = start('\n'.join([PROGRAM, *(source for source, _ in NONE.values())]))
    for name, (source, told) in NONE.items():
        data = failed(host, told, lambda name=name: host.load_teleprompter(f'program.py#{name}', {}))
        assert data['kind'] == 'load' and data['file'].endswith('program.py')
        assert ('line' in data) == source.startswith('def ')


def test_a_file_of_its_own_that_does_not_load(start: Start, tmp_path: Any) -> None:
    host, _ = start(PROGRAM)
    (tmp_path / 'broken.py').write_text('import dspy\n\nx = 1 / 0\n')
    data = failed(host, 'broken.py:3: ZeroDivisionError', lambda: host.load_teleprompter('broken.py#make', {}))
    assert data['line'] == 3
    (tmp_path / 'mine.py').write_text('from helper import make\n')
    (tmp_path / 'helper.py').write_text('import dspy\n\ndef make():\n    return dspy.BootstrapFewShot()\n')
    sources = host.load_teleprompter('mine.py#make', {})['sources']
    assert {path.rpartition('/')[2] for path in sources} >= {'mine.py', 'helper.py', 'program.py'}


def test_settings_that_compile_does_not_take(start: Start) -> None:
    host, _ = start(optimizer('SIMBA(metric=metric)'))
    for settings, told in (
        ({'max_stepz': 4}, r'SIMBA.compile takes no "compile.max_stepz". It takes: seed.'),
        ({'trainset': []}, r'"compile.trainset" cannot be set: it is the run\'s training rows'),
    ):
        load = lambda settings=settings: host.load_teleprompter('program.py#make', {'seed': 1}, settings)  # noqa: E731
        data = failed(host, told, load)
        assert data['kind'] == 'load' and data['line'] == 14


def test_settings_that_compile_has_to_be_given(start: Start) -> None:
    source = own('return student').replace('size=1', 'size, eval_kwargs')
    host, _ = start(source)
    told = r'Mine.compile has to be given "size": set "compile.size". It takes: size, eval_kwargs, more.'
    failed(host, told, lambda: host.load_teleprompter('program.py#make', {}))
    host.compile('program.py#make', ROWS, arguments={'size': 2})


@pytest.mark.parametrize('made', ['make = dspy.LabeledFewShot(k=1)', 'from dspy import LabeledFewShot as make'])
def test_an_optimizer_itself_and_its_class(start: Start, made: str) -> None:
    host, _ = start(f'{PROGRAM}\n{made}\n')
    assert host.load_teleprompter('program.py#make', {})['name'] == 'LabeledFewShot'
    compiled = host.compile('program.py#make', ROWS)
    assert compiled['state']['predictors']['answer.predict']['demos'] and host.calls == []


def test_a_function_that_asks_an_lm_ends_the_process(start: Start) -> None:
    source = f'{PROGRAM}\ndef make():\n    dspy.Predict("a -> b")(a="x")\n    return dspy.LabeledFewShot()\n'
    host, _ = start(source)
    host.begin_load_teleprompter('program.py#make', {})
    assert host.wait() == 1 and host.calls == []
    assert 'program.py:13 asks an LM' in host.ending and 'makes an optimizer' in host.ending


def test_an_optimizer_of_ones_own_asks_by_the_run(start: Start) -> None:
    does = """
proposed = dspy.Predict('basis -> instruction')(basis=student.answer.predict.signature.instructions).instruction
said = dspy.settings.lm('Say something.', n=2, temperature=0.9)
student.answer.predict.signature = student.answer.predict.signature.with_instructions(f'{proposed} {said}')
evaluate = dspy.Evaluate(devset=trainset, metric=self.metric)
assert dspy.settings.num_threads == 2
assert evaluate(student).score == 100
return student
"""

    def lm(call: dict[str, Any]) -> str:
        if call['prompt']['messages'][-1]['content'] == 'Say something.':
            return 'something'
        return chat(instruction='New.') if asked_fields(call) == ['instruction'] else right(call)

    host, description = start(own(does), lm=lm)
    host.put('tuned', tuned(description))
    compiled = host.compile('program.py#make', ROWS, 'tuned')
    instructions = compiled['state']['predictors']['answer.predict']['instructions']
    assert instructions == "New. ['something', 'something']"
    assert [call['sample']['repeat'] for call in host.calls if call['call'].get('sampling')] == [0, 1]
    assert {call['call']['model'] for call in host.calls} == {'tuned'}
    assert evaluations(host) == [{'evaluation': 0, 'mean': 1, 'scored': 4, 'failed': 0}]


def test_a_stop_goes_through_everything(start: Start) -> None:
    does = """
try:
    dspy.Evaluate(devset=trainset, metric=self.metric, num_threads=2, max_errors=100)(student)
except Exception:
    pass
except:
    try:
        student(question='q0')
    except:
        pass
return student
"""
    lock, answered = threading.Lock(), []

    def lm(call: dict[str, Any]) -> str:
        with lock:
            answered.append(1)
            if len(answered) > 2:
                raise Refused('The cap of 2 calls is reached.', 'stop')
        return right(call)

    host, _ = start(own(does), lm=lm)
    failed(host, 'The cap of 2 calls is reached')
    assert len(answered) <= 4  # those that were under way; none after


def test_a_stop_ends_simba_and_bootstrapping(start: Start) -> None:
    """DSPy's optimizers catch what programs throw."""

    def lm(call: dict[str, Any]) -> str:
        raise Refused('No more.', 'stop')

    for made in ('SIMBA(metric=metric, bsize=2, num_threads=2)', 'BootstrapFewShot(metric=metric)'):
        host, _ = start(optimizer(made), lm=lm)
        failed(host, 'No more')
        assert len(host.calls) <= 2 and ran(host) == []


def test_a_cancelled_compilation_ends(start: Start) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def lm(call: dict[str, Any]) -> str:
        asked.set()
        go_on.wait(30)
        return right(call)

    host, _ = start(optimizer('BootstrapFewShot(metric=metric)'), lm=lm)
    answer = host.begin_compile('program.py#make', ROWS)
    assert asked.wait(30)
    host.cancel(2)  # behind initialize
    with pytest.raises(RemoteError, match='cancelled'):
        answer.wait()
    go_on.set()


def test_rejected_calls_are_the_optimizers_to_handle(start: Start) -> None:
    def lm(call: dict[str, Any]) -> str:
        if input_of(call, 'question') == 'q0':
            raise Refused('Too long.', 'rejected')
        return right(call)

    host, _ = start(optimizer('BootstrapFewShot(metric=metric, max_labeled_demos=0)'), lm=lm)
    compiled = host.compile('program.py#make', ROWS)
    assert len(compiled['state']['predictors']['answer.predict']['demos']) == 3
    [first, *others] = ran(host)
    assert first['row'] == 0 and first['outcome']['error']['kind'] == 'rejected'
    assert first['outcome']['score'] == 0 and all(each['outcome']['score'] == 1 for each in others)


def test_an_lm_that_no_endpoint_serves_ends_it_whatever_the_optimizer_catches(start: Start) -> None:
    does = """
for _ in range(3):
    try:
        dspy.LM('openai/big', api_base='http://nowhere:1/v1', api_key='x')('hi')
    except Exception:
        pass
return student
"""
    host, _ = start(own(does), lm=right, baseURL='http://lab:8000/v1')
    host.load_teleprompter('program.py#make', {})
    failed(host, r"The optimizer asks the LM 'openai/big' at http://nowhere:1/v1.*Add this under \"endpoints\" there")
    assert host.calls == []


def test_errors_of_programs_metrics_and_answers_are_told(start: Start) -> None:
    source = (
        optimizer(
            'BootstrapFewShotWithRandomSearch(metric=metric, num_candidate_programs=0, max_bootstrapped_demos=1)'
        ).replace(
            '    def forward(self, question):\n', "    def forward(self, question):\n        assert question != 'q1'\n"
        )
        + '\ndef measured(example, prediction, trace=None):\n    return {"a0": 0.5, "a3": True}[prediction.answer]\n'
    )

    def lm(call: dict[str, Any]) -> str:
        return (
            'no fields'
            if input_of(call, 'question') == 'q2' or 'q2' in str(call['prompt']['messages'][-1])
            else right(call)
        )

    host, _ = start(source, lm=lm, metric='program.py#measured')
    host.compile('program.py#make', [{'question': 'q9', 'answer': 'a9'}], validation=ROWS)
    of_first = {each['row'] - 1: each['outcome'] for each in ran(host) if each['evaluation'] == 0}
    assert of_first[0]['score'] == 0.5 and of_first[3]['score'] == 1
    assert of_first[1]['error'] == {**of_first[1]['error'], 'kind': 'program', 'line': 10}
    assert of_first[2]['error']['kind'] == 'parse' and of_first[2]['trace'][0]['outputs'] is None
    assert evaluations(host)[0] == {'evaluation': 0, 'mean': 1.5 / 4, 'scored': 4, 'failed': 2}


def test_a_compile_that_fails_or_gives_nothing(start: Start) -> None:
    host, _ = start(own('raise KeyError("x")'))
    data = failed(host, "Mine.compile failed: KeyError: 'x'")
    assert data['kind'] == 'program' and data['line'] == 24 and 'KeyError' in data['stack']
    host, _ = start(own('return None'))
    assert failed(host, 'Mine.compile returned None, which is no program')['kind'] == 'program'


def test_training_within_compile_is_refused(start: Start) -> None:
    does = """
try:
    dspy.LM('openai/x').finetune([], None)
except BaseException:
    pass
return student
"""
    host, _ = start(own(does))
    assert failed(host, r'calls lm.finetune\(\). Models are trained and served by a step "w"')['kind'] == 'program'


def test_rollouts_and_lms_without_a_cache(start: Start) -> None:
    does = """
for _ in range(2):
    for lm in (dspy.settings.lm, dspy.settings.lm.copy(rollout_id=5, temperature=1.0), fresh, fresh.copy(rollout_id=7)):
        lm('hello')
dspy.settings.lm('hello', rollout_id=3)
dspy.settings.lm('hello', cache=False)
return student
"""
    source = own(does, "fresh = dspy.LM('openai/fresh', api_base='http://elsewhere/v1', cache=False)\n")
    services = [{'name': 'others', 'baseURL': 'http://elsewhere/v1'}]
    host, _ = start(source, lm=lambda call: 'hi', services=services)
    host.compile('program.py#make', ROWS)
    samples = [(call['call']['model'], *call['sample'].values()) for call in host.calls]
    one = [('base', None, 0), ('base', '5', 0), ('fresh', None, 0), ('fresh', '7', 0)]
    two = [('base', None, 0), ('base', '5', 0), ('fresh', None, 1), ('fresh', '7', 1)]
    assert samples == [*one, *two, ('base', '3', 0), ('base', None, 0)]


TWO = """
import dspy

small = dspy.LM('openai/small', api_base='http://elsewhere/v1', temperature=0.3)

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.hint = dspy.Predict('question -> hint')
        self.answer = dspy.Predict('question, hint -> answer')
        self.hint.lm = small

    def forward(self, question):
        hint = self.hint(question=question).hint
        return self.answer(question=question, hint=hint)

def make(metric):
    return dspy.BootstrapFewShot(metric=metric, max_labeled_demos=0, max_bootstrapped_demos=1)

def search(metric):
    return dspy.BootstrapFewShotWithRandomSearch(metric=metric, max_labeled_demos=0, num_candidate_programs=0)

def simba(metric):
    return dspy.SIMBA(metric=metric, bsize=2, num_candidates=2, max_steps=1, num_threads=2)
"""


@pytest.mark.parametrize('name', ['make', 'search', 'simba'])
def test_two_predictors_on_two_models(start: Start, name: str) -> None:
    services = [{'name': 'others', 'baseURL': 'http://elsewhere/v1'}]
    host, description = start(TWO, lm=right, services=services)
    state = start_state(description, 'tuned')
    state['predictors']['hint']['model'] = 'small'
    host.put('two', state)
    compiled = host.compile(f'program.py#{name}', ROWS, 'two')
    assert {each['model'] for each in compiled['state']['predictors'].values()} == {'small', 'tuned'}
    asked = {
        (
            *asked_fields(call['call']),
            call['call']['model'],
            call['call'].get('endpoint'),
            str(call['call'].get('sampling')),
        )
        for call in host.calls
        if call['call'].get('sampling') not in ({'temperature': 1.0}, {'temperature': 0.5})  # what SIMBA samples
    }
    assert asked == {('hint', 'small', 'others', "{'temperature': 0.3}"), ('answer', 'tuned', None, 'None')}
    assert compiled['lost'] == []


def test_two_predictors_on_two_tuned_models(start: Start) -> None:
    host, _ = start(TWO.replace('self.hint.lm = small', 'pass'), lm=right)
    each = {'instructions': 'Go.', 'demos': []}
    host.put('two', {'predictors': {'hint': {**each, 'model': 'one'}, 'answer': {**each, 'model': 'two'}}})
    host.compile('program.py#search', ROWS, 'two')
    asked = {(*asked_fields(call['call']), call['call']['model']) for call in host.calls}
    assert asked == {('hint', 'one'), ('answer', 'two')}


def test_a_frozen_predictor_stays_as_it_was(start: Start) -> None:
    does = """
for each in student.predictors():
    each.signature = each.signature.with_instructions('Changed.')
dspy.Evaluate(devset=trainset, metric=self.metric)(student)
return student
"""
    source = own(does).replace(PROGRAM, TWO.replace('self.hint.lm = small', 'pass'))
    host, description = start(source, lm=right, frozen=['hint'])
    compiled = host.compile('program.py#make', ROWS)
    was = description['predictors'][0]['signature']['instructions']
    instructions = {name: each['instructions'] for name, each in compiled['state']['predictors'].items()}
    assert instructions == {'hint': was, 'answer': 'Changed.'}
    assert compiled['lost'] == [
        "Mine changed the predictor 'hint', which is frozen: it stays as it was, and was so in all runs."
    ]
    systems = {(*asked_fields(call['call']), 'Changed.' in str(call['call']['prompt'])) for call in host.calls}
    assert systems == {('hint', False), ('answer', True)}


@pytest.mark.parametrize('kind', ['def', 'async def'])
def test_a_metric_with_words_is_as_true_as_its_score(start: Start, kind: str) -> None:
    """DSPy takes any dict, and any Prediction, to be a success."""
    source = optimizer('BootstrapFewShot(metric=metric, max_labeled_demos=0)') + (
        f'\n{kind} measured(example, prediction):\n'
        '    judged = dspy.Predict("text -> verdict")'
        f'{".acall" if kind != "def" else ""}(text=prediction.answer)\n'
        f'    verdict = ({"await " if kind != "def" else ""}judged).verdict\n'
        '    return {"score": example.answer == "a1", "feedback": f"It is {example.answer}: {verdict}"}\n'
    )

    def lm(call: dict[str, Any]) -> str:
        return chat(verdict='fine') if asked_fields(call) == ['verdict'] else right(call)

    host, description = start(source, lm=lm, metric='program.py#measured')
    host.put('tuned', tuned(description))
    compiled = host.compile('program.py#make', ROWS, 'tuned')
    [demo] = compiled['state']['predictors']['answer.predict']['demos']
    assert demo['fields']['answer'] == 'a1'
    told = [(each['row'], each['outcome']['score'], each['outcome']['feedback']) for each in ran(host)]
    assert told == [(i, int(i == 1), f'It is a{i}: fine') for i in range(4)]
    assert {(call['metric'], call['call']['model']) for call in host.calls} == {(True, 'base'), (False, 'tuned')}
    assert all(call['predictor'] == 'answer.predict' for each in ran(host) for call in each['outcome']['trace'])


TYPED = """
import datetime
import dspy
import pydantic

class Place(pydantic.BaseModel):
    name: str
    since: datetime.date

class Near(dspy.Signature):
    'Find another one.'
    place: Place = dspy.InputField()
    other: Place = dspy.OutputField()
    tags: list[str] = dspy.OutputField()

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.near = dspy.Predict(Near)

    def forward(self, place):
        assert isinstance(place, Place)
        return self.near(place=place)

def measured(example, prediction, trace=None):
    return isinstance(example.place, dict) and isinstance(prediction.other, Place)

def make(metric):
    return dspy.BootstrapFewShot(metric=metric, max_labeled_demos=0)

def keep():
    class Keep(dspy.teleprompt.Teleprompter):
        def compile(self, student, *, trainset):
            [demo] = student.near.demos
            assert isinstance(demo.place, Place) and isinstance(demo.other, Place), demo
            assert demo.other.since == datetime.date(2000, 1, 2) and demo.augmented is True
            return student
    return Keep()
"""


def test_typed_demos(start: Start) -> None:
    paris = {'name': 'Paris', 'since': '2000-01-02'}
    lm = lambda call: chat(other='{"name": "Rome", "since": "2000-01-02"}', tags='["a"]')  # noqa: E731
    host, description = start(TYPED, lm=lm, metric='program.py#measured')
    compiled = host.compile('program.py#make', [{'place': paris}], inputs=['place'])
    [demo] = compiled['state']['predictors']['near']['demos']
    assert demo['augmented'] is True and demo['fields']['tags'] == ['a']
    assert compiled['lost'] == [] and [each['outcome']['score'] for each in ran(host)] == [1]
    again, _ = start(TYPED, lm=lm, metric='program.py#measured')
    again.put('typed', compiled['state'])
    assert again.compile('program.py#keep', [{'place': paris}], 'typed', inputs=['place'])['state'] == compiled['state']
    assert description['predictors']


def test_what_a_state_does_not_hold(start: Start) -> None:
    does = """
one = student.answer.predict
one.config['temperature'] = 0.2
one.lm = dspy.LM('openai/other')
one.signature = one.signature.with_updated_fields('answer', desc='A number.').append('more', dspy.OutputField())
one.demos = [dspy.Example(question=object(), answer='a', id=3), {'question': 'q', 'answer': 'b', 'augmented': True}, 7]
student.extra = dspy.Predict('a -> b')
return student
"""
    host, _ = start(own(does))
    compiled = host.compile('program.py#make', ROWS)
    assert [each['augmented'] for each in compiled['state']['predictors']['answer.predict']['demos']] == [False, True]
    told = '\n'.join(compiled['lost'])
    for each in (
        "Mine added 'extra' to the predictors",
        "added 'more' in the fields of 'answer.predict'",
        "the description of 'answer' of 'answer.predict' to 'A number.'",
        "gave 'answer.predict' the LM 'openai/other'",
        "set temperature of 'answer.predict' to 0.2",
        'demos with fields that it does not have (id)',
        '1 demos that are no examples',
        "demos whose 'question' JSON cannot hold",
    ):
        assert each in told


def test_global_generators_are_seeded(start: Start) -> None:
    does = """
import random
student.answer.predict.signature = student.answer.predict.signature.with_instructions(str(random.random()))
return student
"""
    found = []
    for seed in (1, 1, 2):
        host, _ = start(own(does))
        compiled = host.compile('program.py#make', ROWS, seed=seed)
        found.append(compiled['state']['predictors']['answer.predict']['instructions'])
    assert found[0] == found[1] != found[2]


def test_a_function_that_configures_dspy(start: Start) -> None:
    source = PROGRAM + (
        "\ndef make(metric):\n    lm = dspy.LM('openai/gpt', api_base='http://elsewhere/v1')\n"
        '    dspy.configure(lm=lm)\n'
        '    return dspy.BootstrapFewShot(metric=metric, teacher_settings={"lm": lm}, max_labeled_demos=0)\n'
    )
    services = [{'name': 'others', 'baseURL': 'http://elsewhere/v1'}]
    host, description = start(source, lm=right, services=services)
    host.put('tuned', tuned(description))
    host.load_teleprompter('program.py#make', {})
    compiled = host.compile('program.py#make', ROWS[:1], 'tuned')
    assert [(call['call']['model'], call['call']['endpoint']) for call in host.calls] == [('gpt', 'others')]
    assert compiled['state']['predictors']['answer.predict']['model'] == 'tuned'


def test_a_program_that_is_one_predictor(start: Start) -> None:
    source = "import dspy\n\nprogram = dspy.Predict('question -> answer')\n\ndef make(metric):\n"
    source += '    return dspy.COPRO(metric=metric, breadth=2, depth=1)\n'

    def lm(call: dict[str, Any]) -> str:
        return right(call) if asked_fields(call) == ['answer'] else fills_in(lambda field, _: f'a {field}')(call)

    host, _ = start(source, program='program.py#program', lm=lm)
    compiled = host.compile('program.py#make', ROWS)
    assert compiled['state']['predictors']['self']['instructions'] == 'a proposed_instruction'
    assert len(ran(host)) == 8 and {each['outcome']['trace'][0]['predictor'] for each in ran(host)} == {'self'}
