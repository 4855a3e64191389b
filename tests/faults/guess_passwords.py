"""60 wrong passwords at once against three worker processes: at most the limit gets through.

    .venv/bin/python tests/faults/guess_passwords.py                      on SQLite
    bin/postgres-scratch .venv/bin/python tests/faults/guess_passwords.py

Real gunicorn workers, one address. Another user behind it must still log in, while it lasts and
afterwards. tests/clinik/test_guessing.py does it in the suite with threads.
"""

import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
# ACCOUNT_RATE_LIMITS, "login_failed".
LIMIT = 5
MAKE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from clinik.models import User
for name in ("victim", "colleague"):
    User.objects.create_user(name, password={PASSWORD!r})
"""


@dataclass
class Outcome:
    """What the wrong passwords met, whether the colleague came in, and how long logins took."""

    answers: Counter[str]
    colleague: list[str]
    seconds: float

    @property
    def held(self) -> bool:
        return self.answers["tried"] <= LIMIT and set(self.colleague) == {"in"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Browser:
    """One visitor with their own cookies."""

    def __init__(self, home: str) -> None:
        self.home = home
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.open = urllib.request.build_opener(jar).open
        page = self.open(f"{home}/account/login/", timeout=60).read().decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None
        self.token = found[1]

    def log_in(self, name: str, password: str) -> str:
        """ "in", "tried" (and wrong) or "stopped"."""
        sent = {"login": name, "password": password, "csrfmiddlewaretoken": self.token}
        sent["next"] = "/account/preferences/"  # open to a login without a role
        data = urllib.parse.urlencode(sent).encode()
        answer = self.open(f"{self.home}/account/login/", data, timeout=60)
        page = answer.read().decode()
        if "/account/login/" not in answer.geturl():
            return "in"
        return "stopped" if "Too many failed" in page else "tried"


def serve(environment: dict[str, str], port: int, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "clinik.wsgi", "--workers", str(workers)]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def wait_for(home: str) -> None:
    for _try in range(300):
        try:
            urllib.request.urlopen(f"{home}/account/login/", timeout=5).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def run(attempts: int = 60, workers: int = 3) -> Outcome:
    """Against the database of DATABASE_URL, which must be empty, or a SQLite file of its own."""
    with tempfile.TemporaryDirectory(prefix="clinik-guess-") as folder:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "clinik.settings",
            "CLINIK_DEMO": "1",  # cookies over plain http
            "CLINIK_STATIC_MANIFEST": "0",
            "CLINIK_LOG_LEVEL": "ERROR",
            "PYTHONWARNINGS": "ignore:No directory at",
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        environment.setdefault("DATABASE_URL", f"sqlite:///{folder}/guess.sqlite3")
        subprocess.run([sys.executable, "-c", MAKE], cwd=ROOT, env=environment, check=True)
        port = free_port()
        home = f"http://127.0.0.1:{port}"
        server = serve(environment, port, workers)
        try:
            wait_for(home)
            return attack(home, attempts)
        finally:
            server.terminate()
            server.wait(timeout=30)


def attack(home: str, attempts: int) -> Outcome:
    guessers = [Browser(home) for _guess in range(attempts)]
    colleague = Browser(home)
    began = time.monotonic()
    with ThreadPoolExecutor(attempts + 1) as threads:
        guesses = [
            threads.submit(guesser.log_in, "victim", f"wrong guess {n}")
            for n, guesser in enumerate(guessers)
        ]
        meanwhile = threads.submit(colleague.log_in, "colleague", PASSWORD)
        answers = Counter(guess.result() for guess in guesses)
        came_in = [meanwhile.result()]
    seconds = time.monotonic() - began
    came_in.append(Browser(home).log_in("colleague", PASSWORD))
    return Outcome(answers, came_in, seconds)


def main() -> int:
    outcome = run()
    print(f"wrong passwords: {dict(outcome.answers)}; limit {LIMIT}")
    print(f"the colleague, meanwhile and afterwards: {outcome.colleague}")
    print(f"{outcome.seconds:.1f} s")
    print("held" if outcome.held else "NOT HELD")
    return 0 if outcome.held else 1


if __name__ == "__main__":
    sys.exit(main())
