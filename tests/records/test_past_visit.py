"""Recording a visit that is over: all of it on one form, and on to the next."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.codes import ICD10CM
from clinik.ids import uuid7
from clinik.models import Code, User
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Diagnosis, Encounter, Patient
from records.models import Note, Observation
from tests.factories import PatientFactory, PractitionerFactory, UserFactory

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 3, 3)


@pytest.fixture
def patient() -> Patient:
    return PatientFactory()


def login(role: str) -> tuple[Client, User]:
    client, user = Client(), UserFactory(role=role)
    client.force_login(user)
    return client, user


def past_url(patient: Patient) -> str:
    return reverse("records:encounter_past", args=[patient.pk])


def typed(patient: Patient, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "patient": str(patient.pk),
        "class_code": "AMB",
        "day": DAY.isoformat(),
        "begins": "09:00",
        "ends": "09:25",
        **more,
    }


def local(hour: int, minute: int, day: dt.date = DAY) -> dt.datetime:
    return clock.day_start(day).replace(hour=hour, minute=minute)


WHOLE = {
    "location": "Room 204",
    "type_text": "Check-up",
    "condition_text": "I10 Essential hypertension",
    "systolic": "142",
    "diastolic": "91",
    "pulse": "72",
    "note": "Feels well.\n\nRecheck in four weeks.",
}


def test_past_visit_is_finished_and_marked_as_entered_later(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    assert client.post(past_url(patient), typed(patient, **WHOLE)).status_code == 302
    visit = Encounter.objects.get()
    assert (visit.status, visit.entered_late, visit.length_minutes) == ("finished", True, 25)
    assert (visit.start, visit.end) == (local(9, 0), local(9, 25))
    assert (visit.patient, visit.location) == (patient, "Room 204")


def test_past_visit_brings_diagnosis_vitals_and_note(patient: Patient) -> None:
    client, user = login(CLINICIAN)
    Code.objects.create(system=ICD10CM, code="I10", display="Essential (primary) hypertension")
    client.post(past_url(patient), typed(patient, **WHOLE))
    visit = Encounter.objects.get()
    diagnosis, note = Diagnosis.objects.get(), Note.objects.get()
    assert (diagnosis.encounter, diagnosis.condition_code) == (visit, "I10")
    assert (note.encounter, note.content) == (visit, WHOLE["note"])
    assert note.entered_by == user
    signs = {row.code_code: row for row in Observation.objects.filter(encounter=visit)}
    assert set(signs) == {"85354-9", "8867-4"}
    assert {row.effective for row in signs.values()} == {visit.start}
    assert not any(row.after_closing for row in (note, *signs.values()))


def test_past_visit_sent_twice_is_recorded_once(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    sent = typed(patient, **WHOLE)
    first, second = client.post(past_url(patient), sent), client.post(past_url(patient), sent)
    assert first["Location"] == second["Location"]
    counts = [model.objects.count() for model in (Encounter, Diagnosis, Note, Observation)]
    assert counts == [1, 1, 1, 2]


def test_past_visit_sent_twice_with_another_time_is_refused(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    sent = typed(patient)
    client.post(past_url(patient), sent)
    assert client.post(past_url(patient), {**sent, "ends": "09:40"}).status_code == 409
    assert Encounter.objects.get().length_minutes == 25


def test_past_visit_with_the_key_of_another_person_is_not_found(patient: Patient) -> None:
    sent = typed(patient)
    login(NURSE)[0].post(past_url(patient), sent)
    assert login(NURSE)[0].post(past_url(patient), sent).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"ends": "08:50"}, "ends"),
        ({"day": "2999-01-01"}, "begins"),
        ({"pulse": "fast"}, "pulse"),
        ({"systolic": "80", "diastolic": "120"}, "systolic"),
        ({"begins": ""}, "begins"),
    ],
)
def test_past_visit_refused_saves_nothing_and_keeps_the_text(
    patient: Patient, wrong: dict[str, str], at: str
) -> None:
    client, _user = login(CLINICIAN)
    response = client.post(past_url(patient), typed(patient, **{**WHOLE, **wrong}))
    assert response.status_code == 422
    assert response.context["form"].errors[at]
    assert "Recheck in four weeks." in response.content.decode()
    assert not Encounter.objects.exists()


def test_past_visit_may_end_the_day_after(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    sent = typed(patient, begins="23:40", ends="00:20", next_day="on")
    assert client.post(past_url(patient), sent).status_code == 302
    assert Encounter.objects.get().end == local(0, 20, DAY + dt.timedelta(days=1))


def test_past_visit_asks_once_about_a_surprising_value(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    sent = typed(patient, spo2="72", pulse="98")
    asked = client.post(past_url(patient), sent)
    assert asked.status_code == 422
    assert 'type="checkbox" name="confirmed"' in asked.content.decode()
    assert client.post(past_url(patient), {**sent, "confirmed": "on"}).status_code == 302


def test_past_visit_of_a_nurse_asks_for_no_diagnosis(patient: Patient) -> None:
    client, _user = login(NURSE)
    assert 'name="condition_text"' not in client.get(past_url(patient)).content.decode()
    assert client.post(past_url(patient), typed(patient, **WHOLE)).status_code == 302
    assert not Diagnosis.objects.exists()


def test_save_and_next_keeps_day_practitioner_and_room(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    who = PractitionerFactory(family="Keeper")
    sent = typed(patient, location="Room 204", practitioner=str(who), next="1")
    address = client.post(past_url(patient), sent)["Location"]
    kept = parse_qs(urlparse(address).query)
    assert kept["day"] == ["2025-03-03"]
    other = PatientFactory(family="Following")
    found = client.get(address + "&q=following")
    assert past_url(other) in found.content.decode()
    link = f"{past_url(other)}?{urlparse(address).query}"
    form = client.get(link).context["form"]
    assert (form["day"].value(), form["location"].value()) == (DAY, "Room 204")
    assert form["practitioner"].value().pk == str(who.pk)
    assert form["begins"].value() is None
    assert form["id"].value() != sent["id"]


def test_the_page_says_that_the_day_is_past(patient: Patient) -> None:
    client, _user = login(CLINICIAN)
    page = client.get(past_url(patient) + "?day=2025-03-03").content.decode()
    assert "This records a visit of the past: Monday" in page


def test_a_time_that_the_clocks_skipped_is_refused(patient: Patient, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "TIME_ZONE", "America/New_York")
    clock.timezone.get_default_timezone.cache_clear()  # type: ignore[attr-defined]
    try:
        client, _user = login(CLINICIAN)
        sent = typed(patient, day="2025-03-09", begins="02:30", ends="03:30")
        response = client.post(past_url(patient), sent)
    finally:
        monkeypatch.undo()
        clock.timezone.get_default_timezone.cache_clear()  # type: ignore[attr-defined]
    assert response.status_code == 422
    assert response.context["form"].errors["begins"]


def test_past_visit_is_not_for_the_front_desk(patient: Patient) -> None:
    assert login(FRONT_DESK)[0].get(past_url(patient)).status_code == 403
