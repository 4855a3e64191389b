"""What every test stands on: settings of a test run, a database in a file, and a Chromium."""

import fcntl
import gc
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection
from django.test import client as django_client
from pytest_django.live_server_helper import LiveServer

from clinik import guards

ROOT = Path(__file__).parent.parent
BROWSER_TESTS = Path(__file__).parent / "browser"


def find_chromium() -> str | None:
    """Return the path of the Chromium that $CHROMIUM names or that is installed, or None."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def pytest_configure(config: pytest.Config) -> None:
    # Playwright keeps an event loop running in the thread in which browser tests use the ORM.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    # The test client and the live server speak plain http and nothing has been collected.
    settings.SECURE_SSL_REDIRECT = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    # Tests about a second step ask for one.
    settings.CLINIK_MFA_ROLES = []
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    settings.WHITENOISE_AUTOREFRESH = True
    # The live server's threads end with their requests, and so must their sessions.
    for database in settings.DATABASES.values():
        database["CONN_MAX_AGE"] = 0

    test_client.store_rendered_templates = _keep_context_of_page


test_client: Any = django_client
keep_all_contexts = test_client.store_rendered_templates


def _keep_context_of_page(store: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    """The test client copies the context of every template of a page, a sixth of a request's time;
    tests ask for the first, the page's own."""
    if "context" not in store:
        keep_all_contexts(store, *args, **kwargs)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    no_chromium = pytest.mark.skipif(find_chromium() is None, reason="no Chromium was found")
    for item in items:
        if item.path.is_relative_to(BROWSER_TESTS):
            item.add_marker(pytest.mark.browser)
            item.add_marker(no_chromium)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """Give each run and each of its workers an SQLite file of its own.

    In memory-backed storage where there is some: tests that commit wait for the disk otherwise.
    """
    shared_memory = Path("/dev/shm")
    place = shared_memory if os.access(shared_memory, os.W_OK) else None
    with TemporaryDirectory(prefix="clinik-test-", dir=place) as folder:
        for database in settings.DATABASES.values():
            if database["ENGINE"] == "django.db.backends.sqlite3":
                database["TEST"]["NAME"] = str(Path(folder) / "test.sqlite3")
                shutil.copyfile(migrated_database(), database["TEST"]["NAME"])
        yield


def migrated_database() -> Path:
    """An SQLite file that the migrations as they are now have made, for each run to begin with.

    Migrating takes longer than most files of tests. What `migrate` does after migrations (roles,
    guards, code tables) it does again in the copy.
    """
    apps = ("clinik", "encounters", "records")
    files = [each for app in apps for each in sorted((ROOT / app / "migrations").glob("*.py"))]
    content = b"".join(each.read_bytes() for each in [*files, ROOT / "requirements.txt"])
    var = ROOT / "var"
    made = var / f"migrated-{hashlib.sha256(content).hexdigest()[:12]}.sqlite3"
    with (var / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for old in var.glob("migrated-*"):
                old.unlink()
            part = made.with_suffix(".part")
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": f"sqlite:///{part}"},
                check=True,
            )
            part.rename(made)
    return made


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether the database that is there is taken: SQLite's copy, which goes with its folder."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session", autouse=True)
def flush_lifts_guards() -> Iterator[None]:
    """A test that commits is followed by `flush`, which the guards refuse; it makes them anew."""
    handle = flush.Command.handle

    def lifting(self: flush.Command, **options: Any) -> None:
        guards.remove(options["database"])
        handle(self, **options)

    with patch.object(flush.Command, "handle", lifting):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End what a browser just closed still asked for: PostgreSQL drops no database in use."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Let `page.goto("/")` open the test server."""
    return live_server.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the machine's own Chromium, which calls no one but the test server."""
    return {
        **browser_type_launch_args,
        "executable_path": find_chromium(),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
