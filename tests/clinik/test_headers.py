"""What every answer carries, what is said where something is refused, and how much is taken."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from clinik.roles import ADMINISTRATOR, FRONT_DESK
from encounters.models import Patient
from tests.factories import UserFactory
from tests.page_forms import forms_of

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
PAGES = ["/", "/patients/", "/account/preferences/", "/admin/", "/nowhere/", "/account/session/"]


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(role=FRONT_DESK))
    return client


@pytest.mark.parametrize("url", PAGES)
def test_every_answer_is_guarded(url: str) -> None:
    client = Client()
    client.force_login(UserFactory(role=ADMINISTRATOR))
    headers = client.get(url).headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert len(headers["X-Request-ID"]) == 12
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert part in policy


def test_logging_out_tells_the_browser_to_forget(desk: Client) -> None:
    assert "Clear-Site-Data" not in desk.get("/patients/").headers
    answer = desk.post("/account/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


PRODUCTION = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check", deploy=True, fail_level="WARNING")
client = Client()
answer = client.get("/account/login/", secure=True, headers={"host": "clinic.example"})
print(answer.status_code, answer.headers["Strict-Transport-Security"])
print(answer.cookies.output())
print(client.get("/account/login/", headers={"host": "clinic.example"}).status_code)
print(client.get("/healthz", headers={"host": "clinic.example"}).status_code)
from django.conf import settings
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.CLINIK_MFA_ROLES)
"""


def test_a_real_clinic_has_safe_cookies_and_nothing_to_complain_of(tmp_path: Path) -> None:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "clinik.settings",
        "SECRET_KEY": "a-key-of-this-test-only-" + "0123456789abcdefghij" * 3,
        "ALLOWED_HOSTS": "clinic.example",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}",
        "CLINIK_STATIC_MANIFEST": "0",
        # Of one's own machine, which .env may set.
        "DEBUG": "0",
        "CLINIK_DEMO": "0",
        "CLINIK_LOG_LEVEL": "ERROR",
        "PYTHONWARNINGS": "ignore",
    }
    run = [sys.executable, "-c", PRODUCTION]
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    said = [line for line in done.stdout.splitlines() if "no issues" not in line]
    assert said[0] == "200 max-age=31536000; includeSubDomains; preload"
    assert said[1].startswith("Set-Cookie: __Host-csrftoken=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in said[1]
    assert "Domain" not in said[1]
    assert said[2:] == ["301", "200", "__Host-sessionid True ['Administrator']"]


def reference(page: Any) -> str:
    return str(page.headers["X-Request-ID"])


def test_a_refusal_bears_the_reference_of_the_log(desk: Client) -> None:
    no_template = desk.post("/patients/new/", {f"f{n}": "" for n in range(1001)})
    for page, status in (
        (desk.get("/nowhere/"), 404),
        (desk.get(reverse("encounters:encounter_hand_over_all")), 403),
        (no_template, 413),
        (desk.get("/patients/", headers={"host": "evil.example"}), 400),
    ):
        assert page.status_code == status
        text = page.content.decode()
        assert reference(page) in text
        assert "Traceback" not in text
        assert "evil.example" not in text
    assert "more than can be sent at once" in no_template.content.decode()


def test_a_body_too_large_is_refused_in_words(desk: Client) -> None:
    answer = desk.post("/patients/new/", {"family": "x" * 2_700_000})
    assert answer.status_code == 413
    assert not Patient.objects.exists()


def test_a_database_that_is_gone_is_said_so_wherever_it_is_noticed(desk: Client) -> None:
    desk.raise_request_exception = False
    with patch(
        "clinik.session_store.SessionStore._get_session_from_db",
        side_effect=OperationalError("could not connect: password=secret"),
    ):
        answer = desk.get("/patients/")
    assert answer.status_code == 503
    text = answer.content.decode()
    assert reference(answer) in text
    assert "secret" not in text


def test_an_error_of_ours_shows_its_reference_and_nothing_else(desk: Client) -> None:
    desk.raise_request_exception = False
    with patch("clinik.session_views.sessions.of", side_effect=ValueError("Paula Person")):
        answer = desk.get("/account/sessions/")
    assert answer.status_code == 500
    assert reference(answer) in answer.content.decode()
    assert "Paula" not in answer.content.decode()


BIG = ("9" * 19, "9" * 40, "-" + "9" * 40, "1e400", "1" * 5000, "\x00", "٣" * 30, "NaN")


@pytest.mark.parametrize("number", BIG, ids=range(len(BIG)))
def test_numbers_beyond_64_bits_find_nothing_in_the_administration(number: str) -> None:
    client = Client()
    client.force_login(UserFactory(role=ADMINISTRATOR))
    for model in ("clinik/auditevent", "clinik/user", "clinik/importrun", "encounters/patient"):
        url = f"/admin/{model}/"
        for name in ("p", "o", "e", "q", "by", "id", "id__exact", "version", "by__id__exact"):
            assert client.get(url, {name: number}).status_code < 500, (model, name)
        if "\x00" not in number:
            assert client.get(f"{url}{number}/change/").status_code < 500, model
    assert client.get(f"/admin/clinik/user/{'9' * 30}/act/link/").status_code == 404


@pytest.mark.parametrize("name", ["\U00020bb7野", "יוסף", "\U0001f469\u200d\u2695\ufe0f Dr"])
def test_text_of_any_script_is_kept_as_it_was_typed(desk: Client, name: str) -> None:
    shown = forms_of(desk.get("/patients/new/").content.decode())
    form = next(each for each in shown if "family" in each.data)
    sent = form.data | {"family": name, "given": "A", "birth_date": "1970-01-02"}
    assert desk.post("/patients/new/", sent).status_code == 302
    assert Patient.objects.get().family == name


def test_bytes_that_are_no_text_are_refused_or_shown_as_such(desk: Client) -> None:
    shown = forms_of(desk.get("/patients/new/").content.decode())
    form = next(each for each in shown if "family" in each.data)
    sent = form.data | {"given": "A", "birth_date": "1970-01-02"}
    nul = desk.post("/patients/new/", sent | {"family": "nul\x00byte"})
    assert nul.status_code == 422
    assert "Null characters are not allowed" in nul.content.decode()
    half = urlencode(sent | {"family": "half"}).replace("=half", "=half%ED%A0%BD")
    kind = "application/x-www-form-urlencoded"
    assert desk.post("/patients/new/", half, content_type=kind).status_code == 302
    assert "\ufffd" in Patient.objects.get().family
