"""A PostgreSQL cluster in one's hands: crashed, started, and kept up as a supervisor does."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.clinic import ROOT


def programs() -> Path:
    """The folder of PostgreSQL's programs."""
    where = [str(ROOT / "bin" / "postgres-scratch"), "--where"]
    return Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())


@dataclass
class Cluster:
    data: Path
    log: Path

    def run(self, program: str, *arguments: str) -> int:
        """As its owner, because PostgreSQL refuses to run as root."""
        owner = self.data.owner() if os.getuid() == 0 else None
        command = [str(programs() / program), "-D", str(self.data), *arguments]
        # Not a pipe: the server would keep it open.
        quiet = subprocess.DEVNULL
        return subprocess.run(command, cwd="/", stdout=quiet, stderr=quiet, user=owner).returncode

    def crash_and_start(self) -> None:
        if self.run("pg_ctl", "-m", "immediate", "-w", "-l", str(self.log), "restart"):
            raise RuntimeError(f"it did not start again; {self.log} says why")

    def start(self) -> int:
        return self.run("pg_ctl", "-w", "-t", "60", "-l", str(self.log), "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-m", "immediate", "-w", "stop")

    def is_up(self) -> bool:
        return self.run("pg_ctl", "status") == 0

    @contextmanager
    def kept_up(self) -> Iterator[list[float]]:
        """Start it whenever it has ended, as a supervisor would; when."""
        over, starts = threading.Event(), []

        def watch() -> None:
            while not over.wait(0.5):
                if not self.is_up() and self.start() == 0:
                    starts.append(time.monotonic())

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield starts
        finally:
            over.set()
            watching.join()
