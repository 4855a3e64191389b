"""A patient asks for an amendment: written down, answered once, and read beside the record."""

import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE
from clinik.transitions import StaleVersion
from encounters import amendments
from encounters.models import AmendmentRequest, Patient, PatientMerge
from encounters.patients import change_patient
from records import notes
from tests.factories import (
    AllergyFactory,
    AmendmentFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def client(doctor: Any) -> Client:
    made = Client()
    made.force_login(doctor)
    return made


def asked(row: Any, by: Any, **said: Any) -> AmendmentRequest:
    given: dict[str, Any] = {"asked_on": clock.today(), "text": "It was the left knee."} | said
    return amendments.request_amendment(row, by=by, **given)


def signed(doctor: Any, **fields: Any) -> Any:
    visit = EncounterFactory(status="in-progress", **fields)
    made = notes.add_note(visit, by=doctor, content="Right knee swollen.")
    return notes.sign_note(made, by=doctor)


def test_accepted_leads_from_the_record_to_its_amendment_and_back(
    doctor: Any, client: Client
) -> None:
    note = signed(doctor)
    request = asked(note, doctor)
    page = reverse("records:encounter_detail", args=[note.encounter_id])
    assert "amendment asked for on" in client.get(page).content.decode()
    decided = reverse("encounters:amendment_detail", args=[request.pk])
    sent = {"version": "1", "decision": "accepted", "reason": "", "patient": str(note.patient_id)}
    refused = client.post(decided, sent)
    assert refused.status_code == 422
    assert "Amend the record first" in refused.content.decode()
    addendum = notes.add_addendum(note, by=doctor, content="It was the left knee.")
    answer = client.post(decided, sent | {"amended": f"note:{addendum.pk}"})
    assert answer.status_code == 302, answer.content.decode()
    request.refresh_from_db()
    assert (request.decision, request.amended_id) == ("accepted", addendum.pk)
    # Beside the note that it is about, and beside the one where the amendment stands.
    html = client.get(page).content.decode()
    assert html.count("amendment accepted") == 2
    shown = client.get(decided).content.decode()
    assert "The amendment stands in" in shown
    assert reverse("records:row_versions", args=["note", addendum.pk]) in shown
    events = AuditEvent.objects.filter(object_id=str(request.pk)).exclude(action="R")
    assert set(events.values_list("act", flat=True)) == {"amendment.create", "amendment.accept"}


def test_denied_stands_beside_the_record_with_its_reason(doctor: Any, client: Client) -> None:
    note = signed(doctor)
    request = asked(note, doctor)
    amendments.decide_amendment(
        request, by=doctor, decision="denied", reason="The note is right", version=1
    )
    page = reverse("records:encounter_detail", args=[note.encounter_id])
    assert "amendment denied: The note is right" in client.get(page).content.decode()
    patient = reverse("records:patient_detail", args=[note.patient_id])
    assert "amendment denied: The note is right" in client.get(patient).content.decode()


@pytest.mark.parametrize(
    ("decision", "reason", "field"),
    [("denied", " ", "reason"), ("mistaken", "", "reason"), ("later", "x", "decision")],
)
def test_an_answer_says_which_and_why(decision: str, reason: str, field: str, doctor: Any) -> None:
    request = AmendmentFactory()
    with pytest.raises(ValidationError) as caught:
        amendments.decide_amendment(request, by=doctor, decision=decision, reason=reason, version=1)
    assert field in caught.value.message_dict


def test_it_is_answered_once_by_those_who_may(doctor: Any) -> None:
    request = AmendmentFactory()
    nurse, desk = UserFactory(role=NURSE), UserFactory(role=FRONT_DESK)
    said: dict[str, Any] = {"decision": "denied", "reason": "It is right", "version": 1}
    with pytest.raises(PermissionDenied):
        amendments.decide_amendment(request, by=nurse, **said)
    with pytest.raises(PermissionDenied):
        asked(request.patient, desk)
    assert asked(request.patient, nurse).is_open
    amendments.decide_amendment(request, by=doctor, **said)
    with pytest.raises(StaleVersion):
        amendments.decide_amendment(request, by=doctor, **said)
    with pytest.raises(ValidationError, match="answered already"):
        amendments.decide_amendment(request, by=doctor, **said | {"version": 2})


def test_only_what_was_amended_since_can_be_named(doctor: Any) -> None:
    patient = PatientFactory()
    old = AllergyFactory(patient=patient)
    type(old).objects.filter(pk=old.pk).update(created=clock.now() - dt.timedelta(days=9))
    old.refresh_from_db()
    request = asked(patient, doctor)
    elsewhere = AllergyFactory()
    said: dict[str, Any] = {"by": doctor, "decision": "accepted", "version": 1}
    for row in (old, elsewhere):
        with pytest.raises(ValidationError, match="not changed since"):
            amendments.decide_amendment(request, amended=row, **said)
    patient.refresh_from_db()
    change_patient(patient, by=doctor, version=patient.version, given="Pola")
    patient.refresh_from_db()
    values = [place.value for place in amendments.places_for(request, doctor)]
    assert values == [f"patient:{patient.pk}"]
    amendments.decide_amendment(request, amended=patient, **said)


def test_what_a_mistake_wrote_down_is_shown_as_one_and_beside_no_record(
    doctor: Any, client: Client
) -> None:
    note = signed(doctor)
    request = asked(note, doctor)
    amendments.decide_amendment(
        request, by=doctor, decision="mistaken", reason="Another patient's", version=1
    )
    page = reverse("records:encounter_detail", args=[note.encounter_id])
    assert reverse("encounters:amendment_detail", args=[request.pk]) not in (
        client.get(page).content.decode()
    )
    listed = reverse("encounters:patient_amendments", args=[note.patient_id])
    assert "written down by mistake" in client.get(listed).content.decode()
    waiting = client.get(reverse("encounters:amendment_list")).content.decode()
    assert str(request.pk) not in waiting


def test_any_record_of_a_visit_can_be_chosen_and_none_of_another(
    doctor: Any, client: Client
) -> None:
    note = signed(doctor)
    diagnosis = DiagnosisFactory(encounter=note.encounter, patient=note.patient)
    observation = ObservationFactory(encounter=note.encounter, patient=note.patient)
    other = NoteFactory()
    page = reverse("encounters:amendment_add", args=[note.patient_id])
    url = f"{page}?visit={note.encounter_id}"
    html = client.get(url).content.decode()
    for value in (
        f"note:{note.pk}",
        f"diagnosis:{diagnosis.pk}",
        f"observation:{observation.pk}",
        f"visit:{note.encounter_id}",
    ):
        assert f'value="{value}"' in html
    assert str(other.pk) not in html
    assert client.get(f"{page}?visit={other.encounter_id}").status_code == 404
    assert client.get(f"{page}?visit=x").status_code == 404
    assert amendments.find_row(f"note:{other.pk}", note.patient, doctor) is None
    for value in ("note:x", "user:1", "", "note"):
        assert amendments.find_row(value, note.patient, doctor) is None


def test_the_page_of_a_visit_asks_once_for_all_its_records(doctor: Any, client: Client) -> None:
    visit = EncounterFactory(status="in-progress")
    page = reverse("records:encounter_detail", args=[visit.pk])
    rows = [ObservationFactory(encounter=visit, patient=visit.patient) for _each in range(2)]

    def asking() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(page).status_code == 200
        table = AmendmentRequest._meta.db_table
        return [each["sql"] for each in found.captured_queries if table in each["sql"]]

    assert len(asking()) == 1
    for row in rows:
        asked(row, doctor)
    for _each in range(8):
        ObservationFactory(encounter=visit, patient=visit.patient)
    assert len(asking()) == 1


def test_a_merged_entrys_requests_are_the_survivors(doctor: Any, client: Client) -> None:
    kept, gone = PatientFactory(), PatientFactory()
    request = asked(gone, doctor, text="Of the other entry")
    Patient.objects.filter(pk=gone.pk).update(merged_into=kept)
    PatientMerge.objects.create(gone=gone, kept=kept, by=doctor, at=clock.now(), reason="Card")
    page = reverse("encounters:patient_amendments", args=[kept.pk])
    assert "Of the other entry" in client.get(page).content.decode()
    detail = client.get(reverse("encounters:amendment_detail", args=[request.pk]))
    assert detail.context["patient"].pk == kept.pk


def test_the_whole_record_holds_requests_and_answers(client: Client) -> None:
    request = AmendmentFactory(text="Written with an e")
    archivist = Client()
    archivist.force_login(UserFactory(role=ADMINISTRATOR))
    url = reverse("records:patient_record", args=[request.patient_id])
    content = b"".join(archivist.get(url).streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        lines = archive.read("rows.ndjson").decode().splitlines()
    rows = [row for row in map(json.loads, lines) if row["table"] == "encounters.amendmentrequest"]
    assert [row["text"] for row in rows] == ["Written with an e"]


def test_the_database_keeps_what_was_asked_and_answered(doctor: Any) -> None:
    request = AmendmentFactory()
    mine = AmendmentRequest.objects.filter(pk=request.pk)
    for change in ({"text": "Else"}, {"row_id": request.pk}, {"asked_on": dt.date(2020, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(**change)
    said: dict[str, Any] = {"decision": "denied", "reason": "It is right", "version": 1}
    amendments.decide_amendment(request, by=doctor, **said)
    for change in ({"reason": "Else"}, {"decision": "mistaken"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(**change)


def test_a_day_to_come_is_refused(doctor: Any) -> None:
    tomorrow = clock.today() + dt.timedelta(days=1)
    with pytest.raises(ValidationError) as caught:
        asked(PatientFactory(), doctor, asked_on=tomorrow)
    assert "asked_on" in caught.value.message_dict
