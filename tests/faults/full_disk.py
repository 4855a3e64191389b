"""The disk is full in the middle of writing: a clear page, nothing by halves, and on it goes.

    .venv/bin/python -m tests.faults.full_disk

No file may grow beyond 256 kB (RLIMIT_FSIZE), SQLite's log of what was written among them, until
people have met twenty refusals; then they may again. tests/faults/small_disk.py fills a real disk.
"""

import resource
import sys
import threading
import time

from tests.faults.clinic import Outcome, notes, own_database, serve, tabs, verdict, write

LIMIT = resource.RLIMIT_FSIZE
MOST = 256 * 1024


def run(url: str, writes: int = 300, refusals: int = 20) -> Outcome:
    from django.db import connection

    forms, outcome = notes(tabs(4), writes), Outcome()
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    hard = resource.getrlimit(LIMIT)[1]

    with serve(url, lambda: resource.setrlimit(LIMIT, (MOST, hard))) as served:

        def free() -> None:
            while len(outcome.troubles) < refusals and len(outcome.acknowledged) < writes:
                time.sleep(0.01)
            for pid in (served.process.pid, *served.workers()):
                resource.prlimit(pid, LIMIT, (hard, hard))

        freeing = threading.Thread(target=free)
        freeing.start()
        write(served, forms, outcome)
        freeing.join()
    return outcome


def main() -> int:
    with own_database() as url:
        if not url.startswith("sqlite"):
            print("This is about SQLite's file: run it without DATABASE_URL.")
            return 64
        outcome = run(url)
        whole = outcome.whole(300)
    said = "Not available" in outcome.page
    print(f"the page meanwhile says so: {said}")
    return verdict(whole and said and set(outcome.answers) == {302, 503})


if __name__ == "__main__":
    sys.exit(main())
