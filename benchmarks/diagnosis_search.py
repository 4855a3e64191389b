"""What finding a diagnosis costs over the whole code table, beside its own SQL sent bare.

    .venv/bin/python benchmarks/diagnosis_search.py             a SQLite file of its own
    bin/postgres-scratch .venv/bin/python benchmarks/diagnosis_search.py

Run by hand. The database is a scratch file, removed afterwards, or the empty one in DATABASE_URL.
Each phrase is asked whole and as it is typed, letter by letter; the bare twin sends the captured
SQL through a cursor and fetches every row.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

ROUNDS = 1


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="clinik-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ.setdefault("SECRET_KEY", "of a benchmark")
        os.environ["DJANGO_SETTINGS_MODULE"] = "clinik.settings"
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        started = time.perf_counter()
        call_command("load_icd10")
        print(f"loaded in {time.perf_counter() - started:.1f} s")
        # As autovacuum does by itself a minute after so many new rows.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        measure()


def measure() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from encounters.code_search import find
    from tests.encounters.test_code_search import MISTYPED, SAID

    whole = [*SAID, *MISTYPED, "i10", "e11.9", "s72", "xqzzyy"]
    typed = [text[:length] for text in whole for length in range(1, len(text) + 1)]
    print(f"{connection.vendor}: milliseconds, wall clock")
    for name, texts in (("phrases", whole), ("as typed", typed[::8])):
        finds, bares = [], []
        for text in texts * ROUNDS:
            started = time.perf_counter()
            find(text)
            finds.append(time.perf_counter() - started)
            with CaptureQueriesContext(connection) as asked:
                find(text)
            started = time.perf_counter()
            with connection.cursor() as cursor:
                for query in asked.captured_queries:
                    cursor.execute(query["sql"])
                    cursor.fetchall()
            bares.append(time.perf_counter() - started)
        print(f"{name:9} find  {said(finds)}")
        print(
            f"{name:9} SQL   {said(bares)}  ratio of medians"
            f" {statistics.median(finds) / statistics.median(bares):.2f}"
        )


def said(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=20)
    return f"p50 {statistics.median(times) * 1000:6.1f}  p95 {cuts[-1] * 1000:6.1f}"


if __name__ == "__main__":
    main()
