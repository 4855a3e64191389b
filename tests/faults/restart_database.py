"""PostgreSQL crashes and starts again while notes are written: none is lost, nobody helps.

    bin/postgres-scratch .venv/bin/python -m tests.faults.restart_database

`pg_ctl -m immediate restart`: no clean end. People meet a page that says 503 meanwhile, and the
workers take new connections by themselves.
"""

import sys
import threading
import time
from pathlib import Path

from tests.faults.clinic import Outcome, asked, notes, own_database, serve, tabs, verdict, write
from tests.faults.cluster import Cluster

# Seconds within which it works again after the server is up.
RECOVERY = 5.0


def restart() -> tuple[float, float]:
    """Crash the cluster of DATABASE_URL and start it; when that began and when it was up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        data = Path(cursor.fetchone()[0])
    connection.close()
    began = time.monotonic()
    Cluster(data, data / "log").crash_and_start()
    return began, time.monotonic()


def run(url: str, writes: int = 1000) -> tuple[Outcome, list[tuple[float, float]]]:
    """The outcome, and the times of three restarts."""
    from django.db import connection

    forms, outcome = notes(tabs(4), writes), Outcome()
    restarts: list[tuple[float, float]] = []
    # Ours would be cut as well.
    connection.close()

    with serve(url) as served:

        def again() -> None:
            for number in (1, 2, 3):
                while len(outcome.acknowledged) < number * writes // 4:
                    time.sleep(0.01)
                restarts.append(restart())

        restarting = threading.Thread(target=again)
        restarting.start()
        write(served, forms, outcome)
        restarting.join()
    return outcome, restarts


def late(outcome: Outcome, restarts: list[tuple[float, float]]) -> list[float]:
    """Seconds after the server was up again, of each trouble; below 0: while it was down.

    A trouble before the first restart is endlessly late.
    """
    found = []
    for at, _status in outcome.troubles:
        found.append(next((at - up for began, up in reversed(restarts) if began <= at), 1e9))
    return found


def main() -> int:
    with own_database() as url:
        if not url.startswith("postgres"):
            print("This needs PostgreSQL: run it in bin/postgres-scratch.")
            return 64
        outcome, restarts = run(url, asked())
        whole = outcome.whole(asked())
    after, said = max([0.0, *late(outcome, restarts)]), "Not available" in outcome.page
    for began, up in restarts:
        back = outcome.back_after(up)
        print(f"down for {up - began:.1f} s; written again {back:.2f} s after it was up")
        after = max(after, back)
    print(f"no trouble later than {after:.2f} s after it was up; the page says so: {said}")
    return verdict(whole and said and after <= RECOVERY and set(outcome.answers) <= {302, 503})


if __name__ == "__main__":
    sys.exit(main())
