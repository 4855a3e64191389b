"""A form that meets a database which cannot take it: nothing is saved, and no word is lost."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from django.test import Client

from clinik.roles import CLINICIAN
from records.models import Note
from tests.factories import PASSWORD, UserFactory
from tests.faults.clinic import url_of
from tests.form_cases import CREATES, World
from tests.page_forms import PageForm, forms_of

WORDS = "Fell off </textarea> a ladder, <b>twice</b>.\r\nNo pain."


@contextmanager
def held_by_another() -> Iterator[None]:
    """Longer than we wait: SQLite's write lock; of PostgreSQL the table of notes."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 50")
            other: Any = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
        else:
            import psycopg

            cursor.execute("SET lock_timeout = '50ms'")
            other = psycopg.connect(url_of(connection))
            other.execute("LOCK TABLE records_note IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        other.rollback()
        other.close()
        connection.close()


def note_form(world: World) -> tuple[str, PageForm]:
    case = next(each for each in CREATES if each.id == "note_add")
    url, form = case.find(world)
    form.data["content"] = WORDS
    return url, form


@pytest.mark.django_db(transaction=True)
def test_a_form_that_met_a_lock_comes_back_in_words_and_is_sent_from_there() -> None:
    from clinik.roles import sync_after_migrate

    sync_after_migrate()
    world = World(CLINICIAN)
    url, form = note_form(world)
    with held_by_another():
        answer = world.client.post(url, form.data)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    page = answer.content.decode()
    assert "Not available just now" in page
    assert answer["X-Request-ID"] in page
    assert "Fell off &lt;/textarea&gt; a ladder, &lt;b&gt;twice&lt;/b&gt;." in page
    assert not Note.objects.exists()
    (kept,) = forms_of(page)
    assert kept.action == url
    for _twice in range(2):
        assert world.client.post(kept.action, kept.data).status_code == 302
    assert Note.objects.get().content.splitlines() == WORDS.splitlines()


@pytest.mark.django_db
def test_an_error_of_ours_keeps_what_was_typed_in_its_page() -> None:
    world = World(CLINICIAN)
    url, form = note_form(world)
    world.client.raise_request_exception = False
    with patch("records.views.notes.notes.add_note", side_effect=ValueError):
        answer = world.client.post(url, form.data)
    assert answer.status_code == 500
    (kept,) = forms_of(answer.content.decode())
    assert world.client.post(kept.action, kept.data).status_code == 302
    assert Note.objects.get().content.splitlines() == WORDS.splitlines()


@pytest.mark.django_db
def test_neither_passwords_nor_forged_forms_nor_what_scripts_send_come_back() -> None:
    client = Client()
    client.force_login(UserFactory(role=CLINICIAN, password=PASSWORD))
    forged = Client(enforce_csrf_checks=True, raise_request_exception=False)
    forged.cookies["sessionid"] = client.cookies["sessionid"].value
    client.raise_request_exception = False
    sent = {"content": "Words of a form."}
    with patch(
        "clinik.session_store.SessionStore._get_session_from_db", side_effect=OperationalError
    ):
        for answer, status in (
            (client.post("/account/password/change/", {"oldpassword": PASSWORD}), 503),
            (client.post("/admin/clinik/user/1/password/", {"password1": PASSWORD}), 503),
            (client.post("/patients/new/", sent, headers={"HX-Request": "true"}), 503),
            (forged.post("/patients/new/", sent), 403),
        ):
            assert answer.status_code == status
            page = answer.content.decode()
            assert PASSWORD not in page
            assert "Words of a form." not in page
            assert forms_of(page) == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_form_cut_off_on_its_way_is_none(kind: str) -> None:
    world = World(CLINICIAN)
    url, form = note_form(world)
    body, content_type = urlencode(form.data).encode(), "application/x-www-form-urlencoded"
    if kind == "multipart":
        parts = [
            f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form.data.items()
        ]
        body, content_type = (
            "".join([*parts, "--X--\r\n"]).encode(),
            "multipart/form-data; boundary=X",
        )

    def send(there: bytes) -> int:
        said: Any = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(there)}
        return world.client.generic("POST", url, b"-", content_type, **said).status_code

    end = body.index(b"ladder")
    assert send(body[:end]) == 400
    assert not Note.objects.exists()
    assert send(body) == 302
    assert Note.objects.get().content.splitlines() == WORDS.splitlines()
