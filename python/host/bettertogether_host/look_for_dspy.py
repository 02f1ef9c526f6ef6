"""Says as JSON whether this interpreter has a DSPy that the host works with: `python -m … WORKSPACE`, from `python/host`."""

from __future__ import annotations

import json
import platform
import sys

from .install_commands import install_arguments
from .installed_dspy import WANTED, noted_version, trouble_ahead


def look(workspace: str) -> dict[str, object]:
    sys.path.append(workspace)  # a DSPy beside the program is one too
    return {
        'trouble': trouble_ahead(),
        'python': sys.executable,
        'version': platform.python_version(),
        'dspy': noted_version(),
        'install': install_arguments(WANTED, workspace),
    }


if __name__ == '__main__':
    print(json.dumps(look(sys.argv[1])))
