"""The built-in metrics, to the letter those of src/program/metrics.ts: the same case table tests both."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

Metric = Callable[[Mapping[str, Any], Mapping[str, Any]], 'bool | float']

# What JavaScript's \s matches and trim() removes.
_SPACE = '\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'
_SPACES = re.compile(f'[{_SPACE}]+')
_TRIM = re.compile(f'^[{_SPACE}]+|[{_SPACE}]+$')
_PUNCTUATION = re.compile(r'[!"#$%&\'()*+,\-./:;<=>?@\[\\\]^_`{|}~]')
_PLAIN_NUMBER = re.compile(rf'^[{_SPACE}]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[{_SPACE}]*$')
_NUMBER = re.compile(r'(?<![A-Za-z0-9_.])-?\.?[0-9][0-9,]*(?:\.[0-9]+)?|[0-9][0-9,]*(?:\.[0-9]+)?')
_ARTICLE = re.compile(r'\b(a|an|the)\b', re.ASCII)


class MetricFieldError(Exception):
    """The built-in metric does not find its field."""


def exact_match(field: str) -> Metric:
    def metric(example: Mapping[str, Any], prediction: Mapping[str, Any]) -> bool:
        said = _value(prediction, field, 'prediction')
        return any(_same_text(gold, said) for gold in _golds(_value(example, field, 'example')))

    return metric


def last_number(field: str) -> Metric:
    def metric(example: Mapping[str, Any], prediction: Mapping[str, Any]) -> bool:
        golds = _numbers(_text(_value(example, field, 'example')))
        if not golds:
            raise MetricFieldError(f"lastNumber:{field}: the example's '{field}' holds no number.")
        line = _TRIM.sub('', _text(_value(prediction, field, 'prediction'))).split('\n', 1)[0]
        return _numbers(line)[-1:] == golds[-1:]

    return metric


def f1(field: str) -> Metric:
    def metric(example: Mapping[str, Any], prediction: Mapping[str, Any]) -> float:
        said = _text(_value(prediction, field, 'prediction'))
        return max([0.0, *(_token_f1(_text(gold), said) for gold in _golds(_value(example, field, 'example')))])

    return metric


BUILT_IN = {'exactMatch': exact_match, 'lastNumber': last_number, 'f1': f1}


def built_in_metric(spec: str) -> Metric | None:
    """The metric that `exactMatch:answer` names; `None` for `file#function`.

    Raises:
        ValueError: for anything else, saying what would be right.
    """
    if '#' in spec:
        return None
    name, field, *rest = [part.strip() for part in spec.split(':')] + ([''] if ':' not in spec else [])
    if name not in BUILT_IN:
        known = ', '.join(f'{each}:<field>' for each in BUILT_IN)
        raise ValueError(f"Unknown metric '{spec}'. Use {known}, or file#function for your own.")
    if field == '' or rest:
        raise ValueError(f"The metric '{spec}' must name one field, as in {name}:answer.")
    return BUILT_IN[name](field)


def _value(fields: Mapping[str, Any], field: str, whose: str) -> Any:
    if field in fields:
        return fields[field]
    known = ', '.join(fields) or 'none'
    raise MetricFieldError(
        f"The metric looks for the field '{field}', which the {whose} does not have (it has: {known})."
    )


def _golds(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """As Python prints it, lists and objects as JSON."""
    value = _without_fraction(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def _without_fraction(value: Any) -> Any:
    """A float without a fraction is an integer: JavaScript does not distinguish them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_without_fraction(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_fraction(item) for key, item in value.items()}
    return value


def _same_text(gold: Any, said: Any) -> bool:
    a, b = _text(gold), _text(said)
    if _PLAIN_NUMBER.match(a) and _PLAIN_NUMBER.match(b):
        return float(_TRIM.sub('', a)) == float(_TRIM.sub('', b))
    return _normalise(a) == _normalise(b)


def _words(text: str) -> list[str]:
    return [word for word in _SPACES.split(text) if word]


def _normalise(text: str) -> str:
    return ' '.join(_words(_PUNCTUATION.sub('', text.lower())))


def _numbers(text: str) -> list[float]:
    return [_number(found.group()) for found in _NUMBER.finditer(text)]


def _number(text: str) -> float:
    try:
        return float(text.replace(',', ''))
    except ValueError:
        return float('nan')  # a new one: not equal to another


def _token_f1(gold: str, said: str) -> float:
    a, b = _without_articles(gold), _without_articles(said)
    whole = ('yes', 'no', 'noanswer')
    if (a in whole or b in whole) and a != b:
        return 0.0
    gold_tokens, said_tokens = a.split(' ') if a else [], b.split(' ') if b else []
    common = sum((Counter(gold_tokens) & Counter(said_tokens)).values())
    return 0.0 if common == 0 else 2 * common / (len(gold_tokens) + len(said_tokens))


def _without_articles(text: str) -> str:
    return ' '.join(_words(_ARTICLE.sub(' ', _PUNCTUATION.sub('', text.lower()))))
