"""DSPy's optimizers, each compiling a small program: what they ask of whom, and what comes back."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from typing import Any

import pytest
from dspy.propose.grounded_proposer import GroundedProposer
from dspy.teleprompt import simba_utils

from .conftest import Start
from .harness import asked_fields, chat, fills_in
from .test_compile import PROGRAM, ROWS, evaluations, optimizer, ran, right, tuned


def proposing(**answers: str) -> Any:
    """Answers the program's calls rightly, and proposers' fields with what is given for them."""

    def lm(call: dict[str, Any]) -> str:
        fields = asked_fields(call)
        if fields and set(fields) <= {'reasoning', 'answer'}:
            return right(call)
        return chat(**{name: answers.get(name, f'some {name}') for name in fields})

    return lm


def is_programs(call: dict[str, Any]) -> bool:
    return set(asked_fields(call['call'])) <= {'reasoning', 'answer'}


def test_copro_samples_n_completions_and_loses_prefixes(start: Start) -> None:
    lm = proposing(proposed_instruction='Be brief.', proposed_prefix_for_output_field='So:')
    host, description = start(optimizer('COPRO(metric=metric, breadth=3, depth=1)'), lm=lm)
    host.put('tuned', tuned(description))
    host.load_teleprompter('program.py#make', {'eval_kwargs': {'num_threads': 1}}, {})
    compiled = host.compile('program.py#make', ROWS[:2], 'tuned')
    proposals = [call for call in host.calls if not is_programs(call)]
    assert [call['sample'] for call in proposals] == [{'rolloutId': None, 'repeat': i} for i in range(2)]
    assert {call['call']['sampling']['temperature'] for call in proposals} == {1.4}
    assert {call['call']['model'] for call in host.calls} == {'tuned'}  # the LM of dspy.settings proposes
    assert len(evaluations(host)) == 3
    [loss] = compiled['lost'] or ['']
    state = compiled['state']['predictors']['answer.predict']
    assert (state['instructions'], loss) == (
        'Be brief.',
        "COPRO changed the prefix of 'answer' of 'answer.predict' to 'So:': left out. DSPy's adapters do not show "
        'prefixes.',
    )


def test_a_prompt_model_that_is_the_configured_lm_is_the_base_model(start: Start) -> None:
    source = PROGRAM.replace('import dspy', "import dspy\nlm = dspy.LM('openai/mine')\ndspy.configure(lm=lm)", 1)
    source += '\ndef make(metric):\n    return dspy.COPRO(prompt_model=lm, metric=metric, breadth=2, depth=1)\n'
    lm = proposing(proposed_instruction='Be brief.', proposed_prefix_for_output_field='So:')
    host, description = start(source, lm=lm)
    host.put('tuned', tuned(description))
    host.compile('program.py#make', ROWS[:2], 'tuned')
    assert {(is_programs(call), call['call']['model']) for call in host.calls} == {(True, 'tuned'), (False, 'base')}


@pytest.mark.skipif(importlib.util.find_spec('optuna') is None, reason='MIPROv2 wants optuna')
def test_miprov2_with_models_of_its_own(start: Start) -> None:
    source = PROGRAM.replace('import dspy', "import dspy\nlm = dspy.LM('openai/mine')\ndspy.configure(lm=lm)", 1)
    source += (
        "\nwriter = dspy.LM('openai/writer', api_base='http://elsewhere/v1')\n"
        'def make(metric):\n    return dspy.MIPROv2(metric, prompt_model=writer, task_model=lm, auto=None, '
        'num_candidates=2, max_bootstrapped_demos=1, max_labeled_demos=1, num_threads=2)\n'
    )
    lm = proposing(proposed_instruction='Write well.')
    services = [{'name': 'writers', 'baseURL': 'http://elsewhere/v1'}]
    host, description = start(source, lm=lm, services=services)
    host.put('tuned', tuned(description))
    settings = {'num_trials': 2, 'minibatch': False, 'requires_permission_to_run': False}
    assert host.load_teleprompter('program.py#make', settings)['takesValidation'] is True
    compiled = host.compile('program.py#make', ROWS[:2], 'tuned', validation=ROWS[2:], arguments=settings)
    asked = {(is_programs(call), call['call']['model'], call['call'].get('endpoint')) for call in host.calls}
    assert asked == {(True, 'tuned', None), (False, 'writer', 'writers')}
    rollouts = {call['sample']['rolloutId'] for call in host.calls if not is_programs(call)}
    assert (len(rollouts - {None}) >= 1) == ('rollout_id' in inspect.getsource(GroundedProposer))
    assert len(evaluations(host)) == 3 and all(each['mean'] == 1 for each in evaluations(host))
    assert compiled['lost'] == []
    first = [call['call'] for call in host.calls]
    again, _ = start(source, lm=lm, services=services)
    again.put('tuned', tuned(description))
    assert again.compile('program.py#make', ROWS[:2], 'tuned', validation=ROWS[2:], arguments=settings) == compiled
    asked_again = [call['call'] for call in again.calls]
    assert sorted(map(str, asked_again)) == sorted(map(str, first))


@pytest.mark.skipif(importlib.util.find_spec('numpy') is None, reason='SIMBA wants numpy')
def test_simba_samples_with_rollouts(start: Start) -> None:
    def lm(call: dict[str, Any]) -> str:
        if 'module_advice' in asked_fields(call):
            return chat(discussion='d', module_advice='{"answer.predict": "Mind the number."}')
        wrong = call.get('sampling') is None and 'Mind' not in call['prompt']['messages'][0]['content']
        return fills_in(lambda *_: 'wrong')(call) if wrong else right(call)

    made = 'SIMBA(metric=metric, bsize=2, num_candidates=2, max_steps=1, max_demos=0, num_threads=2)'
    host, description = start(optimizer(made), lm=lm)
    host.put('tuned', tuned(description))
    assert host.load_teleprompter('program.py#make', {})['takesValidation'] is False
    compiled = host.compile('program.py#make', ROWS[:1], 'tuned', validation=ROWS[1:])
    sampled = [call for call in host.calls if call['call'].get('sampling')]
    rolled = 'rollout_id' in inspect.getsource(simba_utils)  # before, models differed by their temperature alone
    assert {call['sample']['rolloutId'] for call in sampled} == ({'0', '1'} if rolled else {None})
    assert {call['call']['sampling']['temperature'] for call in sampled} == ({1.0} if rolled else {0.5})
    assert {call['call']['model'] for call in host.calls} == {'tuned'}
    assert evaluations(host) == [] and {each['row'] for each in ran(host)} == {0, 1, 2, 3}
    assert compiled['lost'] == []


def test_a_train_set_that_is_too_small_for_simba(start: Start) -> None:
    host, _ = start(optimizer('SIMBA(metric=metric)'), lm=right)
    with pytest.raises(Exception, match=r'SIMBA.compile failed: AssertionError: Trainset too small: 4 < 32') as failed:
        host.compile('program.py#make', ROWS)
    assert failed.value.data['kind'] == 'program' and 'simba.py' in failed.value.data['stack']


@pytest.mark.skipif(importlib.util.find_spec('gepa') is None, reason='GEPA wants gepa')
def test_gepa_asks_its_reflection_lm_with_the_words_of_the_metric(start: Start) -> None:
    source = (
        PROGRAM
        + """
def measured(example, prediction, trace=None, pred_name=None, pred_trace=None):
    right = example.answer == prediction.answer
    return dspy.Prediction(score=float(right), feedback=f'{pred_name}: {example.answer} it is')

def make(metric, seed):
    lm = dspy.LM('openai/reflects', api_base='http://elsewhere/v1', temperature=1.0)
    return dspy.GEPA(metric=metric, reflection_lm=lm, max_metric_calls=12, seed=seed, num_threads=2)
"""
    )

    def lm(call: dict[str, Any]) -> str:
        if call['model'] == 'reflects':
            assert 'answer.predict: a' in str(call['prompt'])
            if 'new_instruction' in str(call['prompt']):
                return '{"new_instruction": "Name it."}'
            return '```\nName it.\n```'
        return right(call) if 'Name it.' in call['prompt']['messages'][0]['content'] else fills_in(lambda *_: 'x')(call)

    services = [{'name': 'others', 'baseURL': 'http://elsewhere/v1'}]
    host, _ = start(source, lm=lm, services=services, metric='program.py#measured')
    compiled = host.compile('program.py#make', ROWS[:3], validation=ROWS[2:], seed=3)
    assert compiled['state']['predictors']['answer.predict']['instructions'] == 'Name it.'
    assert {call['call'].get('endpoint') for call in host.calls if call['call']['model'] == 'reflects'} == {'others'}
    assert all(call['metric'] is False for call in host.calls)
    assert any(each['outcome'].get('feedback') == 'None: a2 it is' for each in ran(host))
    assert {each['outcome']['score'] for each in ran(host)} == {0, 1}
    assert all(each['failed'] == 0 for each in evaluations(host))
    # Before DSPy had this module, what was evaluated for traces was a function around the program.
    is_told_as_one = importlib.util.find_spec('dspy.teleprompt.bootstrap_trace') is not None
    assert all(each['evaluation'] is not None for each in ran(host)) == is_told_as_one
    assert compiled['lost'] == []


@pytest.mark.skipif(importlib.util.find_spec('gepa') is None, reason='GEPA wants gepa')
def test_gepa_begins_anew_where_its_logs_hold_an_earlier_search(start: Start, tmp_path: Path) -> None:
    logs = tmp_path / 'logs'
    source = (
        PROGRAM
        + f"""
def measured(example, prediction, trace=None, pred_name=None, pred_trace=None):
    return float(example.answer == prediction.answer)

def make(metric):
    lm = dspy.LM('openai/reflects', api_base='http://elsewhere/v1')
    return dspy.GEPA(metric=metric, reflection_lm=lm, max_metric_calls=12, log_dir={str(logs)!r}, track_stats=True)
"""
    )

    def lm(call: dict[str, Any]) -> str:
        reflects = call['model'] == 'reflects'
        return '```\nName it.\n```' if reflects else fills_in(lambda *_: 'x')(call)

    services = [{'name': 'others', 'baseURL': 'http://elsewhere/v1'}]
    host, _ = start(source, lm=lm, services=services, metric='program.py#measured')
    asked = []
    for _ in range(3):
        before = len(host.calls)
        host.compile('program.py#make', ROWS[:3], validation=ROWS[2:])
        asked.append([str(call['call']) for call in host.calls[before:]])
    assert any('reflects' in call for call in asked[0])
    assert sorted(asked[1]) == sorted(asked[2]) == sorted(asked[0])
    assert [each.exists() for each in (logs / 'gepa_state.bin', logs / '2', logs / '3')] == [True, True, True]


def test_infer_rules(start: Start) -> None:
    settings = 'num_candidates=1, num_rules=2, num_threads=2, max_bootstrapped_demos=1, max_labeled_demos=1'
    made = f'InferRules(metric=metric, {settings})'
    host, _ = start(optimizer(made), lm=proposing(natural_language_rules='Count.'))
    compiled = host.compile('program.py#make', ROWS[:2], validation=ROWS[2:])
    assert 'Count.' in compiled['state']['predictors']['answer.predict']['instructions']
    assert compiled['lost'] == []


def test_knn_few_shot_cannot_be_read_back_as_it_is(start: Start) -> None:
    source = (
        PROGRAM
        + """
import numpy
from dspy.teleprompt import KNNFewShot

def make():
    rows = [dspy.Example(question='q1', answer='a1').with_inputs('question')]
    embedder = dspy.Embedder(lambda texts: numpy.array([[float(len(each))] for each in texts]))
    return KNNFewShot(k=1, trainset=rows, vectorizer=embedder)
"""
    )
    host, _ = start(source, lm=right)
    assert host.load_teleprompter('program.py#make', {})['takesTrain'] is False
    compiled = host.compile('program.py#make', ROWS)
    assert compiled['lost'] == [
        'KNNFewShot put a forward of its own into the program: what that does at each call is left out.'
    ]


def test_ensemble_gives_several_and_none_is_chosen(start: Start) -> None:
    source = (
        PROGRAM
        + """
from dspy.teleprompt import Ensemble, Teleprompter

class Several(Teleprompter):
    def compile(self, student, *, trainset):
        return Ensemble(reduce_fn=dspy.majority).compile([student.deepcopy(), student.deepcopy()])

def make():
    return Several()

def ensemble():
    return Ensemble()
"""
    )
    host, description = start(source, lm=right)
    host.put('tuned', tuned(description))
    compiled = host.compile('program.py#make', ROWS, 'tuned')
    assert compiled['state'] == tuned(description)
    assert compiled['lost'] == [
        'Several gave EnsembledProgram in the place of Program: what it does around the predictors is left out.',
        "Several gave a program with 2 copies of the predictor 'answer.predict': none is chosen, it stays as it was.",
    ]
    with pytest.raises(Exception, match='makes one program of several'):
        host.load_teleprompter('program.py#ensemble', {})


@pytest.mark.parametrize(
    ('made', 'told'),
    [
        ('BootstrapFinetune(metric=metric)', 'a BootstrapFinetune, which trains a model.* a step "w"'),
        ('GRPO(metric=metric, exclude_demos=True)', 'a GRPO, which trains a model'),
        ('dspy.BetterTogether(metric=metric)', 'a BetterTogether. Its strategies'),
    ],
)
def test_optimizers_that_train_are_refused(start: Start, made: str, told: str) -> None:
    host, _ = start(
        optimizer(made).replace(
            'def make', 'from dspy.teleprompt.grpo import GRPO\ndspy.configure(experimental=True)\n\ndef make'
        ),
        lm=right,
    )
    with pytest.raises(Exception, match=told) as refused:
        host.load_teleprompter('program.py#make', {})
    assert refused.value.data['kind'] == 'load' and refused.value.data['line']
