"""What to do about errors whose own words do not say it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import traceback

_LMS = """
    OpenAI AzureOpenAI Anthropic Claude Cohere Databricks GROQ Google GoogleVertexAI GoogleGenerativeAI
    HFClientTGI HFClientVLLM HFModel Mistral OllamaLocal Snowflake Together VLLM Watsonx Bedrock Sagemaker
    AWSAnthropic AWSMistral AWSMeta CloudflareAI
"""
_TYPED = 'TypedPredictor TypedChainOfThought FunctionalModule cot predictor'
_ASSERTIONS = 'Assert Suggest assert_transform_module backtrack_handler'

# Names of DSPy before 3.0, which most tutorials still have, and what is there now.
_IN_THEIR_PLACE = {
    **dict.fromkeys(_LMS.split(), "dspy.LM('openai/<model>', api_base=…)"),
    **dict.fromkeys(_TYPED.split(), 'dspy.Predict and dspy.ChainOfThought, which take types'),
    **dict.fromkeys(_ASSERTIONS.split(), 'dspy.Refine or dspy.BestOfN'),
    'MIPRO': 'dspy.MIPROv2',
}


def remedy_of(error: BaseException) -> str | None:
    """A sentence or two, or `None` where the error speaks for itself or nothing is known of it."""
    if isinstance(error, KeyError):
        return _of_variable(error)
    if isinstance(error, EOFError):
        return _of_question(error)
    if isinstance(error, FileNotFoundError):
        return _of_relative_path(error)
    if isinstance(error, ImportError):
        return _of_old_import(error)
    if isinstance(error, AssertionError):
        return _of_retriever(error)
    return _of_old_name(error) if isinstance(error, AttributeError) else None


def _of_variable(error: KeyError) -> str | None:
    raised = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    if not raised or raised[0].f_locals.get('self') is not os.environ or not error.args:
        return None
    name = error.args[0]
    return (
        f'The environment variable {name} is not set here. An LM may have any key: calls go to the endpoints '
        f"of bettertogether.json, with their keys. Set it, or write os.environ.get('{name}'). A .env is read where "
        'your code loads it.'
    )


def _of_question(error: EOFError) -> str | None:
    """`input()` and `getpass()`; whatever else ends too early (a file, a socket) is no question."""
    raised = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    asks = bool(raised) and any(name in raised[0].f_code.co_names for name in ('input', 'readline'))
    if not asks or str(error) not in ('', 'EOF when reading a line'):
        return None
    return (
        'It asks at the terminal (input, getpass), where nobody can answer a program that runs here. Take what it asks '
        "for from an environment variable, or ask under `if __name__ == '__main__':`."
    )


def _of_relative_path(error: FileNotFoundError) -> str | None:
    """Of a file that lies beside the code that looked for it in the working folder."""
    wanted = error.filename
    if not isinstance(wanted, str) or os.path.isabs(wanted):
        return None
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        folder = os.path.dirname(os.path.abspath(frame.f_code.co_filename))
        if os.path.exists(os.path.join(folder, wanted)):
            return (
                f'It lies beside the code, in {folder}, and is looked for in {os.getcwd()}, the folder of '
                f"bettertogether.json. Write Path(__file__).parent / '{wanted}'."
            )
    return None


def _of_old_import(error: ImportError) -> str | None:
    """`from dspy.primitives.assertions import …`, `from dspy import Assert`."""
    # How people know the modules of old that are no more.
    known = {'dspy.primitives.assertions': 'Assert', 'dspy.functional': 'TypedPredictor'}
    missing = re.match(r"cannot import name '(\w+)' from 'dspy(?:\.[\w.]+)?'", str(error))
    name = known.get(error.name or '') if missing is None else missing[1]
    if name is None:
        return None
    import dspy

    if name in _IN_THEIR_PLACE:
        return f'DSPy {dspy.__version__} has {_IN_THEIR_PLACE[name]} in its place.'
    return _unknown_name(dspy.__version__)


def _of_retriever(error: AssertionError) -> str | None:
    """Of `dspy.Retrieve`, which asks whatever retriever is configured."""
    if str(error) != 'No RM is loaded.':
        return None
    return (
        'dspy.Retrieve asks the retriever of dspy.configure(rm=…). Write that at the top of a file that the program '
        "imports, not under `if __name__ == '__main__':`, or call a retriever of your own in forward."
    )


def remedy_of_syntax(error: SyntaxError) -> str | None:
    """Of a file that is loaded; what is parsed of a text (`ast.literal_eval`, `exec`) is no matter of the version."""
    if type(error) is not SyntaxError or not os.path.isfile(error.filename or ''):
        return None
    return f'If it is newer syntax: it is read by Python {sys.version_info.major}.{sys.version_info.minor}.'


def _of_old_name(error: AttributeError) -> str | None:
    missing = re.fullmatch(r"module 'dspy' has no attribute '(\w+)'.*", str(error))
    if missing is None:
        return None
    # Not at the top: this is also loaded where DSPy is missing.
    import dspy

    name = missing[1]
    if name in _IN_THEIR_PLACE:
        return f'DSPy {dspy.__version__} has {_IN_THEIR_PLACE[name]} in its place.'
    if importlib.util.find_spec(f'dspy.{name}') is not None:
        return f'Write `import dspy.{name}`: DSPy does not load it by itself.'
    return _unknown_name(dspy.__version__)


def _unknown_name(version: str) -> str:
    return f'DSPy {version} is installed, and has no such name there: it is misspelt, or of another version of DSPy.'
