"""Unusual reading: auditors see who opened many patients whom they do not treat."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import audit, clock
from clinik.models import AuditEvent
from clinik.roles import AUDITOR, CLINICIAN
from encounters import unusual
from encounters.models import EncounterParticipant
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("encounters:trail_unusual")


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(UserFactory(role=AUDITOR))
    return client


def read(by: Any, *patients: Any) -> None:
    for patient in patients:
        audit.record_view(patient, by=by)


def test_who_reads_many_whom_they_do_not_treat_is_marked(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unusual, "MANY", 3)
    patients = [PatientFactory() for _each in range(6)]
    nosy, treating, helping, other = (
        UserFactory(role=CLINICIAN, username=name) for name in ("nosy", "treat", "help", "other")
    )
    for patient in patients:
        visit = EncounterFactory(patient=patient, practitioner=treating.practitioner)
        EncounterParticipant.objects.create(
            encounter=visit, practitioner=helping.practitioner, role_code="CON"
        )
    for by in (nosy, treating, helping):
        read(by, *patients, patients[0])
    read(other, patients[0])
    # Neither what was refused nor what was changed is reading.
    audit.record("patient.change", PatientFactory(), by=other, fields=["city"])
    found = {reader.login: reader for reader in unusual.readers_of(clock.today())}
    assert {login: (row.patients, row.outside) for login, row in found.items()} == {
        "nosy": (6, 6), "treat": (6, 0), "help": (6, 0), "other": (1, 1),
    }  # fmt: skip
    assert [login for login, row in found.items() if row.stands_out] == ["nosy"]
    html = auditor.get(PAGE, {"day": clock.today().isoformat()}).content.decode()
    assert html.count("▲") == 1
    assert "person=nosy" in html
    assert AuditEvent.objects.filter(act="unusual_reading.view").exists()


def test_where_all_read_much_nobody_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unusual, "MANY", 1)
    patients = [PatientFactory() for _each in range(3)]
    for _each in range(3):
        read(UserFactory(role=CLINICIAN), *patients)
    assert [row.stands_out for row in unusual.readers_of(clock.today())] == [False] * 3


def test_a_day_is_a_day_of_the_clinic(auditor: Client) -> None:
    doctor, patient = UserFactory(role=CLINICIAN, username="doctor"), PatientFactory()
    event = audit.record_view(patient, by=doctor)
    start, end = clock.day_bounds(clock.today() - dt.timedelta(days=1))
    given = {
        field.attname: getattr(event, field.attname)
        for field in AuditEvent._meta.concrete_fields
        if field.attname != "id"
    }
    for at in (start - dt.timedelta(minutes=1), start, end - dt.timedelta(minutes=1)):
        AuditEvent.objects.create(**given | {"at": at, "patient_id": PatientFactory().pk})
    readers = auditor.get(PAGE).context["readers"]
    assert [(row.login, row.patients) for row in readers] == [("doctor", 2)]
    for day in ("x", "2999-01-01", "0001-01-01", "2024-02-30"):
        assert auditor.get(PAGE, {"day": day}).context["day"] == (
            clock.today() - dt.timedelta(days=1)
        )


def test_it_costs_the_same_with_many_readers() -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            unusual.readers_of(clock.today())
        return len(found)

    read(UserFactory(role=CLINICIAN), PatientFactory())
    one = cost()
    for _each in range(5):
        read(UserFactory(role=CLINICIAN), *(PatientFactory() for _one in range(3)))
    assert cost() == one <= 6  # begin and end of the day, pairs, two kinds of teams, names
