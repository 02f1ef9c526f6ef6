"""Programs whose code reads the instructions and demos of their predictors while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Start
from .harness import HostProcess

HEAD = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict(dspy.Signature('question -> answer', 'Answer.'))
"""

DEMO = {'fields': {'question': 'q', 'answer': 'a'}, 'augmented': True}


def found(instructions: str, demos: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {'predictors': {'answer': {'instructions': instructions, 'demos': list(demos), 'model': 'base'}}}


def test_a_program_that_asks_a_service_of_its_own_hands_it_the_states_prompt(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
    def forward(self, question):
        shown = [(demo.question, demo['answer']) for demo in self.answer.demos]
        return dspy.Prediction(answer=f'{self.answer.signature.instructions} {shown}')
"""
    )
    host.put('found', found('Be brief.', (DEMO,)))
    answers = [host.run({'question': 'q1'}, state)['prediction']['answer'] for state in ('start', 'found', 'start')]
    assert answers == ['Answer. []', "Be brief. [('q', 'a')]", 'Answer. []']
    assert host.calls == []


def test_a_copy_made_while_it_runs_is_read_so_too_and_calls_are_as_before(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
    def forward(self, question):
        copy = self.answer.deepcopy()
        said = copy(question=question).answer
        return dspy.Prediction(answer=f'{said}, by {copy.signature.instructions} and {len(copy.demos)}')
"""
    )
    host.put('found', found('Answer', (DEMO,)))
    assert host.run({'question': 'q1'}, 'found')['prediction'] == {'answer': 'answer of q1, by Answer and 1'}
    messages = host.calls[0]['call']['prompt']['messages']
    assert messages[0]['content'].rstrip().endswith('Answer') and len(messages) == 4


def test_what_is_made_of_a_states_prompt_is_of_no_other_state(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
        self.extended = False

    def forward(self, question):
        if not self.extended:
            self.extended = True
            self.answer.signature = self.answer.signature.insert(0, 'day', dspy.InputField(), str)
        return self.answer(question=question, day='Monday')
"""
    )
    host.put('one', found('Be one.'))
    host.put('two', found('Be two.'))
    for state, words in (('one', 'Be one.'), ('two', 'Be two.'), ('start', 'Answer.')):
        host.run({'question': 'q1'}, state)
        system, user = (each['content'] for each in host.calls[-1]['call']['prompt']['messages'])
        assert system.rstrip().endswith(words) and '[[ ## day ## ]]\nMonday' in user


def demo(question: str) -> dict[str, Any]:
    return {'fields': {'question': question, 'answer': 'a'}, 'augmented': True}


ONE = found('Be one on {day}.', (demo('1a'), demo('1b'), demo('1c')))
TWO = found('Be two on {day}.', (demo('2a'), demo('2b')))


def asked(host: HostProcess, call: int = -1) -> tuple[str, list[str]]:
    """Instructions and the questions of the demos."""
    system, *turns = host.calls[call]['call']['prompt']['messages']
    questions = [each['content'].splitlines()[1] for each in turns if each['role'] == 'user']
    return system['content'].rstrip().splitlines()[-1].strip(), questions[:-1]


def asked_in_turn(start: Start, body: str, calls: int = 1) -> list[list[tuple[str, list[str]]]]:
    """Of each run, in two states, the first again, and that of the start: what each call asks."""
    host, _ = start(HEAD + body)
    host.put('one', ONE)
    host.put('two', TWO)
    made = []
    for state in ('one', 'two', 'one', 'start'):
        host.calls.clear()
        outcome = host.run({'question': 'q1'}, state)
        assert outcome['prediction'] == {'answer': 'answer of q1'}, outcome
        made.append([asked(host, call) for call in range(len(host.calls))])
        assert len(host.calls) == calls
    return made


def in_states(one: list[Any], two: list[Any], at_start: list[Any]) -> list[list[Any]]:
    return [one, two, one, at_start]


def test_demos_that_are_a_part_of_the_states_are_of_the_run(start: Start) -> None:
    body = """
    def forward(self, question):
        self.answer.demos = self.answer.demos[:2]
        return self.answer(question=question)
"""
    assert asked_in_turn(start, body) == in_states(
        [('Be one on {day}.', ['1a', '1b'])], [('Be two on {day}.', ['2a', '2b'])], [('Answer.', [])]
    )


def test_a_demo_is_added_to_those_of_each_state(start: Start) -> None:
    body = """
    def forward(self, question):
        self.answer.demos = [*self.answer.demos, dspy.Example(question='near', answer='x')][-3:]
        return self.answer(question=question)
"""
    assert asked_in_turn(start, body) == in_states(
        [('Be one on {day}.', ['1b', '1c', 'near'])],
        [('Be two on {day}.', ['2a', '2b', 'near'])],
        [('Answer.', ['near'])],
    )


def test_what_is_saved_and_set_again_is_the_states(start: Start) -> None:
    body = """
    def forward(self, question):
        demos, signature = self.answer.demos, self.answer.signature
        self.answer.demos, self.answer.signature = [], signature.with_instructions('Other.')
        try:
            self.answer(question=question)
        finally:
            self.answer.demos, self.answer.signature = demos, signature
        return self.answer(question=question)
"""
    other: tuple[str, list[str]] = ('Other.', [])
    assert asked_in_turn(start, body, calls=2) == in_states(
        [other, ('Be one on {day}.', ['1a', '1b', '1c'])],
        [other, ('Be two on {day}.', ['2a', '2b'])],
        [other, ('Answer.', [])],
    )


@pytest.mark.parametrize(
    'change',
    [
        "self.answer.signature = own.with_instructions(own.instructions.replace('{day}', 'Monday'))",
        "own.instructions = own.instructions.replace('{day}', 'Monday')",
    ],
)
def test_a_placeholder_is_filled_in_in_each_state(start: Start, change: str) -> None:
    body = f"""
    def forward(self, question):
        own = self.answer.signature
        {change}
        return self.answer(question=question)
"""
    assert asked_in_turn(start, body) == in_states(
        [('Be one on Monday.', ['1a', '1b', '1c'])], [('Be two on Monday.', ['2a', '2b'])], [('Answer.', [])]
    )


def test_instructions_are_added_to_those_of_each_state_which_is_said(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
    def forward(self, question):
        own = self.answer.signature
        self.answer.signature = own.with_instructions(own.instructions + ' It is Monday.')
        return self.answer(question=question)
"""
    )
    host.put('one', found('Be one.'))
    for state, words in (('one', 'Be one.'), ('start', 'Answer.'), ('one', 'Be one.')):
        host.run({'question': 'q1'}, state)
        assert asked(host) == (f'{words} It is Monday.', [])
    assert host.printed.count("sets the instructions of the predictor 'answer' while it runs") == 1


def test_a_text_of_the_programs_own_stays_as_it_is(start: Start) -> None:
    body = """
    def forward(self, question):
        self.answer(question=question)
        self.answer.signature = self.answer.signature.with_instructions('Be one on {day}. Then stop.')
        return self.answer(question=question)
"""
    own = 'Be one on {day}. Then stop.'
    assert asked_in_turn(start, body, calls=2) == in_states(
        [('Be one on {day}.', ['1a', '1b', '1c']), (own, ['1a', '1b', '1c'])],
        [('Be two on {day}.', ['2a', '2b']), (own, ['2a', '2b'])],
        [('Answer.', []), (own, [])],
    )


def test_demos_that_are_changed_in_place_are_so_in_their_run_alone(start: Start) -> None:
    body = """
    def forward(self, question):
        for each in self.answer.demos:
            each.question += '!'
        self.answer.demos.append(dspy.Example(question='near', answer='x'))
        return self.answer(question=question)
"""
    assert asked_in_turn(start, body) == in_states(
        [('Be one on {day}.', ['1a!', '1b!', '1c!', 'near'])],
        [('Be two on {day}.', ['2a!', '2b!', 'near'])],
        [('Answer.', ['near'])],
    )


def test_a_copy_has_demos_of_its_own_which_begin_as_the_originals(start: Start) -> None:
    body = """
    def forward(self, question):
        first = self.answer.deepcopy()
        first.demos.append(dspy.Example(question='of the first', answer='x'))
        self.answer(question=question)
        second = first.deepcopy()
        second.demos[0].question += '!'
        second.signature = second.signature.with_instructions('Be the second.')
        third = second.deepcopy()
        first(question=question)
        return third(question=question)
"""

    def each(instructions: str, *demos: str) -> list[tuple[str, list[str]]]:
        added = [*demos, 'of the first']
        return [(instructions, list(demos)), (instructions, added), ('Be the second.', [f'{added[0]}!', *added[1:]])]

    assert asked_in_turn(start, body, calls=3) == in_states(
        each('Be one on {day}.', '1a', '1b', '1c'), each('Be two on {day}.', '2a', '2b'), each('Answer.')
    )


def test_threads_of_a_run_share_what_it_has_in_hand(start: Start) -> None:
    body = """
    def forward(self, question):
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(8) as pool:
            for number in range(8):
                pool.submit(lambda: self.answer.demos.append(dspy.Example(question='near', answer='x')))
        return self.answer(question=question)
"""
    near = ['near'] * 8
    assert asked_in_turn(start, body) == in_states(
        [('Be one on {day}.', ['1a', '1b', '1c', *near])],
        [('Be two on {day}.', ['2a', '2b', *near])],
        [('Answer.', near)],
    )


def test_runs_at_the_same_time_ask_with_what_each_sets(start: Start) -> None:
    host, _ = start(
        'import threading\n\nBOTH = threading.Barrier(2)\n'
        + HEAD
        + """
    def forward(self, question):
        self.answer.demos = [dspy.Example(question=f'near {question}', answer='x')]
        self.answer.signature = dspy.Signature('question -> answer', f'Of {question}.')
        BOTH.wait(60)
        return self.answer(question=question)
"""
    )
    host.put('one', ONE)
    for run in [host.start({'question': question}, 'one') for question in ('q1', 'q2')]:
        assert run.wait()['prediction'] is not None
    assert sorted(asked(host, call) for call in (0, 1)) == [('Of q1.', ['near q1']), ('Of q2.', ['near q2'])]


def test_what_the_code_sets_once_without_reading_stays(start: Start) -> None:
    body = """
        self.is_ready = False

    def forward(self, question):
        if not self.is_ready:
            self.is_ready = True
            self.answer.demos = [dspy.Example(question='of the code', answer='x')]
            self.answer.signature = dspy.Signature('question -> answer', 'Of the code.')
        return self.answer(question=question)
"""
    of_the_code = [('Of the code.', ['of the code'])]
    assert asked_in_turn(start, body) == in_states(of_the_code, of_the_code, of_the_code)


def test_a_field_that_the_code_describes_once_stays_so_in_each_state(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
        self.is_ready = False

    def forward(self, question):
        if not self.is_ready:
            self.is_ready = True
            self.answer.signature = self.answer.signature.with_updated_fields('answer', desc='In one word.')
        return self.answer(question=question)
"""
    )
    host.put('one', ONE)
    for state, words in (('one', 'Be one on {day}.'), ('one', 'Be one on {day}.'), ('start', 'Answer.')):
        host.run({'question': 'q1'}, state)
        assert asked(host)[0] == words
        assert 'In one word.' in host.calls[-1]['call']['prompt']['messages'][0]['content']


def test_what_the_code_loads_once_stays(start: Start) -> None:
    body = """
        self.is_ready = False

    def forward(self, question):
        if not self.is_ready:
            self.is_ready = True
            saved = dspy.Predict(dspy.Signature('question -> answer', 'Of the file.'))
            self.answer.load_state(saved.dump_state())
        return self.answer(question=question)
"""
    assert asked_in_turn(start, body) == in_states(
        [('Of the file.', ['1a', '1b', '1c'])], [('Of the file.', ['2a', '2b'])], [('Of the file.', [])]
    )


def test_a_predictor_class_with_a_signature_property_of_its_own_is_asked_in_each_state(start: Start) -> None:
    host, _ = start(
        """
import dspy

class Own(dspy.Predict):
    @property
    def signature(self):
        return self.__dict__['_own']

    @signature.setter
    def signature(self, value):
        self.__dict__['_own'] = value

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = Own(dspy.Signature('question -> answer', 'Answer.'))

    def forward(self, question):
        return self.answer(question=question)
"""
    )
    host.put('one', ONE)
    for state, expected in (('one', ('Be one on {day}.', ['1a', '1b', '1c'])), ('start', ('Answer.', []))):
        host.run({'question': 'q1'}, state)
        assert asked(host) == expected
