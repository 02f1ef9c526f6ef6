"""What is left out of the cells: experiments, optimizers, what does not compile."""

from __future__ import annotations

import pytest

from bettertogether_host.notebooks.gather import gather
from bettertogether_host.notebooks.module import module_of
from .cells import notebook, refused, taken


def test_leaves_out_experiments_and_says_where_and_why() -> None:
    cells = """
        import dspy
        lm = dspy.LM('openai/x')
        dspy.configure(lm=lm)
        ---
        qa = dspy.Predict('question -> answer')
        qa(question='?')
        dspy.inspect_history()
        ---
        qa = dspy.MIPROv2(metric=None).compile(qa, trainset=[])
        evaluate = dspy.Evaluate(devset=[])
        ---
        import os
        os.environ['OPENAI_API_KEY'] = 'sk-1'
    """
    gathered = gather(notebook(cells, 'qa'))
    assert [piece.lines[0] for piece in gathered.pieces] == ['import dspy', "qa = dspy.Predict('question -> answer')"]
    assert [(*each.place, each.why) for each in gathered.left_out] == [
        (1, 2, "it makes an LM, and the run's own is asked"),
        (1, 3, "it sets the LM, which is the run's"),
        (2, 2, 'it runs or shows something that nothing needs'),
        (2, 3, 'it shows something'),
        (3, 1, 'it runs an optimizer, or uses what one gave'),
        (3, 2, 'it runs or makes an evaluation'),
        (4, 1, 'nothing that is needed uses the import'),
        (4, 2, 'it sets a key, and the endpoint of the run has its own'),
    ]


@pytest.mark.parametrize('broken', ['def f(a, a): pass', 'nonlocal x', 'return 1', 'def f():\n    x = 1\n    global x'])
def test_a_cell_that_does_not_compile_is_left_out_alone(broken: str) -> None:
    gathered = gather(notebook(f'{broken}\n---\nqa = 1', 'qa'))
    assert [piece.lines[0] for piece in gathered.pieces] == ['qa = 1']
    assert gathered.left_out[0].why.startswith('the cell is not Python (')


@pytest.mark.parametrize(
    'experiment',
    [
        "if os.path.exists('qa.json'):\n    qa.load('qa.json')\nelse:\n    qa = tp.compile(qa)",
        "with open('log') as log: qa = tp.compile(qa)",
        'for seed in range(3): qa = tp.compile(qa, trainset=[])',
        'qa, s = tp.compile(qa), 3',
        'qa = tp.compile(qa) if os else qa',
        'def opt(x): return tp.compile(x)\nqa = opt(qa)',
        'def outer(x): return opt(x)\ndef opt(x): return tp.compile(student=x)\nqa = outer(qa)',
        'opt = tp.compile(qa)\nqa = opt',
        'opt = tp.compile(qa)\nqa.load_state(opt.dump_state())',
        'qa.inner = tp.compile(qa)',
        'def main():\n    global qa\n    qa = tp.compile(qa)\nmain()',
    ],
)
def test_an_optimizer_is_never_run_wherever_it_stands(experiment: str) -> None:
    cells = f'import dspy, os\ntp = dspy.BootstrapFewShot()\nqa = dspy.Predict("q -> a")\n---\n{experiment}\n---\nqa.demos = []'
    assert [line for line in taken(cells, 'qa') if line != 'def main():'] == [
        'import dspy, os',
        'qa = dspy.Predict("q -> a")',
        'qa.demos = []',
    ]


def test_what_only_an_optimizer_gives_is_refused_where_it_is_needed() -> None:
    cells = 'import dspy\nqa = dspy.Predict("q -> a")\n---\nopt = tp.compile(qa)\nbest = opt.deepcopy()\ndef f(): return opt\n'
    assert '"best" is what an optimizer gives' in refused(cells, 'best')
    assert 'cell 2, line 3: "opt" is needed here and bound in cell 2, line 1 alone' in refused(cells, 'f')


def test_other_things_that_are_called_compile_stay() -> None:
    cells = "import re\ng = StateGraph = list\ng = g.compile()\nm = g\nm.compile(loss='mse')\np = re.compile(m)\nx = [g, m, p]"
    assert taken(cells, 'x') == cells.split('\n')


def test_a_loop_that_evaluates_does_not_bind_what_a_metric_uses() -> None:
    cells = "import dspy\nlm = 1\ndef metric(a, b): return lm\n---\nfor lm in [1, 2]: dspy.Evaluate(devset=[])(metric)"
    assert taken(cells, 'metric') == ['lm = 1', 'def metric(a, b): return lm']


def test_an_optimizer_that_its_result_replaces_is_not_the_program() -> None:
    cells = 'import dspy\nqa = dspy.Predict("q -> a")\nopt = dspy.GEPA()\nopt = opt.compile(qa)\nqa = opt'
    assert taken(cells, 'qa') == ['import dspy', 'qa = dspy.Predict("q -> a")']


def test_the_guard_of_a_main_module_holds_as_in_the_notebook() -> None:
    made = module_of(notebook("if  __name__ == '__main__':\n    rows = [1]\n", 'rows'))
    assert made.text.split('\n')[-3:] == ['if  True:', '    rows = [1]', '']
