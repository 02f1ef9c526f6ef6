"""BM25 over a few thousand passages with Python's standard library: finds what the TypeScript program's finds."""

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict

STOP_WORDS = set(
    (
        'a an and are as at be but by for if in into is it no not of on or such that the their then there these they '
        'this to was will with which who whom whose what when where how why does did do has have had he she his her '
        'its from'
    ).split()
)


class BM25:
    """Call it with a query and a number of passages. `corpus` is a .jsonl file of `title` and `text`."""

    def __init__(self, corpus, k1=0.9, b=0.4):
        with open(corpus, encoding='utf-8') as lines:
            rows = [json.loads(line) for line in lines]
        self.passages = [f'{row["title"]} | {row["text"]}' for row in rows]
        documents = [words_of(passage) for passage in self.passages]
        mean = sum(map(len, documents)) / len(documents)
        counts = defaultdict(dict)
        for number, words in enumerate(documents):
            for word, count in Counter(words).items():
                counts[word][number] = count
        self.postings = {}
        for word, having in counts.items():
            rarity = math.log(1 + (len(documents) - len(having) + 0.5) / (len(having) + 0.5))
            self.postings[word] = [
                (number, rarity * count / (count + k1 * (1 - b + b * len(documents[number]) / mean)))
                for number, count in having.items()
            ]

    def __call__(self, query, k):
        scores = defaultdict(float)
        for word in words_of(query):
            for number, weight in self.postings.get(word, ()):
                scores[number] += weight
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]
        return [self.passages[number] for number, _ in best]


def words_of(text):
    """The words of a text, lower-cased, without accents, stop-words and the plural s."""
    text = unicodedata.normalize('NFKD', text.lower())
    text = ''.join(c for c in text if not unicodedata.category(c).startswith('M'))
    return [singular(word) for word in re.findall(r'[^\W_]+', text) if word not in STOP_WORDS]


def singular(word):
    if len(word) < 4 or not word.endswith('s'):
        return word
    if word.endswith('ies'):
        return word if re.search('[ae]ies$', word) else word[:-3] + 'y'
    if word.endswith('es'):
        return word if re.search('[aeo]es$', word) else word[:-1]
    return word if re.search('[us]s$', word) else word[:-1]


def deduplicate(passages):
    return list(dict.fromkeys(passages))
