"""Program runs: states, traces, concurrency, metrics, errors, and the user's objects left as they were."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import dspy
import pytest

from .conftest import Start
from .harness import Refused, RemoteError, asked_fields, chat, fills_in, input_of, last_turn, start_state

TWO = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.hint = dspy.Predict('question -> hint')
        self.answer = dspy.ChainOfThought('question, hint -> answer')

    def forward(self, question):
        hint = self.hint(question=question).hint
        return self.answer(question=question, hint=hint)

program = Program()

def untouched(example, pred, trace=None):
    one, two = program.predictors()
    return not one.demos and not two.demos and one.lm is None and two.lm is None and not program.history \
        and one.signature.instructions.startswith('Given the fields')
"""


def test_runs_in_the_state_it_is_given_and_tells_every_call(start: Start) -> None:
    host, _ = start(TWO)
    demo = {'fields': {'question': 'old', 'hint': 'older'}, 'augmented': True}
    state = {
        'predictors': {
            'hint': {'instructions': 'Be of help.', 'demos': [demo], 'model': 'tuned-1'},
            'answer.predict': {'instructions': 'Say it.', 'demos': [], 'model': 'tuned-2'},
        }
    }
    host.put('other', state)
    outcome = host.run({'question': 'who'}, 'other', labels={'answer': 'answer of who'})
    assert outcome['score'] == 1 and 'error' not in outcome
    assert outcome['prediction'] == {'reasoning': 'reasoning of who', 'answer': 'answer of who'}
    first, second = host.calls
    assert (first['call']['model'], second['call']['model']) == ('tuned-1', 'tuned-2')
    system, shown, reply, asked = first['call']['prompt']['messages']
    assert 'Be of help.' in system['content']
    assert (shown['role'], reply['role'], asked['role']) == ('user', 'assistant', 'user')
    assert 'old' in shown['content'] and 'older' in reply['content']
    assert first['call']['stop'] == [] and 'sampling' not in first['call'] and first['metric'] is False
    hint, answer = outcome['trace']
    assert hint['predictor'] == 'hint' and hint['inputs'] == {'question': 'who'} and hint['path'] == ['Program']
    assert hint['outputs'] == {'hint': 'hint of who'}
    assert answer['predictor'] == 'answer.predict' and answer['path'] == ['Program', 'ChainOfThought']
    assert answer['inputs'] == {'question': 'who', 'hint': 'hint of who'}
    assert [record['model'] for record in answer['lm']] == ['tuned-2'] and 'text' not in answer['lm'][0]
    assert 0 <= hint['start'] <= answer['start'] and answer['seconds'] >= 0


def test_leaves_the_users_objects_alone(start: Start) -> None:
    host, description = start(TWO, program='program.py#program', metric='program.py#untouched')
    host.put(
        'other',
        {
            'predictors': {
                each['name']: {
                    'instructions': 'Changed.',
                    'demos': [{'fields': {'question': 'q', 'hint': 'h', 'answer': 'a'}, 'augmented': False}],
                    'model': 'tuned',
                }
                for each in description['predictors']
            }
        },
    )
    assert host.run({'question': 'who'}, 'other')['score'] == 1
    assert all('Changed.' in call['call']['prompt']['messages'][0]['content'] for call in host.calls)


def test_concurrent_runs_do_not_mix(start: Start) -> None:
    barrier = threading.Barrier(24, timeout=30)

    def lm(call: dict[str, Any]) -> str:
        if asked_fields(call) == ['hint']:
            barrier.wait()  # all runs are under way at once
        return fills_in(lambda field, question: f'{field} of {question}')(call)

    host, _ = start(TWO, lm=lm)
    pending = [host.start({'question': f'q{i}'}, labels={'answer': f'answer of q{i}'}) for i in range(24)]
    for i, answer in enumerate(pending):
        outcome = answer.wait()
        assert outcome['score'] == 1
        assert [call['inputs']['question'] for call in outcome['trace']] == [f'q{i}', f'q{i}']


def test_a_predictor_called_again_and_from_threads(start: Start) -> None:
    host, _ = start("""
        from concurrent.futures import ThreadPoolExecutor
        import threading
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = [dspy.Predict('question -> answer'), dspy.Predict('question -> answer')]

            def forward(self, question):
                with ThreadPoolExecutor(2) as pool:
                    found = list(pool.map(lambda i: self.ask[0](question=f'{question}{i}').answer, range(3)))
                def last():
                    found.append(self.ask[1](question=question).answer)
                thread = threading.Thread(target=last)
                thread.start()
                thread.join()
                parallel = dspy.Parallel(num_threads=2, disable_progress_bar=True)
                more = parallel([(self.ask[0], {'question': f'{question}p{i}'}) for i in range(2)])
                return dspy.Prediction(answer=' '.join(sorted(found + [each.answer for each in more])))
    """)
    outcome = host.run({'question': 'x'}, labels={'answer': ''})
    assert (
        outcome['prediction']['answer']
        == 'answer of x answer of x0 answer of x1 answer of x2 answer of xp0 answer of xp1'
    )
    names = sorted((call['predictor'], call['inputs']['question']) for call in outcome['trace'])
    assert names == [
        ('ask[0]', 'x0'),
        ('ask[0]', 'x1'),
        ('ask[0]', 'x2'),
        ('ask[0]', 'xp0'),
        ('ask[0]', 'xp1'),
        ('ask[1]', 'x'),
    ]


def test_asyncio_programs(start: Start) -> None:
    host, _ = start("""
        import asyncio
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.ChainOfThought('question -> answer')

            async def aforward(self, question):
                both = await asyncio.gather(*[self.ask.acall(question=f'{question}{i}') for i in range(2)])
                return dspy.Prediction(answer=' '.join(each.answer for each in both))
    """)
    outcome = host.run({'question': 'x'}, labels={'answer': 'answer of x0 answer of x1'})
    assert outcome['score'] == 1
    assert sorted(call['inputs']['question'] for call in outcome['trace']) == ['x0', 'x1']
    assert all(len(call['lm']) == 1 for call in outcome['trace'])


OWN_LMS = """
import dspy

judge = dspy.LM('openai/judge', temperature=0.7)
grade = dspy.Predict('question, answer -> grade')

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')
        self.answer.lm = dspy.LM('openai/own')

    def forward(self, question):
        answer = self.answer(question=question).answer
        with dspy.context(lm=judge):
            fresh = dspy.Predict('question -> opinion')(question=question)
        said = judge('Is it so?')
        return dspy.Prediction(answer=answer, opinion=fresh.opinion, said=said[0])

def metric(example, prediction, trace=None):
    return grade(question=example.question, answer=prediction.answer).grade == 'grade of who'
"""


def test_every_lm_is_the_run_processs_and_only_the_programs_predictors_get_the_tuned_model(start: Start) -> None:
    def lm(call: dict[str, Any]) -> str:
        return (
            'Yes.'
            if last_turn(call) == 'Is it so?'
            else fills_in(lambda field, question: f'{field} of {question}')(call)
        )

    host, description = start(OWN_LMS, metric='program.py#metric', lm=lm)
    host.put(
        'tuned',
        {
            'predictors': {
                'answer': {
                    'instructions': description['predictors'][0]['signature']['instructions'],
                    'demos': [],
                    'model': 'tuned',
                }
            }
        },
    )
    outcome = host.run({'question': 'who'}, 'tuned')
    assert outcome['score'] == 1
    assert outcome['prediction'] == {'answer': 'answer of who', 'opinion': 'opinion of who', 'said': 'Yes.'}
    asked = [(params['call']['model'], params['metric']) for params in host.calls]
    assert asked == [('tuned', False), ('judge', False), ('judge', False), ('base', True)]
    assert host.calls[2]['call']['sampling'] == {'temperature': 0.7}
    # One that is made within `forward` is told of by its signature; the judge's calls are in no predictor's trace.
    assert [call['predictor'] for call in outcome['trace']] == ['answer', 'question -> opinion']


def test_sampling_of_a_predictor_and_several_completions(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer', n=2, temperature=0.9, max_tokens=55, stop=['END'])

            def forward(self, question):
                return dspy.Prediction(answer=' | '.join(self.ask(question=question).completions.answer))
    """,
        lm=lambda call: chat(answer=str(len(host.calls))),
    )
    assert host.run({'question': 'x'}, labels={'answer': '1 | 2'})['score'] == 1
    for params in host.calls:
        assert params['call']['sampling'] == {'temperature': 0.9, 'maxTokens': 55}
        assert params['call']['stop'] == ['END']


def test_best_of_n_works_on_copies(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer')
                self.best = dspy.BestOfN(self.ask, N=3, reward_fn=lambda args, pred: float(pred.answer), threshold=2.5)

            def forward(self, question):
                return self.best(question=question)
    """,
        lm=lambda call: chat(answer=str(len(host.calls))),
    )
    host.put('tuned', {'predictors': {'ask': {'instructions': 'Count.', 'demos': [], 'model': 'tuned'}}})
    outcome = host.run({'question': 'x'}, 'tuned', labels={'answer': '3'})
    assert outcome['score'] == 1, outcome
    assert {params['call']['model'] for params in host.calls} == {'tuned'}
    assert all('Count.' in params['call']['prompt']['messages'][0]['content'] for params in host.calls)
    assert {call['predictor'] for call in outcome['trace']} == {'ask'}


TYPED = '''
import enum
import dspy
import pydantic

class Tone(enum.Enum):
    warm = 'warm'
    cold = 'cold'

class Card(pydantic.BaseModel):
    title: str
    pages: list[int]

class Sort(dspy.Signature):
    """Sort it."""
    history: dspy.History = dspy.InputField()
    tone: Tone = dspy.InputField()
    card: Card = dspy.OutputField()
    sure: bool = dspy.OutputField()

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.sort = dspy.Predict(Sort)

    def forward(self, history: dspy.History, tone: Tone):
        made = self.sort(history=history, tone=tone)
        assert isinstance(made.card, Card) and isinstance(history, dspy.History) and isinstance(tone, Tone)
        return made

def metric(example, prediction):
    return prediction.card.pages == [1, 2] and prediction.sure
'''


def test_typed_fields_history_and_demos(start: Start) -> None:
    host, description = start(
        TYPED, metric='program.py#metric', lm=lambda call: chat(card='{"title": "T", "pages": [1, 2]}', sure='True')
    )
    inputs = {'history': {'messages': [{'tone': 'cold', 'card': '{}', 'sure': 'False'}]}, 'tone': 'warm'}
    outcome = host.run(inputs, collecting=True)
    assert outcome['score'] == 1, outcome
    assert outcome['prediction'] == {'card': {'title': 'T', 'pages': [1, 2]}, 'sure': True}
    [call] = outcome['trace']
    assert call['inputs'] == inputs
    assert [message['role'] for message in host.calls[0]['call']['prompt']['messages']] == [
        'system',
        'user',
        'assistant',
        'user',
    ]
    # A demo and a training row of that trace are what DSPy makes of the values themselves.
    fields = {'tone': 'warm', 'history': {'messages': []}, **call['outputs']}
    instructions = description['predictors'][0]['signature']['instructions']
    [row] = host.rows(
        [
            {
                'predictor': 'sort',
                'state': {
                    'instructions': instructions,
                    'demos': [{'fields': fields, 'augmented': True}],
                    'model': 'base',
                },
                'inputs': call['inputs'],
                'outputs': call['outputs'],
            }
        ]
    )
    assert row['completion'] == (
        '[[ ## card ## ]]\n{"title": "T", "pages": [1, 2]}\n\n[[ ## sure ## ]]\nTrue\n\n[[ ## completed ## ]]\n'
    )
    assert row['prompt']['messages'][-1] == host.calls[0]['call']['prompt']['messages'][-1]
    assert row['prompt']['messages'][2]['content'] == row['completion']
    assert row['end'] is None


def test_training_rows_are_dspys_own(start: Start) -> None:
    host, description = start(TWO)
    outcome = host.run({'question': 'who'})
    call = outcome['trace'][1]
    demo = {'question': 'q', 'hint': 'h', 'reasoning': 'r', 'answer': 'a'}
    signature = description['predictors'][1]['signature']
    [row] = host.rows(
        [
            {
                'predictor': 'answer.predict',
                'state': {'instructions': 'New ones.', 'demos': [{'fields': demo, 'augmented': True}], 'model': 'x'},
                'inputs': call['inputs'],
                'outputs': call['outputs'],
            }
        ]
    )
    theirs = dspy.ChainOfThought('question, hint -> answer').predict.signature.with_instructions('New ones.')
    data = dspy.ChatAdapter().format_finetune_data(theirs, [dspy.Example(**demo)], call['inputs'], call['outputs'])
    assert [*row['prompt']['messages'], {'role': 'assistant', 'content': row['completion']}] == data['messages']
    assert [field['name'] for field in signature['outputs']] == ['reasoning', 'answer']


METRICS = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict('question -> answer')

    def forward(self, question):
        return self.ask(question=question)

def traced(example, prediction, trace=None):
    if trace is None:
        return 0.25
    predictor, inputs, made = trace[0]
    return len(trace) == 1 and inputs == {'question': 'x'} and made.answer == prediction.answer

def plain(example, prediction):
    return example.answer == prediction.answer and list(example.inputs().keys()) == ['question']

def gepa(gold, pred, trace, pred_name, pred_trace):
    return dspy.Prediction(score=0.5, feedback='so so')

def nothing(example, prediction, trace=None):
    pass

def wrong(example, prediction, trace=None):
    return example.missing

def leaves(example, prediction, trace=None):
    raise SystemExit(3)
"""


@pytest.mark.parametrize(
    ('metric', 'collecting', 'score'),
    [('traced', True, 1), ('traced', False, 0.25), ('plain', True, 1), ('gepa', False, 0.5), ('gepa', True, 0.5)],
)
def test_metrics_are_called_as_dspy_calls_them(start: Start, metric: str, collecting: bool, score: float) -> None:
    host, _ = start(METRICS, metric=f'program.py#{metric}')
    outcome = host.run({'question': 'x'}, labels={'answer': 'answer of x'}, collecting=collecting)
    assert outcome['score'] == score and 'error' not in outcome


def line_of(text: str, source: str) -> int:
    return next(i for i, line in enumerate(source.split('\n'), 1) if text in line)


def test_errors_of_metrics(start: Start, tmp_path: Path) -> None:
    host, _ = start(METRICS, metric='program.py#wrong')
    error = host.run({'question': 'x'})['error']
    assert error['kind'] == 'metric' and 'missing' in error['message']
    assert error['file'] == str(tmp_path / 'program.py') and error['line'] == line_of('example.missing', METRICS)
    host, _ = start(METRICS, metric='program.py#nothing')
    outcome = host.run({'question': 'x'})
    assert (
        outcome['score'] == 0
        and outcome['error']['kind'] == 'metric'
        and 'returned None for row 1' in outcome['error']['message']
    )
    assert outcome['prediction'] == {'answer': 'answer of x'}
    host, _ = start(METRICS, metric='program.py#leaves')
    assert host.run({'question': 'x'})['error'] | {'line': 0} == {
        'kind': 'crash',
        'message': 'The program called exit(3).',
        'file': str(tmp_path / 'program.py'),
        'line': 0,
    }


FAILS = """
import ctypes
import os
import sys
import time
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict('question -> answer')

    def forward(self, question):
        if question == 'prints':
            print('to stdout', flush=True)
            os.write(1, b'raw bytes \\xff\\n')
            ctypes.CDLL(None).puts(b'from C')
            os.system('echo from a child')
            sys.__stdout__.write('from the old stdout')
            assert sys.stdin.read() == ''
        if question == 'raises':
            raise KeyError('gone')
        if question == 'exits':
            sys.exit('bye')
        if question == 'loops':
            while True:
                pass
        if question == 'catches':
            try:
                return self.ask(question=question)
            except Exception as error:
                return dspy.Prediction(answer=type(error).__name__)
        if question == 'stubborn':
            while True:
                try:
                    time.sleep(0.01)
                except Exception:
                    pass
        if question == 'text':
            return 'just text'
        if question == 'odd':
            return dspy.Prediction(answer='\\ud800', big=2**70, nan=float('nan'), thing=object)
        return self.ask(question=question)
"""


def test_nothing_that_is_printed_gets_into_the_protocol(start: Start) -> None:
    host, _ = start(FAILS)
    assert host.run({'question': 'prints'}, labels={'answer': 'answer of prints'})['score'] == 1
    assert host.ping()['cpuSeconds'] > 0
    wanted = ['to stdout', 'raw bytes', 'from a child']
    deadline = time.monotonic() + 5
    while not all(each in host.printed for each in wanted) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert all(each in host.printed for each in wanted)


def test_what_user_code_raises_is_an_outcome(start: Start, tmp_path: Path) -> None:
    host, _ = start(FAILS)
    raised = host.run({'question': 'raises'})
    place = {'file': str(tmp_path / 'program.py'), 'line': line_of("KeyError('gone')", FAILS)}
    assert raised['error'] == {'kind': 'program', 'message': "KeyError: 'gone'", **place}
    assert raised['prediction'] is None and raised['score'] == 0
    assert host.run({'question': 'exits'})['error']['kind'] == 'crash'
    assert host.run({'question': 'text'}, labels={'answer': ''})['prediction'] == {'prediction': 'just text'}
    odd = host.run({'question': 'odd'}, labels={'answer': ''})['prediction']
    assert odd['nan'] == {'$exact': 'float', 'value': 'nan'} and odd['answer'] == '\ud800'
    assert odd['big'] == {'$exact': 'int', 'value': str(2**70)}


def test_unparsable_answers(start: Start, tmp_path: Path) -> None:
    host, _ = start(FAILS, lm=lambda call: 'no fields at all')
    outcome = host.run({'question': 'x'})
    assert outcome['error']['kind'] == 'parse' and outcome['error']['file'] == str(tmp_path / 'program.py')
    [call] = outcome['trace']
    assert call['outputs'] is None and 'failed to parse' in call['error']
    # DSPy's own fallback asked again, as JSON (3.0 twice).
    assert len(call['lm']) >= 2 and 'JSON object' in last_turn(host.calls[1]['call'])


def test_answers_that_are_not_given(start: Start) -> None:
    def lm(call: dict[str, Any]) -> str:
        raise Refused('too long a prompt', 'stop' if input_of(call, 'question') == 'stop' else 'rejected')

    host, _ = start(FAILS, lm=lm)
    assert host.run({'question': 'x'})['error'] == {
        **host.run({'question': 'x'})['error'],
        'kind': 'rejected',
        'message': 'too long a prompt',
    }
    assert host.run({'question': 'catches'})['prediction'] == {'answer': 'CallRejected'}
    with pytest.raises(RemoteError, match='too long'):
        host.run({'question': 'stop'})


def test_cancelled_runs_end_and_the_host_goes_on(start: Start) -> None:
    waits = threading.Event()

    def lm(call: dict[str, Any]) -> str:
        if input_of(call, 'question') == 'waits':
            waits.wait(20)
        return chat(answer='a')

    host, _ = start(FAILS, lm=lm)
    pending = [host.start({'question': name}) for name in ('waits', 'loops', 'stubborn')]
    time.sleep(0.3)
    assert host.ping()['cpuSeconds'] > 0  # although a loop is running
    for request_id in (2, 3, 4):
        host.cancel(request_id)
    for answer in pending:
        with pytest.raises(RemoteError):
            answer.wait()
    assert host.run({'question': 'x'}, labels={'answer': 'a'})['score'] == 1
    waits.set()


def test_the_end(start: Start) -> None:
    host, _ = start(FAILS)
    host.start({'question': 'loops'})
    assert host.shutdown() == 0


WHILE_IT_RUNS = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.told = dspy.Predict(dspy.Signature('question -> answer', 'As loaded.'))
        self.shown = dspy.Predict(dspy.Signature('question -> hint', 'As loaded.'))
        self.shown.demos = [dspy.Example(question='of the author', hint='first')]
        self.many = dspy.BestOfN(self.shown, N=1, reward_fn=lambda args, made: 1.0, threshold=1.0)

    def forward(self, question):
        if question != 'before':
            self.told.signature = self.told.signature.with_instructions(f'Now it is {question}.')
        if question == 'demos':
            self.shown.demos = [dspy.Example(question='of the code', hint='second')]
        self.many(question=question)
        return self.told(question=question)
"""


def test_what_forward_sets_on_a_predictor_is_used_and_said_once(start: Start) -> None:
    host, described = start(WHILE_IT_RUNS)
    state = start_state(described)
    for each in state['predictors'].values():
        each['instructions'] = 'Of the state.'
        each['demos'] = [{'fields': {'question': 'of the state', 'hint': 'third', 'answer': 'a'}, 'augmented': False}]
    host.put('tuned', state)

    def asked(question: str) -> tuple[str, str]:
        host.calls.clear()
        host.run({'question': question}, state='tuned')
        hint, answer = (json.dumps(call['call']['prompt']['messages']) for call in host.calls)
        return hint, answer

    hint, answer = asked('before')
    assert 'Of the state.' in hint
    assert 'of the state' in hint
    assert 'Of the state.' in answer
    hint, answer = asked('noon')
    assert 'Of the state.' in hint
    assert 'Now it is noon.' in answer
    assert 'of the state' in answer
    assert 'Of the state.' not in answer
    assert 'Now it is night.' in asked('night')[1]
    hint, _ = asked('demos')
    assert 'of the code' in hint
    assert 'of the state' not in hint
    assert 'Of the state.' in hint
    assert host.printed.count("sets the instructions of the predictor 'told'") == 1
    assert host.printed.count('sets the demos of the predictor') == 1


@pytest.mark.parametrize('method', ['def forward', 'async def aforward'])
def test_a_program_that_does_not_take_the_inputs(start: Start, tmp_path: Path, method: str) -> None:
    host, _ = start(
        f"""
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer')

            {method}(self, q):
                return self.ask(question=q)
        """
    )
    error = host.run({'question': 'x'})['error']
    assert 'Program.' in error['message']
    assert 'The inputs are: question ("inputs" in bettertogether.json, or with_inputs)' in error['message']
    assert (error['file'], error['line']) == (str(tmp_path / 'program.py'), 9)


RLM = pytest.mark.skipif(not hasattr(dspy, 'RLM'), reason='DSPy 3.1 brought RLM')


@RLM
def test_a_module_of_dspys_that_asks_its_predictors_in_other_words(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        Program = dspy.RLM('question -> answer')
        Program.forward = lambda question: dspy.Prediction(answer=question)
        """
    )
    assert host.run({'question': 'q'})['prediction'] == {'answer': 'q'}
    assert 'has the inputs question, ' in host.run({'claim': 'c'})['error']['message']


@RLM
def test_inputs_are_what_the_signature_of_such_a_module_says(start: Start) -> None:
    host, _ = start(
        """
        import datetime
        import dspy

        class Ask(dspy.Signature):
            day: datetime.date = dspy.InputField()
            answer: str = dspy.OutputField()

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.agent = dspy.RLM(Ask)

            def forward(self, **inputs):
                return dspy.Prediction(year=inputs['day'].year)
        """
    )
    assert host.run({'day': '2024-01-31'})['prediction'] == {'year': 2024}


def test_what_an_author_calls_signature_is_no_input_of_the_program(start: Start) -> None:
    host, _ = start(
        """
        import datetime
        import dspy

        class Other(dspy.Signature):
            day: datetime.date = dspy.InputField()
            answer: str = dspy.OutputField()

        class Fails(dspy.Module):
            @property
            def signature(self):
                raise NotImplementedError

        class Program(dspy.Module):
            signature = Other

            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('day: str -> answer')
                self.fails = Fails()

            def forward(self, **inputs):
                return dspy.Prediction(year=inputs['day'][:4])
        """
    )
    assert host.run({'day': '2024-01-31'})['prediction'] == {'year': '2024'}


def test_inputs_that_an_agent_adds_for_its_own_predictors_are_not_asked_of_rows(start: Start) -> None:
    host, _ = start("import dspy\nProgram = dspy.ReAct('question -> answer', tools=[])")
    error = host.run({'inputs': {'query': 'q'}}, labels={'answer': 'a'})['error']
    assert 'The signature has the inputs question, and the rows give it inputs ("inputs" in' in error['message']


def test_a_retriever_that_nobody_configured(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.retrieve = dspy.Retrieve(k=1)
                self.ask = dspy.Predict('context, question -> answer')

            def forward(self, question):
                return self.ask(context=self.retrieve(question).passages, question=question)
        """
    )
    message = host.run({'question': 'q'}, labels={'answer': 'a'})['error']['message']
    assert 'No RM is loaded. dspy.Retrieve asks the retriever of dspy.configure(rm=…)' in message


def test_a_module_of_dspys_that_knows_none_of_the_inputs(start: Start) -> None:
    host, _ = start("import dspy\nProgram = dspy.ChainOfThought('question -> answer')")
    error = host.run({'inputs': {'question': 'q'}}, labels={'answer': 'a'})['error']
    assert 'The signature has the inputs question, and the rows give it inputs ("inputs" in' in error['message']
    pairs = host.run({'prompt': 'q'}, labels={'completion': 'a'})['error']
    assert "return [{'question': row['prompt'], 'answer': row['completion']}" in pairs['message']
    assert not host.calls


@pytest.mark.parametrize(
    'program',
    [
        'dspy.BestOfN(module=MyQA(), N=1, reward_fn=lambda inputs, made: 1.0, threshold=1.0)',
        'dspy.Refine(module=MyQA(), N=1, reward_fn=lambda inputs, made: 1.0, threshold=1.0)',
        'Ensemble(reduce_fn=lambda made: made[0]).compile([MyQA()])',
    ],
)
def test_a_module_of_the_authors_within_dspys_may_name_the_inputs_anew(start: Start, program: str) -> None:
    host, _ = start(
        f"""
        import dspy
        from dspy.teleprompt import Ensemble

        class MyQA(dspy.Module):
            def __init__(self):
                super().__init__()
                self.p = dspy.Predict('question -> answer')

            def forward(self, text):
                return self.p(question=text)

        program = {program}
        """,
        program='program.py#program',
    )
    assert host.run({'text': 'x'})['prediction'] == {'answer': 'answer of x'}


def test_inputs_that_a_program_takes_by_place_alone(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer')

            def forward(self, question, /):
                return self.ask(question=question)
        """
    )
    assert 'remove the `/` behind question' in host.run({'question': 'x'})['error']['message']


def test_fields_may_have_the_names_of_dspys_own_arguments(start: Start) -> None:
    host, _ = start(
        """
        import dspy
        Program = dspy.Predict('base -> answer')

        def metric(example, prediction):
            return example.base == 'b' and example['self'] == 's'
        """,
        metric='program.py#metric',
    )
    demo = {'fields': {'base': 'of the demo', 'answer': 'a'}, 'augmented': True}
    host.put('one', {'predictors': {'self': {'instructions': 'Say it.', 'demos': [demo], 'model': 'm'}}})
    outcome = host.run({'base': 'b'}, 'one', labels={'self': 's'})
    assert outcome['score'] == 1
    assert 'of the demo' in host.calls[0]['call']['prompt']['messages'][1]['content']


def test_a_function_that_makes_the_program_may_be_asynchronous(start: Start) -> None:
    host, _ = start(
        """
        import asyncio, dspy

        async def make():
            await asyncio.sleep(0)
            return dspy.Predict('question -> answer')
        """,
        program='program.py#make',
    )
    assert host.run({'question': 'x'})['prediction'] == {'answer': 'answer of x'}


def test_a_program_that_takes_the_inputs_in_a_call_of_its_own(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer')

            def __call__(self, question):
                return super().__call__(q=int(question) + '1')

            def forward(self, q):
                return self.ask(question=q)
        """
    )
    assert host.run({'question': '1'})['error']['message'].startswith('TypeError: unsupported operand')


def test_progress_bars_that_another_run_makes_dspy_forget(start: Start) -> None:
    host, _ = start(
        """
        import dspy
        import tqdm

        class Bar(tqdm.tqdm):
            @classmethod
            def _get_free_pos(cls, instance=None):
                tqdm.tqdm._instances.clear()  # as `dspy.Parallel` does, in another run, at this moment
                return 0

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer')

            def forward(self, question):
                Bar([], disable=True)
                return self.ask(question=question)
        """
    )
    assert host.run({'question': 'x'})['prediction'] == {'answer': 'answer of x'}


def test_a_type_error_within_forward_is_the_programs(start: Start) -> None:
    host, _ = start(
        """
        import dspy

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict('question -> answer')

            def forward(self, question):
                return question + 1
        """
    )
    assert host.run({'question': 'x'})['error']['message'].startswith('TypeError: can only concatenate str')


def test_words_of_a_metric_go_into_the_outcome(start: Start) -> None:
    host, _ = start(METRICS, metric='program.py#gepa')
    outcome = host.run({'question': 'x'}, labels={'answer': 'answer of x'})
    assert (outcome['score'], outcome['feedback']) == (0.5, 'so so')


def test_what_dspy_says_of_missing_fields_is_printed_once_for_all_rows(start: Start) -> None:
    host, description = start("""
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict('context, question -> answer')

    def forward(self, **fields):
        return self.ask(question='q', **fields)

program = Program()
""")
    host.put('s', start_state(description))
    for inputs in ({}, {}, {}, {'context': 'c', 'last': '1'}):
        host.run(inputs, 's')
    began = time.monotonic()
    while "['last']" not in host.printed and time.monotonic() - began < 10:
        time.sleep(0.05)
    assert host.printed.count("Missing: ['context']") == 1
