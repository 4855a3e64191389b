"""Out, in and out again: is the second export the first, byte for byte, and does R4B accept it?

    .venv/bin/python benchmarks/round_trip.py PATH...
    bin/postgres-scratch .venv/bin/python benchmarks/round_trip.py PATH...

Run by hand, never by the suite. What lies at each path is imported by an empty clinic and exported,
the export is imported by another empty clinic and exported again. Both are compared, and every
resource is read by fhir.resources (R4B), which is stricter than the importer. SQLite files of its
own; in PostgreSQL the database is emptied between.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("paths", nargs="+", type=Path)
    os.environ.setdefault("SECRET_KEY", "of a benchmark")
    failed = [path for path in arguments.parse_args().paths if not comes_back_the_same(path)]
    sys.exit(1 if failed else 0)


def comes_back_the_same(path: Path) -> bool:
    with tempfile.TemporaryDirectory(prefix="clinik-bench-") as name:
        folder = Path(name)
        first = in_and_out(path, folder / "first")
        second = in_and_out(first, folder / "second")
        same = contents(first) == contents(second)
        refused = refusals(first)
        told = "identical" if same else "DIFFERENT"
        number = sum(text.count(b"\n") for text in contents(first).values())
        print(f"{path}: {number} resources, {told}; R4B refuses {sum(refused.values())}")
        for reason, times in refused.most_common(5):
            print(f"  {times} times {reason}")
        return same and not refused


def in_and_out(path: Path, folder: Path) -> Path:
    """Import by an empty clinic, export; returns the folder of the export."""
    environment = dict(os.environ)
    if "postgres" in environment.get("DATABASE_URL", ""):
        manage(environment, "shell", "-c", _EMPTY)
    else:
        environment["DATABASE_URL"] = f"sqlite:///{folder}.sqlite3"
    manage(environment, "migrate", "-v0")
    manage(environment, "import_fhir", "-v0", str(path.resolve()))
    manage(environment, "export_fhir", "-v0", "-o", str(folder))
    return folder


_EMPTY = (
    "from django.db import connection as c; "
    "c.cursor().execute('DROP SCHEMA public CASCADE; CREATE SCHEMA public')"
)


def manage(environment: dict[str, str], *command: str) -> None:
    """A refused file of the input is no failure of the round trip: its report is shown."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout, done.stderr)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def refusals(folder: Path) -> Counter[str]:
    from fhir.resources.R4B import get_fhir_model_class

    found: Counter[str] = Counter()
    for text in contents(folder).values():
        for line in text.decode().splitlines():
            kind = json.loads(line)["resourceType"]
            try:
                get_fhir_model_class(kind).model_validate_json(line)
            except ValueError as error:
                found[f"{kind}: {' '.join(str(error).split())[:200]}"] += 1
    return found


if __name__ == "__main__":
    main()
