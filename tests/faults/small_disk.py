"""A real disk is full while notes are written: a clear page, nothing by halves, and on it goes.

    sudo .venv/bin/python -m tests.faults.small_disk sqlite
    sudo .venv/bin/python -m tests.faults.small_disk postgres          its data without its log
    sudo .venv/bin/python -m tests.faults.small_disk postgres-all      both

The database lies on a tmpfs of its own, which needs root. Another file grows until nothing is left
and stays so until people have met a hundred refusals. PostgreSQL stops by itself where it cannot
write its write-ahead log: it is started again as a supervisor would.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.clinic import (
    Form,
    Outcome,
    Served,
    notes,
    own_database,
    serve,
    tabs,
    verdict,
    write,
)
from tests.faults.cluster import Cluster

WRITES, REFUSALS = 600, 100
# Seconds within which it works again, the start of PostgreSQL included.
RECOVERY = 10.0
MEGABYTES = {"sqlite": 48, "postgres": 160, "postgres-all": 160}


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="clinik-disk-") as folder:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder],
            check=True,
        )
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def database(kind: str, disk: Path, aside: Path) -> Iterator[tuple[str, Cluster | None]]:
    """An empty database on the small disk; what is not to lie there lies `aside`."""
    if kind == "sqlite":
        yield f"sqlite:///{disk}/clinic.sqlite3", None
        return
    cluster = Cluster(disk / "data", aside / "server.log")
    cluster.data.mkdir()
    for folder in (cluster.data, aside):
        shutil.chown(folder, "postgres")
    make = ["--username=clinik", "--auth=trust", "--encoding=UTF8", "--wal-segsize=1"]
    if kind == "postgres":
        make.append(f"--waldir={aside / 'wal'}")
    if cluster.run("initdb", *make):
        raise RuntimeError("initdb failed")
    with (cluster.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"listen_addresses = ''\nunix_socket_directories = '{aside}'\n")
        settings.write("max_wal_size = 8MB\nmin_wal_size = 2MB\n")
    try:
        if cluster.start():
            raise RuntimeError(f"it did not start: {cluster.log.read_text()[-2000:]}")
        yield f"postgres://clinik@/postgres?host={aside}", cluster
    finally:
        cluster.stop()


@dataclass
class Filled:
    outcome: Outcome
    # What a page that writes nothing but the trail, and /readyz, answered while it was full.
    looked: Counter[int] = field(default_factory=Counter)
    ready: Counter[int] = field(default_factory=Counter)
    # When there was room again.
    room: float = 0


def fill(file: Path) -> None:
    """Let it grow until nothing is left."""
    with file.open("ab", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    ballast.write(bytes(size))


def run(url: str, disk: Path) -> Filled:
    from django.db import connection

    forms, found, ballast = notes(tabs(4), WRITES), Filled(Outcome()), disk / "ballast"
    connection.close()
    outcome = found.outcome
    with serve(url) as served:

        def be_full() -> None:
            while len(outcome.acknowledged) < WRITES // 4:
                time.sleep(0.01)
            while len(outcome.troubles) < REFUSALS and len(outcome.acknowledged) < WRITES:
                # What a checkpoint gives back is taken as well.
                fill(ballast)
                found.looked[look(served, forms[0])] += 1
                found.ready[served.request("GET", "/readyz", "")[0]] += 1
            ballast.unlink()
            found.room = time.monotonic()

        filling = threading.Thread(target=be_full)
        filling.start()
        write(served, forms, outcome, until=300)
        filling.join()
    return found


def look(served: Served, form: Form) -> int:
    return served.request("GET", "/visits/", form.tab.session)[0]


def main() -> int:
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind not in MEGABYTES or os.getuid() != 0:
        print(f"As root, with one of: {', '.join(MEGABYTES)}.")
        return 64
    with (
        small_disk(MEGABYTES[kind]) as disk,
        tempfile.TemporaryDirectory(prefix="clinik-aside-") as aside,
        database(kind, disk, Path(aside)) as (address, cluster),
        ExitStack() as keeping,
        own_database(address) as url,
    ):
        starts = keeping.enter_context(cluster.kept_up()) if cluster else []
        found = run(url, disk)
        whole = found.outcome.whole(WRITES)
    said = "Not available" in found.outcome.page and "Reference for" in found.outcome.page
    print(f"the page meanwhile says so, with a reference: {said}")
    print(f"meanwhile a list answered {dict(found.looked)}, /readyz {dict(found.ready)}")
    print(f"PostgreSQL was started again {len(starts)} times")
    back = found.outcome.back_after(found.room)
    print(f"written again {back:.1f} s after there was room")
    return verdict(whole and said and back <= RECOVERY and set(found.outcome.answers) == {302, 503})


if __name__ == "__main__":
    sys.exit(main())
