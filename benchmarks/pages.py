"""What the pages cost beside a bare Django view that makes the same queries and renders nothing.

    .venv/bin/python benchmarks/pages.py            10,000 visits in a SQLite file of its own
    .venv/bin/python benchmarks/pages.py 100000 --rounds 200
    bin/postgres-scratch .venv/bin/python benchmarks/pages.py 100000

Run by hand, never by the suite. The database is a scratch file, removed afterwards, or the one in
DATABASE_URL, which has to be empty: it is filled. In one run and in turn, each page is asked for
and then its bare twin, a view behind the same middleware and login that sends the page's captured
SQL (its audit row too) through a cursor, fetches every row and answers "ok".
Medians in milliseconds: of wall clock, and of the process's own work, which a busy machine changes
less. The search is measured at a tenth of the visits too, which says how flat it is.
"""

import argparse
import datetime as dt
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# What the bare view sends.
REPLAYED: list[str] = []
urlpatterns: list[Any] = []


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("visits", nargs="?", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=50)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="clinik-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ.setdefault("SECRET_KEY", "of a benchmark")
        os.environ["DEBUG"] = "0"
        os.environ["DJANGO_SETTINGS_MODULE"] = "clinik.settings"
        prepare()
        run(asked.visits, asked.rounds)


def prepare() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.urls import include, path

    django.setup()
    # The test client speaks plain http, and nothing has been collected.
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = False
    settings.ALLOWED_HOSTS = ["testserver"]
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = plain
    settings.ROOT_URLCONF = __name__
    urlpatterns[:] = [path("bare/", bare), path("", include("clinik.urls"))]
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def run(visits: int, rounds: int) -> None:
    from django.db import connection

    from encounters.models import Encounter

    if Encounter.objects.exists():
        sys.exit("This database holds visits: give it an empty one.")
    clinic = Clinic()
    few = max(visits // 10, 1)
    clinic.add(few)
    print(f"{connection.vendor}, {rounds} rounds, medians in ms; the aim is a ratio of 1.5")
    print(f"{'':30}{'wall clock':>25}{'own work':>25}")
    print(f"{'':22}{'queries':>8}" + f"{'page':>9}{'bare':>9}{'ratio':>7}" * 2)
    before = measure(f"visit search, {few:,}", clinic.search, clinic.user, rounds)
    clinic.add(visits - few)
    after = measure(f"visit search, {visits:,}", clinic.search, clinic.user, rounds)
    for name, url in clinic.pages().items():
        measure(name, url, clinic.user, rounds)
    growth = after / before
    print(f"Searching {visits:,} visits takes {growth:.2f} times {few:,}; the aim is 1.2.")


class Clinic:
    """Invented people and visits, the newest of them open."""

    def __init__(self) -> None:
        from clinik.roles import CLINICIAN
        from tests.factories import PractitionerFactory, UserFactory

        self.random = random.Random(8)
        self.user = UserFactory(role=CLINICIAN)
        self.doctors = [PractitionerFactory() for _number in range(20)]
        self.patients: list[Any] = []
        self.busy: Any = None

    @property
    def search(self) -> str:
        return f"/visits/?status=finished&practitioner={self.doctors[0].pk}"

    def add(self, number: int) -> None:
        from django.db import connection

        from clinik import clock
        from encounters.models import Encounter
        from tests.factories import PatientFactory

        if not self.patients:
            self.patients = [PatientFactory() for _number in range(200)]
            self._fill()
        now, rows = clock.now(), []
        for _number in range(number):
            start = now - dt.timedelta(minutes=self.random.randrange(60, 60 * 24 * 700))
            row = Encounter(status="finished", class_code="AMB", type_text="Check-up")
            row.patient = self.random.choice(self.patients[1:])
            row.practitioner = self.random.choice(self.doctors)
            row.start, row.end = start, start + dt.timedelta(minutes=20)
            rows.append(row)
        Encounter.objects.bulk_create(rows, batch_size=500)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _fill(self) -> None:
        """A day's board, and one visit with a chart."""
        from tests import factories

        for number in range(1, 41):
            visit = factories.EncounterFactory(patient=self.patients[number], status="in-progress")
            self.busy = self.busy or visit
        kinds = (factories.DiagnosisFactory, factories.NoteFactory, factories.ObservationFactory)
        for kind in kinds * 3:
            kind(encounter=self.busy, patient=self.busy.patient)

    def pages(self) -> dict[str, str]:
        return {
            "visit page": f"/visits/{self.busy.pk}/",
            "Today": "/",
            "patient page": f"/patients/{self.busy.patient_id}/",
        }


def measure(name: str, url: str, user: Any, rounds: int) -> float:
    """Prints one line; returns the page's median."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    REPLAYED[:] = []
    # The middleware's own queries come first and are the same for both: session and user.
    shell = len(capture(client, "/bare/"))
    REPLAYED[:] = capture(client, url)[shell:]
    spent: dict[str, list[tuple[float, float]]] = {url: [], "/bare/": []}
    for _number in range(rounds):
        # In turn, so that whatever else the machine does meets both.
        for address, found in spent.items():
            found.append(timed(client, address))
    page, bare = (
        [statistics.median(kind) for kind in zip(*s, strict=True)] for s in spent.values()
    )
    figures = "".join(f"{a:>9.2f}{b:>9.2f}{a / b:>7.2f}" for a, b in zip(page, bare, strict=True))
    print(f"{name:22}{len(REPLAYED):>8}{figures}", flush=True)
    return page[1]


def timed(client: Any, url: str) -> tuple[float, float]:
    """(wall clock, this process's own work) in milliseconds."""
    start, busy = time.perf_counter(), time.process_time()
    assert client.get(url).status_code == 200, url
    return (time.perf_counter() - start) * 1000, (time.process_time() - busy) * 1000


def capture(client: Any, url: str) -> list[str]:
    """The SQL of one request, with its values, after one that fills the caches."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    timed(client, url)
    with CaptureQueriesContext(connection) as queries:
        timed(client, url)
    return [query["sql"] for query in queries]


def bare(request: Any) -> Any:
    from django.db import connection
    from django.http import HttpResponse

    with connection.cursor() as cursor:
        for sql in REPLAYED:
            cursor.execute(sql)
            if cursor.description:
                cursor.fetchall()
    return HttpResponse("ok")


if __name__ == "__main__":
    main()
