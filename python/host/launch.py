"""What the run process starts: `python launch.py [watch-fd]`. Old Pythons must be able to read this file."""

import os
import sys


def main():
    if sys.version_info < (3, 10):
        sys.exit(
            '%s is Python %d.%d; DSPy 3 needs 3.10 or newer. '
            'Name another interpreter in the environment variable BETTERTOGETHER_PYTHON.'
            % ((sys.executable,) + tuple(sys.version_info[:2]))
        )
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path.insert(0, here)
    from bettertogether_host.stdio import claim_stdio

    # First of all: from here on nothing that is printed can get between two messages.
    read_fd, write_fd = claim_stdio()
    from bettertogether_host.main import serve

    # User code imports from its own folders, as if it had been started itself.
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) != here]
    serve(read_fd, write_fd, int(sys.argv[1]) if len(sys.argv) > 1 else None)


def be_spawned():
    """multiprocessing starts its processes with the file that Python was started with: this one."""
    before = list(sys.path)
    sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
    try:
        from bettertogether_host.import_guard import refuse_in_spawned

        refuse_in_spawned()
    except Exception:
        pass  # no DSPy that can be imported, no LMs
    sys.path[:] = before


if __name__ == '__main__':
    main()
elif __name__ == '__mp_main__':
    be_spawned()
