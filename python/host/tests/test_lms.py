"""Which model answers: the state's for the program's predictors, the one its author named for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bettertogether_host.addresses import Address, one_spelling

from .conftest import Start
from .harness import asked_fields, fills_in, start_state

OWN = """
import dspy

dspy.configure(lm=dspy.LM('openai/main'))
judge = dspy.LM('openai/judge', temperature=0.7)
grade = dspy.Predict('question, answer -> grade')

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')
        self.check = dspy.Predict('question -> verdict')
        self.check.lm = dspy.LM('openai/big', max_tokens=77)
        self.same = dspy.Predict('question -> again')
        self.same.lm = dspy.LM('openai/main', temperature=0.2)

    def forward(self, question):
        answer = self.answer(question=question).answer
        self.check(question=question)
        self.same(question=question)
        with dspy.context(lm=judge):
            self.answer(question=question)
        with dspy.context(lm=dspy.LM('openai/main')):
            self.answer(question=question)
        self.answer(question=question, lm=judge.copy(temperature=1.0))
        return dspy.Prediction(answer=answer)

def metric(example, prediction, trace=None):
    with dspy.context(lm=judge):
        one = grade(question=example.question, answer=prediction.answer).grade
    return one == grade(question=example.question, answer=prediction.answer).grade
"""


def test_names_that_the_author_gave_are_asked(start: Start) -> None:
    host, description = start(OWN, metric='program.py#metric')
    assert [each.get('model') for each in description['predictors']] == [None, 'big', None]
    tuned = start_state(description, 'tuned')
    tuned['predictors']['check']['model'] = 'big'
    host.put('tuned', tuned)
    assert host.run({'question': 'who'}, 'tuned')['score'] == 1
    asked = [
        (call['model'], call.get('authors', False), call.get('sampling', {}), params['metric'])
        for params in host.calls
        for call in [params['call']]
    ]
    assert asked == [
        ('tuned', False, {}, False),
        ('big', False, {'maxTokens': 77}, False),
        ('tuned', False, {}, False),
        ('judge', True, {'temperature': 0.7}, False),
        ('tuned', False, {}, False),
        ('judge', True, {'temperature': 1.0}, False),
        ('judge', True, {'temperature': 0.7}, True),
        ('base', False, {}, True),
    ]


def test_a_predictors_own_lm_is_tuned_only_where_its_state_says_so(start: Start) -> None:
    host, description = start(OWN, metric='program.py#metric')
    state = start_state(description)
    state['predictors']['check']['model'] = 'big-tuned'
    host.put('other', state)
    host.run({'question': 'who'}, 'other')
    assert [p['call']['model'] for p in host.calls if asked_fields(p['call']) == ['verdict']] == ['big-tuned']


def test_one_lm_for_the_whole_program_stands_for_the_runs_model(start: Start) -> None:
    host, description = start(
        """
        import dspy

        dspy.configure(lm=dspy.LM('openai/gpt-4o'))  # the judge's

        def program():
            program = dspy.ChainOfThought('question -> answer')
            program.set_lm(dspy.LM('hosted_vllm/llama', api_base='http://gpu-box:8000/v1/'))
            return program
    """,
        program='program.py#program',
    )
    assert 'model' not in description['predictors'][0]
    assert host.run({'question': 'who'}, labels={'answer': 'answer of who'})['score'] == 1
    assert [params['call']['model'] for params in host.calls] == ['base']


FOREIGN = """
import dspy

dspy.configure(lm=dspy.LM('openai/main', api_base='http://one/v1'))
far = dspy.LM('anthropic/claude', api_key='secret')
near = dspy.LM('openai/small', api_base='http://lab:8000/v1')

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')
        self.far = dspy.Predict('question -> far')
        self.far.lm = far

    def forward(self, question):
        with dspy.context(lm=near):
            dspy.Predict('question -> near')(question=question)
        self.far(question=question)
        return self.answer(question=question)

def metric(example, prediction, trace=None):
    with dspy.context(lm=far):
        return dspy.Predict('answer -> grade')(answer=prediction.answer).grade == 'x'
"""


def test_lms_of_other_services_are_told_and_never_asked(start: Start) -> None:
    host, description = start(FOREIGN, metric='program.py#metric', baseURL='http://lab:8000/v1')
    assert [each.get('model') for each in description['predictors']] == [None, None]
    assert "The predictor 'far' has an LM of its own, 'anthropic/claude'" in host.printed
    outcome = host.run({'question': 'who'})
    # The metric's judge is nobody the run could ask in its place.
    assert outcome['error']['kind'] == 'rejected'
    assert "'anthropic/claude' (" not in outcome['error']['message'] and 'secret' not in str(outcome)
    assert "The program asks the LM 'anthropic/claude'" in outcome['error']['message']
    assert [params['call']['model'] for params in host.calls] == ['small', 'base', 'base']

    block = (
        '"anthropic": {"kind": "openai", "baseURL": "https://api.anthropic.com/v1", "apiKeyEnv": "ANTHROPIC_API_KEY"}'
    )
    assert block in outcome['error']['message'] and block in host.printed


ELSEWHERE = """
import dspy

dspy.configure(lm=dspy.LM('openai/main', api_base='http://lab:8000/v1'))
judge = dspy.LM('openai/gpt-4o', temperature=0.7, api_key='secret')
box = dspy.LM('hosted_vllm/big', api_base='HTTP://Box:80/v1/', max_tokens=77)

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')
        self.check = dspy.Predict('question -> verdict')
        self.check.lm = box

    def forward(self, question):
        self.check(question=question)
        with dspy.context(lm=judge):
            dspy.Predict('question -> near')(question=question)
        return self.answer(question=question)

class Later(dspy.Module):
    def __init__(self):
        super().__init__()
        self.check = dspy.Predict('question -> verdict')
        self.check.lm = box
        self.answer = dspy.Predict('question -> answer')

    async def aforward(self, question):
        return dspy.Prediction(answer=(await self.check.acall(question=question)).verdict)

def metric(example, prediction, trace=None):
    with dspy.context(lm=judge):
        dspy.Predict('answer -> grade')(answer=prediction.answer)
    return True
"""

SERVICES = [{'name': 'openai', 'baseURL': 'https://api.openai.com/v1'}, {'name': 'big', 'baseURL': 'http://box/v1'}]


def test_lms_of_other_endpoints_are_asked_there(start: Start) -> None:
    host, description = start(ELSEWHERE, metric='program.py#metric', baseURL='http://lab:8000/v1', services=SERVICES)
    check = description['predictors'][1]
    assert (check['name'], check['model'], check['endpoint']) == ('check', 'big', 'big')
    assert 'model' not in description['predictors'][0] and 'endpoint' not in description['predictors'][0]
    tuned = start_state(description, 'tuned')
    tuned['predictors']['check']['model'] = 'big'
    host.put('tuned', tuned)
    outcome = host.run({'question': 'who'}, 'tuned')
    assert outcome['score'] == 1
    asked = [
        (params['call']['model'], params['call'].get('endpoint'), params['call'].get('sampling', {}), params['metric'])
        for params in host.calls
    ]
    assert asked == [
        ('big', 'big', {'maxTokens': 77}, False),
        ('gpt-4o', 'openai', {'temperature': 0.7}, False),
        ('tuned', None, {}, False),
        ('gpt-4o', 'openai', {'temperature': 0.7}, True),
    ]
    assert all(params['call'].get('authors', False) == ('endpoint' in params['call']) for params in host.calls)
    assert [call['predictor'] for call in outcome['trace']] == ['check', 'question -> near', 'answer']
    assert host.printed == '' and 'secret' not in str(host.calls)


def test_another_model_of_a_state_is_at_the_runs_endpoint(start: Start) -> None:
    host, description = start(ELSEWHERE, metric='program.py#metric', baseURL='http://lab:8000/v1', services=SERVICES)
    state = start_state(description)
    state['predictors']['check']['model'] = 'big-tuned'
    host.put('other', state)
    host.run({'question': 'who'}, 'other')
    call = host.calls[0]['call']
    assert (call['model'], call.get('endpoint'), call['sampling']) == ('big-tuned', None, {'maxTokens': 77})


def test_other_endpoints_are_known_by_their_address_alone(start: Start) -> None:
    host, description = start(
        ELSEWHERE, metric='program.py#metric', baseURL='http://lab:8000/v1', services=SERVICES[:1]
    )
    assert 'endpoint' not in description['predictors'][1]
    block = '"box": {"kind": "openai", "baseURL": "http://box/v1", "apiKeyEnv": "HOSTED_VLLM_API_KEY"}'
    assert "'check' has an LM of its own" in host.printed and block in host.printed
    state = start_state(description)
    host.put('mine', state)
    assert host.run({'question': 'who'}, 'mine')['score'] == 1
    assert [params['call'].get('endpoint') for params in host.calls] == [None, 'openai', None, 'openai']


def test_coroutines_ask_other_endpoints_too(start: Start) -> None:
    host, description = start(ELSEWHERE, program='program.py#Later', services=SERVICES)
    state = start_state(description)
    state['predictors']['check']['model'] = 'big'
    host.put('own', state)
    host.run({'question': 'who'}, 'own', labels={'answer': 'x'})
    assert [(p['call']['model'], p['call'].get('endpoint')) for p in host.calls] == [('big', 'big')]


def test_the_prompt_of_a_predictor_elsewhere_says_where(start: Start) -> None:
    host, description = start(ELSEWHERE, metric='program.py#metric', services=SERVICES)
    state = {**start_state(description, 'big')['predictors']['check']}
    call = host.prompt('check', state, {'question': 'who'})
    assert (call['model'], call['endpoint']) == ('big', 'big')


def test_addresses_have_one_spelling() -> None:
    assert one_spelling('HTTPS://API.OpenAI.com:443/v1/') == 'https://api.openai.com/v1'
    assert one_spelling('http://[::1]:8000/v1') == 'http://[::1]:8000/v1'
    assert one_spelling('http://box:8080') == 'http://box:8080'
    assert one_spelling('http://box:port/v1') == 'http://box:port/v1'
    assert one_spelling('nowhere/') == 'nowhere'


def test_a_moved_openai_is_where_its_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('OPENAI_BASE_URL', 'OPENAI_API_BASE'):
        monkeypatch.delenv(name, raising=False)
    assert Address('openai', None, 'gpt-4o').home() == 'https://api.openai.com/v1'
    assert Address('unheard_of', None, 'x').home() is None
    monkeypatch.setenv('OPENAI_API_BASE', 'http://Proxy:4000/')
    assert Address('openai', None, 'gpt-4o').home() == 'http://proxy:4000'
    assert Address('groq', None, 'x').home() == 'https://api.groq.com/openai/v1'
    assert Address('openai', 'http://lab/v1', 'x').home() == 'http://lab/v1'


def test_custom_lms_are_the_run_processs_too(start: Start, tmp_path: Path) -> None:
    host, _ = start(
        """
        import dspy

        class Mine(dspy.BaseLM):
            def forward(self, prompt=None, messages=None, **kwargs):
                raise AssertionError('asked by itself')

        dspy.configure(lm=Mine('mine', temperature=0.3))
        program = dspy.Predict('question -> answer')
    """,
        program='program.py#program',
        lm=fills_in(lambda field, question: question),
    )
    assert host.run({'question': 'x'}, labels={'answer': 'x'})['score'] == 1


CONFIGURES = """
import dspy
%s
class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        dspy.configure(lm=dspy.LM('openai/other'))
        return self.answer(question=question)
"""


@pytest.mark.parametrize('top', ['', "dspy.configure(lm=dspy.LM('openai/main'))"])
def test_configure_within_forward_fails_on_every_row_with_what_to_do(start: Start, top: str) -> None:
    host, description = start(CONFIGURES % top)
    host.put_start(description)
    for question in ('one', 'two'):
        error = host.run({'question': question})['error']
        assert error['kind'] == 'program'
        assert 'dspy.context' in error['message'] and error['line'] == 10
