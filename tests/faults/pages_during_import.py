"""Staff go on working while an import runs: what their pages answer, and how fast.

    .venv/bin/python -m tests.faults.pages_during_import                  on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.pages_during_import

A clinician opens Today, a search, a patient and their visit in turn, and writes a note, while
`import_fhir` takes in some 20,000 invented resources (benchmarks/importing.py). Every page must
answer within a second, and every note must stand.
"""

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.clinic import (
    ROOT,
    Form,
    Outcome,
    Served,
    Tab,
    asked,
    own_database,
    serve,
    tabs,
    verdict,
)

PAGES = ("/", "/visits/", "/patients/?q=example", "/patients/{patient}/", "/visits/{visit}/")


@dataclass
class Worked:
    outcome: Outcome = field(default_factory=Outcome)
    # Seconds of each answer.
    times: list[float] = field(default_factory=list)

    def said(self, name: str) -> str:
        worst, middle = max(self.times), statistics.median(self.times)
        return f"{name}: {len(self.times)} pages, median {middle:.3f} s, slowest {worst:.3f} s"


def work(served: Served, tab: Tab, go_on: Callable[[], bool]) -> Worked:
    """Each page in turn, then a note, with a breath between."""
    from encounters.models import Encounter

    visit = Encounter.objects.get(patient_id=tab.patient)
    pages, found = [page.format(patient=tab.patient, visit=visit.pk) for page in PAGES], Worked()
    began = time.monotonic()
    for number in itertools.count():
        if not go_on():
            break
        form = Form(tab, f"Note {number} of {began}.")
        for page in [*pages, ""]:
            asked_at = time.monotonic()
            status, _html = served.request("GET", page, tab.session) if page else served.send(form)
            found.times.append(time.monotonic() - asked_at)
            found.outcome.answers[status] += 1
            time.sleep(0.02)
        found.outcome.acknowledged += [form] if status == 302 else []
    found.outcome.seconds = time.monotonic() - began
    return found


def main() -> int:
    from benchmarks.importing import write_files

    with own_database() as url, tempfile.TemporaryDirectory(prefix="clinik-import-") as folder:
        number = write_files(Path(folder), asked(20_000))
        (tab,) = tabs(1)
        with serve(url) as served:
            few = iter([True] * 5)
            before = work(served, tab, lambda: next(few, False))
            command = [sys.executable, "manage.py", "import_fhir", folder, "-v0"]
            importer = subprocess.Popen(command, cwd=ROOT)
            during = work(served, tab, lambda: importer.poll() is None)
        both = Outcome(acknowledged=before.outcome.acknowledged + during.outcome.acknowledged)
        lost = both.lost()
    print(f"{number:,} resources in {during.outcome.seconds:.1f} s")
    print(before.said("before"), during.said("during"), sep="\n")
    print(f"answers: {dict(during.outcome.answers)}; {len(both.acknowledged)} notes, lost {lost}")
    held = importer.returncode == 0 and lost == 0 and max(during.times) <= 1
    return verdict(held and set(during.outcome.answers) == {200, 302})


if __name__ == "__main__":
    sys.exit(main())
