"""Rows of text, in each of the shapes they come in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from bettertogether_trainer import once
from bettertogether_trainer.errors import TrainerError
from bettertogether_trainer.job import parse_job
from bettertogether_trainer.objective import Dpo, Grpo, Supervised
from bettertogether_trainer.rows import Pair, Scored
from bettertogether_trainer.text_rows import TextRows

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}'
)


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """One token a character, and one for each end of a turn."""
    characters = {chr(code): code for code in range(128)}
    inner = Tokenizer(models.BPE(vocab={**characters, '\u2019': 128}, merges=[], unk_token='\u2019'))
    inner.pre_tokenizer = pre_tokenizers.Split('', 'isolated')
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token='<|im_end|>')
    made.add_special_tokens({'additional_special_tokens': ['<|im_start|>']})
    made.chat_template = TEMPLATE
    return made


def read(tokenizer: PreTrainedTokenizerFast, folder: Path, *rows: object) -> list[tuple[str, str]]:
    file = folder / 'rows.jsonl'
    file.write_text(''.join((row if isinstance(row, str) else json.dumps(row)) + '\n' for row in rows))
    found = TextRows(tokenizer).read(file, 200)
    return [(text(tokenizer, row.prompt), text(tokenizer, row.completion)) for row in found]


def text(tokenizer: PreTrainedTokenizerFast, ids: tuple[int, ...]) -> str:
    return ''.join(tokenizer.convert_ids_to_tokens(list(ids)))


ASKED = '<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n'
USER = {'role': 'user', 'content': 'Q'}


def answer(content: str) -> dict[str, str]:
    return {'role': 'assistant', 'content': content}


@pytest.mark.parametrize(
    ('row', 'prompt', 'completion'),
    [
        ({'messages': [USER], 'opened': 'A:', 'completion': ' x', 'end': None}, ASKED + 'A:', ' x<|im_end|>'),
        ({'messages': [USER], 'opened': '', 'completion': 'x', 'end': '##'}, ASKED, 'x##'),
        ({'messages': [USER, {'role': 'assistant', 'content': 'x'}]}, ASKED, 'x<|im_end|>'),
        ({'prompt': [USER], 'completion': [{'role': 'assistant', 'content': 'x'}]}, ASKED, 'x<|im_end|>'),
        ({'prompt': 'Q\n', 'completion': 'x', 'end': '\n'}, 'Q\n', 'x\n'),
        ({'prompt': 'Q\n', 'completion': 'x'}, 'Q\n', 'x<|im_end|>'),
    ],
)
def test_shapes(tokenizer: PreTrainedTokenizerFast, tmp_path: Path, row: object, prompt: str, completion: str) -> None:
    assert read(tokenizer, tmp_path, row) == [(prompt, completion)]


@pytest.mark.parametrize(
    ('row', 'expected'),
    [
        ({'prompt': 'Q\n', 'chosen': 'x', 'rejected': 'y'}, ('Q\n', 'x<|im_end|>', 'y<|im_end|>')),
        ({'prompt': 'Q\n', 'chosen': 'x', 'rejected': 'yy', 'end': '\n'}, ('Q\n', 'x\n', 'yy\n')),
        (
            {'prompt': [USER], 'chosen': [answer('x')], 'rejected': [answer('y')]},
            (ASKED, 'x<|im_end|>', 'y<|im_end|>'),
        ),
        (
            {'messages': [USER], 'opened': 'A:', 'chosen': 'x', 'rejected': 'y', 'end': '##'},
            (ASKED + 'A:', 'x##', 'y##'),
        ),
        (
            {'messages': [USER], 'opened': 'A:', 'completion': 'x', 'rejected': 'y', 'end': '##'},
            (ASKED + 'A:', 'x##', 'y##'),
        ),
    ],
)
def test_shapes_of_pairs(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, row: object, expected: tuple[str, str, str]
) -> None:
    file = tmp_path / 'rows.jsonl'
    file.write_text(json.dumps(row))
    (pair,) = TextRows(tokenizer).read(file, 200, Pair)
    assert tuple(text(tokenizer, ids) for ids in (pair.prompt, pair.completion, pair.rejected)) == expected


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ({'prompt': 'Q'}, r"line 1: KeyError\('completion'\)"),
        ({'prompt': 'Q', 'chosen': 'x'}, r"line 1: KeyError\('rejected'\)"),
        ({'prompt': 'Q', 'chosen': 'x', 'rejected': 'y' * 300, 'end': ''}, 'line 1: 301 tokens do not fit'),
        ({'prompt': 'Q', 'chosen': 'x', 'rejected': '', 'end': ''}, 'line 1: prompt or an answer is empty'),
    ],
)
def test_a_pair_that_cannot_be_trained_on_is_named(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, row: object, message: str
) -> None:
    file = tmp_path / 'rows.jsonl'
    file.write_text(json.dumps(row))
    with pytest.raises(TrainerError, match=message):
        TextRows(tokenizer).read(file, 200, Pair)


def test_answers_of_a_policy_have_an_advantage(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    file = tmp_path / 'rows.jsonl'
    file.write_text(json.dumps({'messages': [USER], 'completion': 'x', 'end': '##', 'advantage': -0.5}))
    (row,) = TextRows(tokenizer).read(file, 200, Scored)
    assert (text(tokenizer, row.prompt), text(tokenizer, row.completion), row.advantage) == (ASKED, 'x##', -0.5)
    file.write_text(json.dumps({'messages': [USER], 'completion': 'x', 'advantage': True}))
    with pytest.raises(TrainerError, match='line 1: advantage: expected a number, got True'):
        TextRows(tokenizer).read(file, 200, Scored)


def test_the_command_takes_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ['once', '--model', 'm', '--rows', 'r', '--out', 'o']
    monkeypatch.setattr('sys.argv', given)
    assert parse_job(once.command(once.arguments())).objective == Supervised()
    monkeypatch.setattr('sys.argv', [*given, '--method', 'dpo', '--beta', '0.1'])
    assert parse_job(once.command(once.arguments())).objective == Dpo(0.1)
    monkeypatch.setattr('sys.argv', [*given, '--method', 'grpo', '--clip', '0.2', '0.28'])
    assert parse_job(once.command(once.arguments())).objective == Grpo(0.2, 0.28)
    monkeypatch.setattr('sys.argv', [*given, '--method', 'dpo'])
    with pytest.raises(TrainerError, match='beta: missing'):
        parse_job(once.command(once.arguments()))


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ('{', 'line 2: JSONDecodeError'),
        ({'messages': [USER]}, "line 2: ValueError.*not the assistant's"),
        ({'text': 'x'}, 'line 2: KeyError'),
        ({'prompt': 'Q', 'completion': 'x' * 300, 'end': ''}, 'line 2: 301 tokens do not fit'),
        ({'prompt': '', 'completion': 'x'}, 'line 2: prompt or completion is empty'),
    ],
)
def test_what_cannot_be_trained_on_is_named(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, row: object, message: str
) -> None:
    good = {'prompt': 'Q', 'completion': 'x'}
    with pytest.raises(TrainerError, match=message):
        read(tokenizer, tmp_path, good, row)


def test_no_rows_and_no_template_are_errors(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match='no rows'):
        read(tokenizer, tmp_path, '')
    tokenizer.chat_template = None
    assert read(tokenizer, tmp_path, {'prompt': 'Q', 'completion': 'x'}) == [('Q', 'x<|im_end|>')]
    with pytest.raises(TrainerError, match='no chat template'):
        read(tokenizer, tmp_path, {'messages': [USER], 'completion': 'x'})
