"""Everything about one patient as one file, and whose last contact is long ago."""

import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from clinik import audit, clock
from clinik.models import AuditEvent, ImportedResource
from clinik.roles import ADMINISTRATOR
from encounters.logins import add_user
from encounters.models import Patient, StatusPeriod
from encounters.models.encounter import Status
from encounters.patients import change_patient
from tests.factories import (
    AllergyFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(UserFactory(role=ADMINISTRATOR))
    return made


def parts_of(content: bytes) -> dict[str, list[dict[str, Any]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {
            name: [json.loads(line) for line in archive.read(name).decode().splitlines()]
            for name in archive.namelist()
        }


def test_the_record_holds_all_of_one_person_and_nothing_of_another(client: Client) -> None:
    by = UserFactory(role=ADMINISTRATOR)
    patient, stranger = PatientFactory(family="Mine"), PatientFactory(family="Stranger")
    old = PatientFactory(family="Old", merged_into=patient)
    for person in (patient, old, stranger):
        visit = EncounterFactory(patient=person)
        for factory in (DiagnosisFactory, NoteFactory, ObservationFactory):
            factory(encounter=visit, patient=person)
        AllergyFactory(patient=person)
        audit.record_view(person, by=by)
    change_patient(patient, by=by, version=1, family="Mine", city="New Town")
    ImportedResource.objects.create(
        source="old", resource_type="Procedure", resource_id="1", patient_id=old.pk,
        digest="x", raw={"resourceType": "Procedure", "id": "1"},
    )  # fmt: skip
    answer: Any = client.get(reverse("records:patient_record", args=[patient.pk]))
    assert answer["Content-Type"] == "application/zip"
    content = b"".join(answer.streaming_content)
    found = parts_of(content)
    tables = {row["table"] for row in found["rows.ndjson"]}
    assert tables >= {
        "encounters.patient", "encounters.encounter", "encounters.statusperiod",
        "encounters.diagnosis", "encounters.allergy", "records.note", "records.observation",
        "clinik.importedresource",
    }  # fmt: skip
    people = {row["id"] for row in found["rows.ndjson"] if row["table"] == "encounters.patient"}
    assert people == {str(patient.pk), str(old.pk)}
    kinds = {row["resourceType"] for row in found["fhir.ndjson"]}
    assert kinds >= {"Patient", "Encounter", "Condition", "Observation", "Procedure"}
    cities = [v["city"] for v in found["versions.ndjson"] if v.get("id") == str(patient.pk)]
    assert cities == ["", "New Town"]
    acts = {event["subtype"][0]["code"] for event in found["trail.ndjson"]}
    # Its own taking out too: that was written down first.
    assert acts >= {"patient.view", "patient.change", "patient.export_record"}
    everything = json.dumps(found)
    assert str(stranger.pk) not in everything
    assert "Stranger" not in everything
    # Rows of visits are as many as the two people's visits have.
    periods = [r for r in found["rows.ndjson"] if r["table"] == "encounters.statusperiod"]
    assert len(periods) == StatusPeriod.objects.exclude(encounter__patient=stranger).count()


def test_the_command_writes_the_same_file_once_on_somebodys_behalf(tmp_path: Path) -> None:
    by = UserFactory(role=ADMINISTRATOR, username="service-archive")
    patient = EncounterFactory().patient
    path = tmp_path / "record.zip"
    call_command("export_record", patient.number, output=path, user="service-archive")
    assert set(parts_of(path.read_bytes())) == {
        "fhir.ndjson", "rows.ndjson", "versions.ndjson", "trail.ndjson",
    }  # fmt: skip
    event = AuditEvent.objects.get(act="patient.export_record")
    assert (event.by, event.patient_id) == (by, patient.pk)
    with pytest.raises(CommandError, match="there already"):
        call_command("export_record", patient.number, output=path)
    with pytest.raises(CommandError, match="no patient"):
        call_command("export_record", "99999999", output=tmp_path / "other.zip")
    with pytest.raises(CommandError, match="no such login"):
        call_command("export_record", patient.number, output=tmp_path / "b.zip", user="nobody")


def seen_at(patient: Patient, years: int, **fields: Any) -> None:
    then = clock.now() - dt.timedelta(days=366 * years)
    EncounterFactory(
        patient=patient, status=Status.FINISHED, start=then, end=then, length_minutes=0, **fields
    )


def registered(years: int, family: str, **fields: Any) -> Patient:
    made: Patient = PatientFactory(family=family, **fields)
    then = clock.now() - dt.timedelta(days=366 * years)
    Patient.objects.filter(pk=made.pk).update(created=then)
    return made


def test_the_report_names_those_without_a_visit_and_no_others(client: Client) -> None:
    long_ago, lately = registered(30, "Longago"), registered(30, "Lately")
    seen_at(long_ago, 11)
    seen_at(lately, 11)
    seen_at(lately, 9)
    never = registered(12, "Never")
    EncounterFactory(patient=never, status=Status.CANCELLED, cancel_reason="patient")
    registered(1, "Newcomer")
    PatientFactory(family="Imported", source="old")
    merged = registered(30, "Merged", merged_into=long_ago)
    survivor = registered(30, "Survivor")
    seen_at(registered(30, "Other", merged_into=survivor), 2)
    EncounterFactory(patient=registered(30, "Planned"), status=Status.PLANNED)
    page = client.get(reverse("encounters:patient_retention"))
    assert [row.name for row in page.context["rows"]] == [
        "LONGAGO, Paula", "NEVER, Paula", "IMPORTED, Paula",
    ]  # fmt: skip
    fewer = client.get(reverse("encounters:patient_retention"), {"years": "12"})
    assert "LONGAGO" not in fewer.content.decode()
    answer: Any = client.get(reverse("encounters:patient_retention_csv"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    numbers = [row["Clinic number"] for row in csv.DictReader(io.StringIO(text))]
    assert len(numbers) == 3
    assert merged.number not in numbers
    event = AuditEvent.objects.get(act="patient.export")
    assert event.detail == {"years": 10}


@pytest.mark.parametrize("years", ["0", "-3", "x", "99999", "9" * 30])
def test_any_number_of_years_is_answered(client: Client, years: str) -> None:
    address = reverse("encounters:patient_retention")
    assert client.get(address, {"years": years, "after": "x"}).status_code == 200


def test_a_service_account_acts_for_commands_and_logs_in_nowhere() -> None:
    admin = UserFactory(role=ADMINISTRATOR)
    account = add_user(by=admin, username="service-export", roles=["Administrator"])
    assert not account.has_usable_password()
    for typed in ("", "service-export", "!"):
        answer = Client().post(
            reverse("account_login"), {"login": "service-export", "password": typed}
        )
        assert answer.status_code == 200, "the form again"
    EncounterFactory()
    call_command("export_fhir", user="service-export", output=None, stdout=io.StringIO())
    assert AuditEvent.objects.filter(act="patient.export_all", by=account).exists()
