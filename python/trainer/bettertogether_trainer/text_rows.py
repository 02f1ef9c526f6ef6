"""Training rows as text, for a trainer that is started with a file: tokens come from the model's own tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from transformers import PreTrainedTokenizerBase

from .errors import TrainerError
from .rows import Pair, Row, Scored, advantage_of, check_length

_MARK = 'XyzzyAnswerXyzzy'

T = TypeVar('T', Row, Pair, Scored)


class TextRows:
    """Reads JSONL rows in any of three shapes, the loss always on the completion alone:

    - `{"messages", "opened", "completion", "end"}` or `{"prompt": text, "completion", "end"}`, all parts apart;
    - `{"messages": […, {"role": "assistant"}]}`, OpenAI's;
    - `{"prompt": [messages], "completion": [message]}`, TRL's.

    Pairs have `chosen` and `rejected` for `completion`, as TRL's have: texts or lists of a message. `completion`
    may stand for `chosen`. Answers of a policy have an `advantage` besides, a number.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._end_of_turn: str | None = None

    def read(self, file: Path, context: int, kind: type[T] = Row) -> list[T]:
        """The rows of `file`. Raises TrainerError naming the line that cannot be trained on."""
        try:
            lines = file.read_text(encoding='utf-8').splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TrainerError(f'rows: cannot read {file}: {error}') from error
        rows = [
            self._line(line, f'rows: {file} line {n}', context, kind) for n, line in enumerate(lines, 1) if line.strip()
        ]
        if not rows:
            raise TrainerError(f'no rows: {file} is empty')
        return rows

    def _line(self, line: str, place: str, context: int, kind: type[T]) -> T:
        try:
            value = json.loads(line)
            row = self._of(value, kind, place)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise TrainerError(f'{place}: {error!r} in a row of an unknown shape') from error
        if not row.prompt or not all(sequence.completion for sequence in row.sequences):
            raise TrainerError(f'{place}: prompt or {"an answer" if kind is Pair else "completion"} is empty')
        check_length(row, place, context)
        return row

    def _of(self, value: dict[str, Any], kind: type[T], place: str) -> T:
        if kind is Pair:
            return self._pair(value)
        row = self._row(value)
        return Scored(row.prompt, row.completion, advantage_of(value, place)) if kind is Scored else row

    def _pair(self, value: dict[str, Any]) -> Pair:
        preferred = 'chosen' if 'chosen' in value else 'completion'
        better, worse = (self._row({**value, 'completion': value[answer]}) for answer in (preferred, 'rejected'))
        return Pair(better.prompt, better.completion, worse.completion)

    def _row(self, value: dict[str, Any]) -> Row:
        prompt, completion = value.get('prompt'), value.get('completion')
        if isinstance(prompt, str):
            end = value.get('end')
            ids = self._tokenizer(prompt)['input_ids']
            return Row(tuple(ids), self._ids(completion + (self._end() if end is None else end)))
        if isinstance(prompt, list):
            return self._chat(prompt, '', completion[0]['content'], None)
        messages = value['messages']
        if isinstance(completion, str):
            return self._chat(messages, value.get('opened') or '', completion, value.get('end'))
        if messages[-1]['role'] != 'assistant':
            raise ValueError("the last message is not the assistant's")
        return self._chat(messages[:-1], '', messages[-1]['content'], None)

    def _chat(self, messages: list[dict[str, str]], opened: str, completion: str, end: str | None) -> Row:
        prompt = self._render(messages, True) + opened
        return Row(self._ids(prompt), self._ids(completion + (self._end() if end is None else end)))

    def _render(self, messages: list[dict[str, str]], answer_next: bool) -> str:
        if self._tokenizer.chat_template is None:
            raise TrainerError('model: its tokenizer has no chat template, and the rows are chats')
        return self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer_next)

    def _end(self) -> str:
        """What the chat template puts after an assistant's turn; without a template the end-of-sequence token."""
        if self._end_of_turn is None:
            end = ''
            if self._tokenizer.chat_template is not None:
                turns = [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': _MARK}]
                end = self._render(turns, False).split(_MARK)[-1].strip()
            eos = self._tokenizer.eos_token or ''
            self._end_of_turn = eos if eos and (end == '' or eos in end) else end
        return self._end_of_turn

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False)['input_ids'])
