"""One search of bench/searchWork.ts with DSPy's MIPROv2 alone, as its users would, and prints what it took as JSON.

    python bench/miproDriver.py '{…as dspyAsked.py has it, "metric", "train", "validation", "seed", "cache"}'

`train` and `validation` are numbers of rows. The program is scored on dev before the clock starts, as BetterTogether scores
it first.
"""

from dspyAsked import asked, threads
from searchDriver import search

import dspy

search(lambda metric, _: dspy.MIPROv2(metric=metric, auto="light", num_threads=threads, seed=asked["seed"]), [])
