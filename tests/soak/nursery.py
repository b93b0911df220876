"""Starts the real service again and again without the seconds that importing it takes.

    python -m tests.soak.nursery        (settings in the environment)

For each line on stdin a child is forked which runs `consult serve`; its process id is the answer.
Whoever kills it kills a whole process, as SIGKILL does.
"""

import os
import signal
import sys

from api import app, server
from api.__main__ import main

SHARED = (app, server)
"""What takes its time to import: all the children have it already."""


def nurse() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)  # what it says is not for whoever counts the children
            sys.argv = ["consult", "serve"]
            sys.exit(main())
        print(child, flush=True)


if __name__ == "__main__":
    nurse()
