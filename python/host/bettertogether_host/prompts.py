"""The final prompt of one call: the predictor is called, and the call is kept where it would leave the process."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .context import Phase, Run
from .relay import PromptShown
from .running import Around
from .states import PredictorState, revived
from .user_errors import PromptError, text_of


def show_prompt(predictors: dict[str, Any], params: dict[str, Any], run_lm: Any) -> dict[str, Any]:
    """An `LmCall` of src/data/lm.ts, with the model of the state.

    Raises:
        PromptError: when the predictor, or the user's adapter, does not take the inputs.
    """
    name = params['predictor']
    predictor = predictors.get(name)
    if predictor is None:
        raise PromptError(f"The program has no predictor '{name}'. It has: {', '.join(predictors)}.")
    missing = [each for each in predictor.signature.input_fields if each not in params['inputs']]
    if missing:
        known = ', '.join(predictor.signature.input_fields)
        raise PromptError(f"The predictor '{name}' takes {known}; the input has no {', '.join(missing)}.")
    state: Any = SimpleNamespace(predictors={name: PredictorState(params['state'])})
    run = Run(0, state, shows=True)
    try:
        with Around(Phase(run, metric=False), run_lm):
            predictor(**revived(params['inputs'], predictor.signature))
    except PromptShown as shown:
        return shown.call
    except Exception as error:
        raise PromptError(text_of(error)) from error
    raise PromptError(f"The predictor '{name}' asked no LM.")
