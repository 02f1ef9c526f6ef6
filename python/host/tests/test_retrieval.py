"""Look-ups of passages in the trace of a run: when, within what, and what came."""

from __future__ import annotations

from .conftest import Start

SOURCE = """
import dspy
from dspy.dsp import colbertv2


def serve(url, query, k):
    if query == 'down':
        raise ConnectionError('no index')
    return [{'pid': i, 'text': f'{query} | {i}', 'long_text': f'{query} {i}: ' + 40 * ' many  words'} for i in range(k)]


colbertv2.colbertv2_get_request = serve
colbert = dspy.ColBERTv2(url='http://index/wiki')
dspy.configure(lm=dspy.LM('openai/main'), rm=colbert)


class Hop(dspy.Module):
    def __init__(self):
        super().__init__()
        self.retrieve = dspy.Retrieve(k=2)
        self.query = dspy.Predict('question -> search')

    def forward(self, question):
        self.query(question=question)
        return self.retrieve(question).passages


class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.hop = Hop()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        context = self.hop(question=question)
        context += [each.long_text for each in colbert(question, k=1)]
        context += self.hop.retrieve(question, k=3).passages
        return self.answer(question=str(len(context)))


def metric(example, prediction, trace=None):
    colbert('metric')
    return len(trace or [1, 2])
"""


def test_look_ups_are_in_the_trace_of_the_run(start: Start) -> None:
    host, _ = start(SOURCE, metric='program.py#metric', metricRange=[0, 9])
    outcome = host.run({'question': 'who'})
    found = outcome['retrievals']
    assert [(each['retriever'], each['query'], each['k'], len(each['passages'])) for each in found] == [
        ('Retrieve', 'who', 2, 2),
        ('ColBERTv2', 'who', 1, 1),
        ('Retrieve', 'who', 3, 3),
    ]
    assert [each['path'] for each in found] == [['Program', 'Hop'], ['Program'], ['Program']]
    words = found[0]['passages'][1]
    assert words.startswith('who 1: many words many') and words.endswith('…') and len(words) <= 160
    starts = [outcome['trace'][0]['start'], *(each['start'] for each in found), outcome['trace'][1]['start']]
    assert starts == sorted(starts) and all(each['seconds'] >= 0 for each in found)
    # Metrics are given the trace as DSPy keeps it: calls of predictors.
    assert host.run({'question': 'who'}, collecting=True)['score'] == 2


def test_a_look_up_that_fails_is_told(start: Start) -> None:
    host, _ = start(SOURCE, metric='program.py#metric', metricRange=[0, 9])
    outcome = host.run({'question': 'down'})
    (only,) = outcome['retrievals']
    assert only['passages'] == [] and only['error'] == 'ConnectionError: no index'
    assert outcome['error']['message'] == 'ConnectionError: no index'


def test_runs_without_look_ups_say_nothing_of_them(start: Start) -> None:
    host, _ = start("import dspy\nprogram = dspy.Predict('question -> answer')", program='program.py#program')
    assert 'retrievals' not in host.run({'question': 'who'}, labels={'answer': 'x'})


def test_retrievers_of_the_users_own(start: Start) -> None:
    source = """
        import dspy

        class Mine(dspy.Retrieve):
            def forward(self, query_or_queries, k=None):
                return dspy.Prediction(passages=[{'text': 'a  b'}, 7], context=[])

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.retrieve = Mine(k=5)
                self.answer = dspy.Predict('question -> answer')

            def forward(self, question):
                self.retrieve(query_or_queries=question)
                return self.answer(question=question)
    """
    host, _ = start(source)
    (only,) = host.run({'question': 'who'}, labels={'answer': 'x'})['retrievals']
    assert (only['retriever'], only['query'], only['k'], only['passages']) == ('Mine', 'who', 5, ['a b', '7'])
