"""Programs whose code reads the instructions and demos of their predictors while it runs."""

from __future__ import annotations

from typing import Any

from .conftest import Start

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


def test_instructions_made_of_a_states_are_made_of_the_authors(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
    def forward(self, question):
        own = self.answer.signature
        if 'Monday' not in own.instructions:
            self.answer.signature = own.with_instructions(own.instructions + ' It is Monday.')
        return self.answer(question=question)
"""
    )
    host.put('one', found('Be one.'))
    for state in ('one', 'start'):
        host.run({'question': 'q1'}, state)
        system = host.calls[-1]['call']['prompt']['messages'][0]['content']
        assert system.rstrip().endswith('Answer. It is Monday.')
    assert host.printed.count("sets the instructions of the predictor 'answer' while it runs") == 1


def test_demos_that_are_added_to_are_of_this_run_alone(start: Start) -> None:
    host, _ = start(
        HEAD
        + """
    def forward(self, question):
        self.answer.demos.append(dspy.Example(question='like it', answer='so'))
        return self.answer(question=question)
"""
    )
    host.put('found', found('Answer.', (DEMO,)))
    for _ in range(2):
        host.run({'question': 'q1'}, 'found')
        assert len(host.calls[-1]['call']['prompt']['messages']) == 6
