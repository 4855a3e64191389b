"""PostgreSQL crashes and starts again while notes are written: none is lost, nobody helps.

    bin/postgres-scratch .venv/bin/python -m tests.faults.restart_database

`pg_ctl -m immediate restart`: no clean end. People meet a page that says 503 meanwhile, and the
workers take new connections by themselves.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.faults.clinic import ROOT, Outcome, notes, own_database, serve, tabs, write

# Seconds within which it works again after the server is up.
RECOVERY = 5.0


def restart() -> tuple[float, float]:
    """Crash the cluster of DATABASE_URL and start it; when that began and when it was up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        data = Path(cursor.fetchone()[0])
    connection.close()
    where = [str(ROOT / "bin" / "postgres-scratch"), "--where"]
    programs = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    # PostgreSQL refuses to run as root.
    owner = data.owner() if os.getuid() == 0 else None
    began = time.monotonic()
    command = [f"{programs}/pg_ctl", "-D", str(data), "-m", "immediate", "-w"]
    command += ["-l", str(data / "log"), "restart"]
    subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL, user=owner)
    return began, time.monotonic()


def run(url: str, writes: int = 1000) -> tuple[Outcome, list[tuple[float, float]]]:
    """The outcome, and the times of three restarts."""
    from django.db import connection

    forms, outcome = notes(tabs(4), writes), Outcome()
    restarts: list[tuple[float, float]] = []
    # Ours would be cut as well.
    connection.close()

    with serve(url, workers=2) as served:

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
    """Seconds after the server was up, of each trouble; below 0: while it was down."""
    found = []
    for at, _status in outcome.troubles:
        found += [at - up for began, up in restarts if began <= at][-1:]
    return found


def main() -> int:
    with own_database() as url:
        if not url.startswith("postgres"):
            print("This needs PostgreSQL: run it in bin/postgres-scratch.")
            return 64
        outcome, restarts = run(url)
        lost, doubled = outcome.lost(), outcome.doubled()
    after = max([0.0, *late(outcome, restarts)])
    down = ", ".join(f"{up - began:.1f}" for began, up in restarts)
    print(f"{len(outcome.acknowledged)} acknowledged in {outcome.seconds:.1f} s; down for {down} s")
    print(f"answers: {dict(outcome.answers)}; the last trouble {after:.2f} s after it was up")
    said = "Not available" in outcome.page
    print(f"lost {lost}, doubled {doubled}; the page meanwhile says so: {said}")
    held = (len(outcome.acknowledged), lost, doubled) == (1000, 0, 0)
    held &= (
        set(outcome.answers) <= {302, 503} and after <= RECOVERY and "Not available" in outcome.page
    )
    held &= min([0.0, *late(outcome, restarts)]) > -1000
    print("held" if held else "NOT HELD")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
