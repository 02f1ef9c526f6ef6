import os

import dspy

from bm25 import BM25, deduplicate


class HotPotQA(dspy.Module):
    """Multi-hop questions, the largest program of the BetterTogether paper: search, search again with what was found,
    answer."""

    def __init__(self, search=None):
        super().__init__()
        self.search = search or passages()
        self.generate_query = [dspy.ChainOfThought('context, question -> search_query') for _ in range(2)]
        self.generate_answer = dspy.ChainOfThought('context, question -> answer')

    def forward(self, question):
        context = []
        for generate_query in self.generate_query:
            search_query = generate_query(context=context, question=question).search_query
            context = deduplicate(context + self.search(search_query, 3))
        answered = self.generate_answer(context=context, question=question)
        return dspy.Prediction(context=context, reasoning=answered.reasoning, answer=answered.answer)


def passages():
    """The passages beside this file, searched by words on this machine."""
    return BM25(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus.jsonl'))


def over_wikipedia():
    """The same on all of Wikipedia's abstracts, as in the paper: needs a ColBERTv2 server."""
    url = os.environ.get('COLBERT_URL')
    if url is None:
        raise RuntimeError('Set COLBERT_URL to a ColBERTv2 server with the abstracts of Wikipedia 2017.')
    server = dspy.ColBERTv2(url=url)
    return HotPotQA(lambda query, k: [found['text'] for found in server(query, k=k)])
