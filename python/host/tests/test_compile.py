"""Compiling a program with optimizers of DSPy's: what is asked for, and what comes back."""

from __future__ import annotations

from typing import Any

from .conftest import Start
from .harness import fills_in

PROGRAM = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.ChainOfThought('question -> answer')

    def forward(self, question):
        return self.answer(question=question)
"""

ROWS = [{'question': f'q{i}', 'answer': f'a{i}'} for i in range(4)]


def right(call: dict[str, Any]) -> str:
    """q1 is answered by a1."""
    return fills_in(lambda field, question: f'{"a" if field == "answer" else "r"}{question[1:]}')(call)


def optimizer(made: str, takes: str = 'metric') -> str:
    return f'{PROGRAM}\nfrom dspy.teleprompt import *\n\ndef make({takes}):\n    return {made}\n'


def tuned(description: dict[str, Any], model: str = 'tuned') -> dict[str, Any]:
    return {
        'predictors': {
            each['name']: {'instructions': 'Think.', 'demos': [], 'model': model} for each in description['predictors']
        }
    }


def test_bootstrap_few_shot_on_the_tuned_model(start: Start) -> None:
    host, description = start(
        optimizer('BootstrapFewShot(metric=metric, max_bootstrapped_demos=2, max_labeled_demos=3)'), lm=right
    )
    host.put('tuned', tuned(description))
    loaded = host.load_teleprompter('program.py#make', {})
    assert loaded['name'] == 'BootstrapFewShot'
    assert (loaded['takesTrain'], loaded['takesValidation']) == (True, False)
    assert any(path.endswith('program.py') for path in loaded['sources'])
    compiled = host.compile('program.py#make', ROWS, 'tuned')
    state = compiled['state']['predictors']['answer.predict']
    assert state['instructions'] == 'Think.' and state['model'] == 'tuned'
    assert [demo['augmented'] for demo in state['demos']] == [True, True, False]
    assert state['demos'][0]['fields'] == {'question': 'q0', 'reasoning': 'r0', 'answer': 'a0'}
    assert {call['call']['model'] for call in host.calls} == {'tuned'}
    assert all(call['sample'] == {'rolloutId': None, 'repeat': 0} for call in host.calls)
    assert all('Think.' in call['call']['prompt']['messages'][0]['content'] for call in host.calls)
    assert compiled['lost'] == []


def ran(host: Any) -> list[dict[str, Any]]:
    return [params for what, params in host.reported if what == 'ran']


def evaluations(host: Any) -> list[dict[str, Any]]:
    return [params for what, params in host.reported if what == 'evaluationFinished']


def test_tells_evaluations_and_runs_with_their_states(start: Start) -> None:
    settings = 'max_bootstrapped_demos=1, max_labeled_demos=1, num_candidate_programs=1'
    made = f'BootstrapFewShotWithRandomSearch(metric=metric, {settings})'
    host, _ = start(optimizer(made), lm=right)
    assert host.load_teleprompter('program.py#make', {})['takesValidation'] is True
    compiled = host.compile(
        'program.py#make', ROWS, validation=[{'question': 'q7', 'answer': 'a7'}, {'question': 'q8', 'answer': 'no'}]
    )
    assert compiled['lost'] == []
    assert evaluations(host) == [{'evaluation': i, 'mean': 0.5, 'scored': 2, 'failed': 0} for i in range(4)]
    states = {params['key']: params['state'] for what, params in host.reported if what == 'state'}
    started = [params for what, params in host.reported if what == 'evaluationStarted']
    assert [each['of'] for each in started] == [2] * 4
    demos = [len(states[each['state']]['predictors']['answer.predict']['demos']) for each in started]
    assert demos == [0, 1, 1, 1]
    within = [each for each in ran(host) if each['evaluation'] is not None]
    assert sorted((each['row'], each['outcome']['score']) for each in within) == [(4, 1)] * 4 + [(5, 0)] * 4
    for each in within:
        assert states[each['state']] == states[started[each['evaluation']]['state']]
        [call] = each['outcome']['trace']
        assert call['predictor'] == 'answer.predict' and call['outputs'] == each['outcome']['prediction']
        assert call['lm'][0]['model'] == 'base' and 'error' not in each['outcome']
    assert {each['row'] for each in ran(host) if each['evaluation'] is None} <= {0, 1, 2, 3}
    assert len(states) == len({str(state) for state in states.values()})
