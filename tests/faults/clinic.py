"""A clinic to break: real gunicorn workers on a real database, people who write notes, and a count
of what became of them.

Scripts run it on a database of their own (`own_database`), the suite on its test database.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "t" * 32
# Seconds after which an answer is none.
PATIENCE = 60


def asked(usual: int = 1000) -> int:
    """How many, as the command line says."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else usual


@contextmanager
def own_database(url: str = "") -> Iterator[str]:
    """Django on the empty database of this address, of DATABASE_URL, or on an SQLite file of its
    own; its address.

    bin/postgres-scratch commits without waiting, which a crash of PostgreSQL may forget: here
    commits wait, as anywhere else.
    """
    with tempfile.TemporaryDirectory(prefix="clinik-faults-") as folder:
        url = url or os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/clinic.sqlite3"
        if url.startswith("postgres"):
            url += ("&" if "?" in url else "?") + "options=-c%20synchronous_commit%3Don"
        os.environ.update(environment(url))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield url


def url_of(connection: Any) -> str:
    """The address of the database that a connection is open to."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    options = urllib.parse.urlencode({key: str(value) for key, value in given["OPTIONS"].items()})
    who = urllib.parse.quote(given["USER"]) + (f":{given['PASSWORD']}" if given["PASSWORD"] else "")
    where = f"{given['HOST']}:{given['PORT']}".rstrip(":")
    return f"postgres://{who}@{where}/{given['NAME']}?{options}"


def environment(url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "clinik.settings",
        "CLINIK_DEMO": "1",  # cookies over plain http
        "CLINIK_STATIC_MANIFEST": "0",
        "CLINIK_LOG_LEVEL": "CRITICAL",
        "PYTHONWARNINGS": "ignore:No directory at",
        "ALLOWED_HOSTS": "127.0.0.1",
    }


@dataclass
class Tab:
    """A page that is open: whose visit it is for, and the login it is open with."""

    path: str
    patient: str
    session: str


def tabs(number: int) -> list[Tab]:
    """So many patients, each in a visit, in the tabs of one clinician's browser."""
    from django.urls import reverse

    from clinik.roles import CLINICIAN
    from tests.factories import EncounterFactory
    from tests.form_cases import World

    world = World(CLINICIAN)
    visits = [EncounterFactory() for _each in range(number)]
    return [
        Tab(
            path=reverse("records:note_add", args=[visit.pk]),
            patient=str(visit.patient_id),
            session=world.client.cookies["sessionid"].value,
        )
        for visit in visits
    ]


@dataclass
class Form:
    """A note as it stands in a tab; sending it again sends the same."""

    tab: Tab
    words: str
    id: str = ""

    def __post_init__(self) -> None:
        from clinik.ids import uuid7

        self.id = self.id or str(uuid7())

    def fields(self) -> dict[str, str]:
        said = {"patient": self.tab.patient, "id": self.id, "type": "progress-note"}
        said |= {"content_type": "text/plain", "content": self.words}
        return said | dict.fromkeys(("draft_version", "title", "template"), "")


@dataclass
class Served:
    """gunicorn with so many workers."""

    port: int
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def request(self, method: str, path: str, session: str, body: str = "") -> tuple[int, str]:
        """Status and page; (0, "") where no answer came."""
        headers = {"Cookie": f"sessionid={session}; csrftoken={TOKEN}"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            line.close()

    def send(self, form: Form) -> tuple[int, str]:
        return self.post(form.tab.path, form.tab.session, form.fields())

    def post(self, path: str, session: str, fields: dict[str, str]) -> tuple[int, str]:
        return self.request("POST", path, session, encoded(fields))

    def cut(self, form: Form, *, whole: bool, after: float = 0) -> None:
        """Send a form and hang up so many seconds later; not `whole`: amid its text."""
        body = encoded(form.fields()).encode()
        head = f"POST {form.tab.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += f"Cookie: sessionid={form.tab.session}; csrftoken={TOKEN}\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        end = len(body) if whole else body.index(b"content=") + len("content=Note")
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
            line.sendall(head.encode() + body[:end])
            time.sleep(after)


def encoded(fields: dict[str, str]) -> str:
    """As a browser sends it: the token stands first in our forms."""
    return urllib.parse.urlencode({"csrfmiddlewaretoken": TOKEN, **fields})


@contextmanager
def serve(url: str, before: Callable[[], None] | None = None) -> Iterator[Served]:
    """Three workers with the settings that deploy/ has for a clinic.

    `before` runs in the server's process before it starts (its limits).
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "3", "--log-level", "critical"]
    log = tempfile.TemporaryFile()  # noqa: SIM115  closed below
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment(url), preexec_fn=before, stderr=log
    )
    served = Served(port, process)
    try:
        for _try in range(1200):
            if served.request("GET", "/account/login/", "")[0] == 200:
                break
            time.sleep(0.05)
        else:
            log.seek(0)
            raise RuntimeError(f"the server did not start: {log.read()[-2000:].decode()}")
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        log.close()


@dataclass
class Outcome:
    """What people met, by status (0 = no answer), and what became of what they were told."""

    answers: Counter[int] = field(default_factory=Counter)
    # (seconds of the clock, status) of everything that was not a success.
    troubles: list[tuple[float, int]] = field(default_factory=list)
    acknowledged: list[Form] = field(default_factory=list)
    # Seconds of the clock of each of these.
    successes: list[float] = field(default_factory=list)
    # The last page that came with a 503.
    page: str = ""
    seconds: float = 0

    def back_after(self, moment: float) -> float:
        """Seconds from this moment of the clock to the next success."""
        return min((at for at in self.successes if at > moment), default=float("inf")) - moment

    def lost(self) -> int:
        """Acknowledged notes that are not in the database as they were sent, for that patient."""
        from records.models import Note

        rows = {
            str(note.pk): note
            for note in Note.objects.filter(pk__in=[form.id for form in self.acknowledged])
        }
        return sum(
            form.id not in rows
            or rows[form.id].content != form.words
            or str(rows[form.id].patient_id) != form.tab.patient
            for form in self.acknowledged
        )

    def doubled(self) -> int:
        """Notes that say the same as another, or were written down as made more than once."""
        from clinik.models import AuditEvent
        from records.models import Note

        words = Counter(Note.objects.values_list("content", flat=True))
        made = AuditEvent.objects.filter(object_type="records.note", action="C")
        events = Counter(made.values_list("object_id", flat=True))
        return sum(n - 1 for n in words.values()) + sum(n - 1 for n in events.values())

    def halves(self) -> int:
        """Notes without their event or their history, and the reverse."""
        from clinik.models import AuditEvent
        from records.models import Note

        made = AuditEvent.objects.filter(object_type="records.note", action="C")
        rows = {str(key) for key in Note.objects.values_list("id", flat=True)}
        events = set(made.values_list("object_id", flat=True))
        old = {str(key) for key in Note.history.values_list("id", flat=True)}
        return len(rows ^ events) + len(rows ^ old)

    def whole(self, number: int) -> bool:
        """So many were acknowledged, each stands as it was sent, once; says the figures."""
        found = self.lost(), self.doubled(), self.halves()
        acknowledged = len({form.id for form in self.acknowledged})
        print(f"{acknowledged} of {number} acknowledged in {self.seconds:.1f} s")
        print(f"answers: {dict(self.answers)} (0 = cut off)")
        print("lost {}, doubled {}, by halves {}".format(*found))
        return (acknowledged, *found) == (number, 0, 0, 0)


def verdict(held: bool) -> int:
    print("held" if held else "NOT HELD")
    return 0 if held else 1


def write(
    served: Served,
    forms: list[Form],
    outcome: Outcome | None = None,
    *,
    threads: int = 4,
    until: float = 60,
    first: Callable[[Form], None] = lambda form: None,
) -> Outcome:
    """Send every form until it is acknowledged: what got no answer or 503 is sent again.

    `first` happens to each form right before.
    """
    outcome, lock, began = outcome or Outcome(), threading.Lock(), time.monotonic()

    def press(form: Form) -> None:
        first(form)
        deadline = time.monotonic() + until
        while time.monotonic() < deadline:
            status, page = served.send(form)
            with lock:
                outcome.answers[status] += 1
                if status == 302:
                    outcome.acknowledged.append(form)
                    outcome.successes.append(time.monotonic())
                    return
                outcome.troubles.append((time.monotonic(), status))
                outcome.page = page if status == 503 else outcome.page
            if status not in (0, 503):
                # An answer, and it will not be another one.
                return
            time.sleep(0.05)

    with ThreadPoolExecutor(threads) as people:
        for each in [people.submit(press, form) for form in forms]:
            each.result()
    outcome.seconds = time.monotonic() - began
    return outcome


def notes(opened: list[Tab], number: int) -> list[Form]:
    return [Form(opened[n % len(opened)], f"Note number {n}.") for n in range(number)]
