"""Settings of DSPy that stay, and keys of services, which are never written down."""

from __future__ import annotations

import pytest

from bettertogether_host.notebooks.gather import gather
from bettertogether_host.notebooks.keys import without_keys
from .cells import notebook, taken


def test_keeps_settings_that_are_not_the_runs() -> None:
    cells = """
        import dspy, os
        from dotenv import load_dotenv
        load_dotenv()
        os.environ['HF_HOME'] = '/tmp/hf'
        ---
        lm = dspy.LM('openai/x')
        rm = dspy.ColBERTv2(url='http://x')
        dspy.settings.configure(lm=lm, rm=rm)
        ---
        qa = dspy.Predict('question -> answer')
    """
    assert taken(cells, 'qa') == [
        'import dspy, os',
        'from dotenv import load_dotenv',
        'load_dotenv()',
        "os.environ['HF_HOME'] = '/tmp/hf'",
        "rm = dspy.ColBERTv2(url='http://x')",
        'dspy.settings.configure(rm=rm)',
        "qa = dspy.Predict('question -> answer')",
    ]


def test_an_lm_that_the_program_names_stays_the_configured_one() -> None:
    cells = """
        import dspy
        key = input('key')
        lm = dspy.LM('openai/x', api_key=key)
        dspy.configure(lm=lm)
        qa = dspy.Predict('question -> answer')
        qa.set_lm(lm)
    """
    gathered = gather(notebook(cells, 'qa'))
    assert [piece.lines[0] for piece in gathered.pieces][1:4] == ['key = None', "lm = dspy.LM('openai/x', api_key=key)", 'dspy.configure(lm=lm)']
    assert 'cell 1, line 2 asks for a key' in gathered.notes[0]


def test_keys_of_lms_are_not_written_down() -> None:
    cells = """
        import dspy
        judge = dspy.LM('openai/é', api_key='sk-1', api_base='http://x')
    """
    assert taken(cells, 'judge')[1] == "judge = dspy.LM('openai/é', api_key=None, api_base='http://x')"


def test_guards_of_keys_are_left_out_and_do_not_refuse_the_rest() -> None:
    cells = """
        import os, getpass
        def _set_env(name): os.environ[name] = getpass.getpass()
        ---
        if 'OPENAI_API_KEY' not in os.environ:
            os.environ['OPENAI_API_KEY'] = getpass.getpass()
        _set_env('OTHER_API_KEY')
        here = os.getcwd()
    """
    assert taken(cells, 'here') == ['import os, getpass', 'here = os.getcwd()']


@pytest.mark.parametrize(
    ('written', 'kept'),
    [
        ("KEY = 'sk-0123456789abcdefgh'", "KEY = ''"),
        ("OPENAI_API_KEY = 'short'", "OPENAI_API_KEY = ''"),
        ("client = OpenAI(api_key='short', n=1)", 'client = OpenAI(api_key=None, n=1)'),
        ("class A: lm = dspy.LM('é', api_key='x')", "class A: lm = dspy.LM('é', api_key=None)"),
        ("h = {'Authorization': f'Bearer sk-0123456789abcdefgh{n}', 'api_key': 'x'}", "h = {'Authorization': '', 'api_key': ''}"),
        ("tokenizer = 'gpt2'; eos_token = '</s>'", "tokenizer = 'gpt2'; eos_token = '</s>'"),
        ("K = ('sk-0123456789'\n  'abcdefghijkl'), 1", "K = (''), 1\n"),
    ],
)
def test_no_key_is_written_into_the_module(written: str, kept: str) -> None:
    assert '\n'.join(without_keys(written.split('\n'))) == kept


@pytest.mark.parametrize(
    'line',
    [
        "os.environ.update(OPENAI_API_KEY='x')",
        "os.environ.setdefault('OPENAI_API_KEY', 'x')",
        "os.environ |= {'OPENAI_API_KEY': 'x'}",
        "if True: os.environ['OPENAI_API_KEY'] = 'x'",
    ],
)
def test_keys_of_the_environment_are_left_out_however_they_are_set(line: str) -> None:
    assert taken(f'import os\n{line}\nos.environ.setdefault("HF_HOME", "x")\nhere = os.getcwd()', 'here') == [
        'import os',
        'os.environ.setdefault("HF_HOME", "x")',
        'here = os.getcwd()',
    ]


@pytest.mark.parametrize(
    ('line', 'kept'),
    [
        ("lm = dspy.LM('x'); dspy.configure(lm=lm, rm=3)", 'dspy.configure(rm=3)'),
        ("lm = dspy.LM('x'); r = 3; dspy.configure(lm=lm, rm=r)", 'r = 3; dspy.configure(rm=r)'),
        ("from dspy import configure as c\nc(lm=None, rm=3)", 'c(rm=3)'),
        ("from dspy import settings\nsettings.configure(lm=None, rm=3)", 'settings.configure(rm=3)'),
    ],
)
def test_settings_are_kept_however_configure_is_called(line: str, kept: str) -> None:
    assert taken(f'import dspy\n{line}\nqa = dspy.Predict("q -> a")', 'qa')[-2] == kept


def test_settings_that_cannot_be_parted_from_the_lm_are_said() -> None:
    gathered = gather(notebook('import dspy\nif dspy:\n    dspy.configure(lm=None, rm=3)\nqa = dspy.Predict("q -> a")', 'qa'))
    assert gathered.notes[0].startswith('cell 1, line 2 sets `rm` within other code')
