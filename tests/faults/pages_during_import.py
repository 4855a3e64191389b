"""Staff go on working while an import runs: what their pages answer, and how fast.

    .venv/bin/python tests/faults/pages_during_import.py                  on SQLite
    bin/postgres-scratch .venv/bin/python tests/faults/pages_during_import.py

A real gunicorn with two workers; a clinician opens Today, a search, a patient and their visit in
turn, and checks visits in (a write each), while `import_fhir` takes in some 20,000 invented
resources (benchmarks/importing.py). Every page must answer 200 within a second, and every write
must stand.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

PASSWORD = "correct horse battery"
MAKE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Group
from clinik.models import User
from encounters.models import Patient, Practitioner
from encounters import lifecycle
user = User.objects.create_user("doctor", password={PASSWORD!r})
user.groups.add(Group.objects.get(name="Clinician"))
Practitioner.objects.create(family="Example", user=user)
patient = Patient.objects.create(family="Desk", given="Ina", birth_date_unknown=True)
visit = lifecycle.open_encounter(patient=patient, by=user, status="arrived")
print(patient.pk, visit.pk)
"""
PAGES = ("/", "/visits/", "/patients/?q=example", "/patients/{patient}/", "/visits/{visit}/")


def main() -> int:
    from benchmarks.importing import write_files
    from tests.faults.guess_passwords import Browser, free_port

    with tempfile.TemporaryDirectory(prefix="clinik-fault-") as folder:
        files = Path(folder) / "fhir"
        files.mkdir()
        number = write_files(files, 20_000)
        env = {
            **os.environ,
            "SECRET_KEY": "of a fault test",
            "CLINIK_DEMO": "1",
            "DEBUG": "0",
            "ALLOWED_HOSTS": "127.0.0.1",
            "CLINIK_MFA_ROLES": "",
            "DJANGO_SETTINGS_MODULE": "clinik.settings",
        }
        env.setdefault("DATABASE_URL", f"sqlite:///{folder}/fault.sqlite3")
        python = [sys.executable]
        made = subprocess.run(
            [*python, "-c", MAKE], env=env, cwd=ROOT, check=True, capture_output=True
        )
        patient, visit = made.stdout.decode().split()[-2:]
        static = [*python, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(static, env=env, cwd=ROOT, check=True)
        port = free_port()
        served = [*python, "-m", "gunicorn", "clinik.wsgi", "--bind", f"127.0.0.1:{port}"]
        server = subprocess.Popen(
            [*served, "--workers", "2", "--log-level", "error"], env=env, cwd=ROOT
        )
        try:
            browser = _browser(Browser, f"http://127.0.0.1:{port}")
            assert browser.log_in("doctor", PASSWORD) == "in"
            pages = [page.format(patient=patient, visit=visit) for page in PAGES]
            few = iter(range(20))
            quiet, _bad = _ask(browser, pages, lambda: next(few) < 10)
            importer = subprocess.Popen(
                [*python, "manage.py", "import_fhir", str(files), "-v0"], env=env, cwd=ROOT
            )
            begun = time.perf_counter()
            times, bad = _ask(browser, pages, lambda: importer.poll() is None)
            took = time.perf_counter() - begun
            assert importer.wait() == 0
        finally:
            server.terminate()
            server.wait()
    print(f"{number:,} resources in {took:.1f} s; {len(times)} pages meanwhile, {len(bad)} not 200")
    for name, found in (("before", quiet), ("during", times)):
        worst, middle = max(found), statistics.median(found)
        print(f"  {name}: median {middle * 1000:.0f} ms, slowest {worst * 1000:.0f} ms")
    for one in bad[:5]:
        print(f"  {one}")
    return int(bool(bad) or max(times) > 1)


def _browser(kind: Any, home: str) -> Any:
    """Once the server is there."""
    for _attempt in range(100):
        try:
            return kind(home)
        except urllib.error.URLError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def _ask(
    browser: Any, pages: Sequence[str], go_on: Callable[[], bool]
) -> tuple[list[float], list[str]]:
    """Each page in turn, with a breath between; (seconds, answers that were not 200)."""
    times, bad = [], []
    while go_on():
        for page in pages:
            begun = time.perf_counter()
            try:
                browser.open(f"{browser.home}{page}", timeout=30).read()
            except urllib.error.HTTPError as error:
                bad.append(f"{error.code} {page}")
            times.append(time.perf_counter() - begun)
            time.sleep(0.02)
    return times, bad


if __name__ == "__main__":
    sys.exit(main())
