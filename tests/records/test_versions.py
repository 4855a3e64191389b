"""The versions of a row: what was changed, from what to what, by whom and why."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik.models import AuditEvent
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Encounter
from encounters.staying import change_encounter
from records.errors import enter_record_in_error
from records.notes import add_note, change_note
from records.versions import KINDS, versions_of
from tests.factories import EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def note(doctor: Any) -> Any:
    text = "Slept well and ate a good breakfast, as on every day of this week.\nNo pain."
    made = add_note(EncounterFactory(), by=doctor, content=text)
    changed = {"content": text.replace("well", "badly"), "title": "Morning"}
    return change_note(made, by=doctor, version=made.version, type=made.type, **changed)


def test_change_shows_the_words_that_differ(note: Any, doctor: Any) -> None:
    change, made = versions_of(note)
    assert (made.what, change.what) == ("begun", "changed")
    assert str(doctor) in change.who
    by_label = {each.label: each for each in change.changes}
    assert (by_label["title"].before, by_label["title"].after) == ("–", "Morning")
    pieces = [(piece.kind, piece.text.strip()) for piece in by_label["text"].pieces]
    assert pieces[1:3] == [("old", "well"), ("new", "badly")]


def test_page_marks_them_and_leaves_a_row_in_the_trail(
    note: Any, doctor: Any, client: Client
) -> None:
    client.force_login(doctor)
    url = reverse("records:row_versions", args=["note", note.pk])
    page = client.get(url).content.decode()
    assert "<del> well</del><ins> badly</ins>" in page
    assert AuditEvent.objects.filter(act="note.view", object_id=str(note.pk)).exists()


def test_words_of_people_are_shown_as_words(note: Any, doctor: Any, client: Client) -> None:
    title, text = "<script>alert(1)</script>", "No pain."
    kept = {"version": note.version, "type": note.type, "content": text}
    changed = change_note(note, by=doctor, title=title, **kept)
    client.force_login(doctor)
    page = client.get(reverse("records:row_versions", args=["note", changed.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_reason_of_an_error_is_said(note: Any, doctor: Any) -> None:
    newest = versions_of(enter_record_in_error(note, by=doctor, reason="Another patient"))[0]
    assert (newest.what, newest.why) == ("entered in error", "Another patient")


def test_line_of_the_timeline_leads_to_the_versions(doctor: Any, client: Client) -> None:
    visit = EncounterFactory()
    change_encounter(visit, by=doctor, version=visit.version, type_text="Follow-up")
    url = reverse("records:row_versions", args=["visit", visit.pk])
    detail = reverse("records:encounter_detail", args=[visit.pk])
    client.force_login(UserFactory(role=NURSE))
    assert url in client.get(detail).content.decode()
    page = client.get(url).content.decode()
    assert "Check-up" in page
    assert "Follow-up" in page
    client.force_login(UserFactory(role=FRONT_DESK))
    assert url not in client.get(detail).content.decode()
    assert client.get(url).status_code == 403


def test_page_costs_the_same_with_many_versions(doctor: Any, client: Client) -> None:
    visit: Any = EncounterFactory()
    client.force_login(doctor)
    url = reverse("records:row_versions", args=["visit", visit.pk])
    client.get(url)
    visit = change_encounter(visit, by=doctor, version=visit.version, type_text="Other")
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(8):
        visit = change_encounter(visit, by=doctor, version=visit.version, type_text=f"T{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(few) == len(many)


def test_kinds_that_are_none_are_not_found(doctor: Any, client: Client) -> None:
    client.force_login(doctor)
    visit = EncounterFactory()
    for kind in ("user", "patient", "nothing"):
        assert kind not in KINDS
        url = reverse("records:row_versions", args=[kind, visit.pk])
        assert client.get(url).status_code == 404
    assert Encounter.objects.filter(pk=visit.pk).exists()
