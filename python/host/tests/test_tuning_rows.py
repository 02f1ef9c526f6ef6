"""Rows in a form of fine-tuning data, and the code that makes rows of them."""

from __future__ import annotations

import re

import pytest
from bettertogether_host.tuning_rows import tuning_remedy


@pytest.mark.parametrize(
    ('row', 'made'),
    [
        ({'instruction': 'Add.', 'input': '1 1', 'output': '2'}, {'question': 'Add.\n1 1', 'answer': '2'}),
        ({'instruction': 'Say 2.', 'output': '2'}, {'question': 'Say 2.\n', 'answer': '2'}),
        ({'prompt': 'p', 'completion': 'c'}, {'question': 'p', 'answer': 'c'}),
    ],
)
def test_the_code_that_is_told_makes_rows(row: dict[str, str], made: dict[str, str]) -> None:
    remedy = tuning_remedy(row, 'question')
    assert remedy is not None
    told = re.search(r'`def rows\(\): return \[(.*) for row in …\]`', remedy)
    assert told is not None and eval(told[1], {'row': row}) == made


def test_other_rows_need_none() -> None:
    assert tuning_remedy({'question': 'q', 'answer': 'a'}, 'question') is None
