"""Training rows: the prompt as a predictor would ask in a state, and its parsed outputs rendered again."""

from __future__ import annotations

import json
from typing import Any

import dspy
from dspy.dsp.utils.settings import settings

from .relay import chat_messages
from .states import PredictorState, revived
from .user_errors import PromptError


def render_rows(predictors: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`TrainingRow`s of src/data/trace.ts, in the order of `rows` and by the adapter that the user configured.

    DSPy's own `format_finetune_data` makes the same with a ChatAdapter; a JSONAdapter has none
    (dspy/adapters/json_adapter.py). The chat template ends the turn, so `end` is None.

    Raises:
        PromptError: for prompts that are not text alone.
    """
    adapter = settings.adapter or dspy.ChatAdapter()
    states: dict[str, PredictorState] = {}
    rendered = []
    for row in rows:
        own = predictors[row['predictor']].signature
        key = row['predictor'] + json.dumps(row['state'], sort_keys=True)
        state = states.setdefault(key, PredictorState(row['state']))
        signature = state.signature(own)
        messages = adapter.format(signature, state.demos(own), revived(row['inputs'], own))
        completion = adapter.format_assistant_message_content(signature, revived(row['outputs'], own))
        shown = chat_messages(messages)
        if any(not isinstance(message['content'], str) for message in shown):
            raise PromptError(
                f"The predictor '{row['predictor']}' is shown pictures, and weights are trained on text alone. Put it "
                'under "frozen", or leave out the weight steps.'
            )
        rendered.append(
            {
                'predictor': row['predictor'],
                'prompt': {'kind': 'chat', 'messages': shown},
                'completion': completion,
                'end': None,
            }
        )
    return rendered
