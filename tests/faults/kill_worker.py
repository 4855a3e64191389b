"""kill -9 of workers during 1,000 acknowledged writes: none is lost, none is there twice.

    .venv/bin/python -m tests.faults.kill_worker                          on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.kill_worker

A form whose worker died gets no answer; it is sent again, as a person would.
"""

import os
import signal
import sys
import threading
from contextlib import suppress

from tests.faults.clinic import Outcome, asked, notes, own_database, serve, tabs, verdict, write


def run(url: str, writes: int = 1000, every: int = 40) -> tuple[Outcome, int]:
    """The outcome and how many workers were killed: one after every so many acknowledged writes."""
    forms, outcome, over, killed = notes(tabs(4), writes), Outcome(), threading.Event(), 0

    with serve(url) as served:

        def kill() -> None:
            nonlocal killed
            while not over.wait(0.01):
                if len(outcome.acknowledged) >= (killed + 1) * every:
                    with suppress(ProcessLookupError, IndexError):
                        os.kill(served.workers()[killed % 3], signal.SIGKILL)
                        killed += 1

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            write(served, forms, outcome)
        finally:
            over.set()
            killer.join()
    return outcome, killed


def main() -> int:
    with own_database() as url:
        outcome, killed = run(url, asked())
        whole = outcome.whole(asked())
    print(f"{killed} workers killed")
    return verdict(whole and killed > 0)


if __name__ == "__main__":
    sys.exit(main())
