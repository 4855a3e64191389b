"""A wrong record is entered in error: kept with its words and its visit, counted nowhere."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent
from clinik.transitions import StaleVersion, TransitionError
from records.errors import KINDS, enter_record_in_error
from records.note_section import NotesSection
from records.notes import add_note, sign_note
from tests import factories
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


# Reports come from imports: nobody here is their author.
WRITTEN = [kind for kind in KINDS if kind != "report"]


def made(kind: str, by: Any) -> Any:
    make = getattr(factories, f"{kind.capitalize()}Factory")
    return make(entered_by=by)


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


@pytest.mark.parametrize("kind", WRITTEN)
def test_author_enters_own_record_in_error(doctor: Any, kind: str) -> None:
    row = made(kind, doctor)
    before = {"patient": row.patient_id, "encounter": row.encounter_id, "words": str(row)}
    wrong: Any = enter_record_in_error(row, by=doctor, reason="Typed into the wrong chart")
    assert (wrong.status, wrong.error_reason) == ("entered-in-error", "Typed into the wrong chart")
    assert before == {
        "patient": wrong.patient_id,
        "encounter": wrong.encounter_id,
        "words": str(wrong),
    }
    model: Any = KINDS[kind]
    assert not model.objects.listed().exists()
    event = AuditEvent.objects.get(act=f"{kind}.enter_in_error")
    assert (event.by, event.object_id) == (doctor, str(row.pk))
    assert wrong.history.latest().history_user == doctor


@pytest.mark.parametrize("kind", KINDS)
def test_administrator_enters_any_record_in_error(doctor: Any, kind: str) -> None:
    admin = UserFactory(role="Administrator")
    row = made(kind, doctor)
    assert enter_record_in_error(row, by=admin, reason="Asked by the author").is_in_error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["Clinician", "Nurse", "Front desk", "Auditor"])
def test_nobody_else_does(doctor: Any, kind: str, role: str) -> None:
    row = made(kind, doctor)
    with pytest.raises(PermissionDenied):
        enter_record_in_error(row, by=UserFactory(role=role), reason="No")
    row.refresh_from_db()
    assert not row.is_in_error


@pytest.mark.parametrize("kind", WRITTEN)
def test_reason_is_required(doctor: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        enter_record_in_error(made(kind, doctor), by=doctor, reason=" ")
    assert list(refused.value.message_dict) == ["reason"]


def test_twice_and_stale_are_refused(doctor: Any) -> None:
    row = made("observation", doctor)
    with pytest.raises(StaleVersion):
        enter_record_in_error(row, by=doctor, reason="Wrong", version=7)
    enter_record_in_error(row, by=doctor, reason="Wrong")
    with pytest.raises(TransitionError):
        enter_record_in_error(row, by=doctor, reason="Wrong")


def test_signed_note_keeps_content_and_digest(doctor: Any) -> None:
    note = sign_note(add_note(EncounterFactory(), by=doctor, content="As said."), by=doctor)
    wrong: Any = enter_record_in_error(note, by=doctor, reason="Wrong patient")
    assert (wrong.content, wrong.digest) == ("As said.", note.digest)
    assert wrong.digest == wrong.content_digest()
    assert wrong.signatures.count() == 1


def test_section_shows_it_apart(doctor: Any) -> None:
    note = add_note(EncounterFactory(), by=doctor, content="As said.")
    enter_record_in_error(note, by=doctor, reason="Wrong")
    assert note.encounter is not None
    section = NotesSection.load(note.encounter, doctor)
    assert section.rows == ()
    assert [row.record for row in section.wrong] == [note]


@pytest.mark.parametrize("kind", WRITTEN)
def test_page_asks_and_acts(client: Client, doctor: Any, kind: str) -> None:
    client.force_login(doctor)
    row = made(kind, doctor)
    url = reverse("records:record_error", args=[kind, row.pk])
    data = {"patient": str(row.patient_id), "version": "1"}
    assert client.get(url).status_code == 200
    assert client.post(url, data).status_code == 422
    other = PatientFactory()
    refused = client.post(url, data | {"reason": "Wrong", "patient": str(other.pk)})
    assert refused.status_code == 404
    assert client.post(url, data | {"reason": "Wrong"}).status_code == 302
    row.refresh_from_db()
    assert row.is_in_error
    page = client.get(reverse("records:encounter_detail", args=[row.encounter_id]))
    assert "Why: Wrong" in page.content.decode()


def test_page_of_an_unknown_kind_or_row_is_not_found(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    row = made("note", doctor)
    assert client.get(f"/records/patient/{row.patient_id}/error/").status_code == 404
    assert client.get(f"/records/observation/{row.pk}/error/").status_code == 404


@pytest.mark.parametrize(("role", "status"), [("Clinician", 403), ("Front desk", 403)])
def test_page_is_refused_to_others(client: Client, doctor: Any, role: str, status: int) -> None:
    client.force_login(UserFactory(role=role))
    url = reverse("records:record_error", args=["note", made("note", doctor).pk])
    assert client.get(url).status_code == status
