"""The ClinikAPI guide's example of an encounter, through the forms as staff send them."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinik.ids import uuid7
from clinik.roles import CLINICIAN
from encounters.models import Diagnosis, Encounter, Patient
from records.models import Assessment, Note, Observation, Prescription
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

START = dt.datetime(2025, 1, 15, 9, 0, tzinfo=dt.UTC)
END = dt.datetime(2025, 1, 15, 9, 45, tzinfo=dt.UTC)


def field(moment: dt.datetime) -> str:
    """As the browser's date and time field sends it."""
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


class Guide:
    """A clinician at work on one patient; each step asserts that the form was taken."""

    def __init__(self) -> None:
        self.client = Client()
        self.user = UserFactory(role=CLINICIAN)
        self.client.force_login(self.user)
        self.patient: Patient = PatientFactory()

    def post(self, name: str, *args: Any, **fields: Any) -> None:
        sent = {"id": str(uuid7()), "patient": str(self.patient.pk), **fields}
        response = self.client.post(reverse(name, args=args), sent)
        assert response.status_code == 302, response.content.decode()

    @property
    def visit(self) -> Encounter:
        return Encounter.objects.get(patient=self.patient)

    def open(self) -> None:
        self.post(
            "encounters:encounter_open",
            self.patient.pk,
            class_code="AMB",
            status="in-progress",
            type_text="Annual wellness visit",
            service_type_text="General Practice",
            reason_text="Routine health maintenance",
            start=field(START),
            location="Main Clinic - Room 204",
        )

    def diagnose(self) -> None:
        for text, use, rank in (
            ("Essential hypertension", "AD", 1),
            ("Type 2 diabetes mellitus", "DD", 2),
        ):
            self.post(
                "encounters:diagnosis_add", self.visit.pk, condition_text=text, use=use, rank=rank
            )

    def close(self) -> None:
        self.post("encounters:encounter_close", self.visit.pk, end=field(END))

    def write_records(self) -> None:
        visit = self.visit
        self.post(
            "records:observation_add",
            visit.pk,
            what="8867-4 Heart rate",
            value="72",
            unit="beats/minute",
            status="final",
            effective=field(START),
        )
        self.post(
            "records:note_add",
            visit.pk,
            type="progress-note",
            title="Visit Summary",
            content="Feels well. Blood pressure above the target.",
        )
        self.post(
            "records:prescription_add",
            visit.pk,
            medication_text="Lisinopril 10 mg",
            dosage_text="1 tablet in the morning",
            priority="routine",
            override_reason="Asked just now: none",
        )
        self.post(
            "records:assessment_add", visit.pk, summary="Hypertension, not at its target.", rows="0"
        )


@pytest.fixture
def guide() -> Guide:
    made = Guide()
    made.open()
    return made


def test_the_visit_is_opened_as_the_guide_says(guide: Guide) -> None:
    visit = guide.visit
    assert (visit.status, visit.class_code) == ("in-progress", "AMB")
    assert visit.type_text == "Annual wellness visit"
    assert visit.service_type_text == "General Practice"
    assert visit.reason_text == "Routine health maintenance"
    assert visit.location == "Main Clinic - Room 204"
    assert (visit.start, visit.end, visit.length_minutes) == (START, None, None)


def test_its_diagnoses_keep_use_and_rank(guide: Guide) -> None:
    guide.diagnose()
    found = Diagnosis.objects.filter(encounter=guide.visit).ranked()
    assert [(row.condition_text, row.use, row.rank) for row in found] == [
        ("Essential hypertension", "AD", 1),
        ("Type 2 diabetes mellitus", "DD", 2),
    ]


def test_it_closes_with_45_minutes(guide: Guide) -> None:
    guide.close()
    visit = guide.visit
    assert (visit.status, visit.start, visit.end) == ("finished", START, END)
    assert (visit.length_minutes, visit.length_corrected) == (45, False)


def test_it_is_found_by_patient_status_and_dates_newest_first_20_a_page(guide: Guide) -> None:
    guide.close()
    visit = guide.visit
    for day in range(1, 22):
        begun = START + dt.timedelta(days=day)
        EncounterFactory(patient=guide.patient, status="finished", start=begun)
    outside = [
        EncounterFactory(patient=guide.patient, status="finished", start=START.replace(year=2024)),
        EncounterFactory(patient=guide.patient, status="finished", start=START.replace(month=4)),
        EncounterFactory(patient=guide.patient, status="in-progress", start=START),
        EncounterFactory(status="finished", start=START),
    ]
    wanted = {
        "patient": str(guide.patient.pk),
        "status": "finished",
        "from": "2025-01-01",
        "to": "2025-03-31",
    }
    address: str = reverse("encounters:encounter_list")
    first = guide.client.get(address, wanted).context
    assert len(first["page"].rows) == 20
    rows = [
        *first["page"].rows,
        *guide.client.get(address + first["next_url"]).context["page"].rows,
    ]
    keys = [row.id for row in rows]
    assert len(keys) == 22
    assert keys[-1] == visit.pk
    stored = Encounter.objects.in_bulk(keys)
    assert [stored[key].date for key in keys] == sorted(
        (row.date for row in stored.values()), reverse=True
    )
    assert not {row.pk for row in outside} & set(keys)


def test_its_records_are_stored_as_the_guide_says(guide: Guide) -> None:
    guide.close()
    guide.write_records()
    observation, note = Observation.objects.get(), Note.objects.get()
    assert (observation.code_system, observation.code_code) == ("http://loinc.org", "8867-4")
    assert (observation.value, observation.value_unit_code) == ("72", "/min")
    assert (str(observation.code_display), observation.status) == ("Heart rate", "final")
    assert (note.title, note.type) == ("Visit Summary", "progress-note")


def test_all_four_records_still_name_the_visit_after_it_is_entered_in_error(guide: Guide) -> None:
    guide.close()
    guide.write_records()
    visit = guide.visit
    guide.post(
        "encounters:encounter_error",
        visit.pk,
        version=visit.version,
        about="somebody-else",
        reason="Opened for the wrong person",
    )
    assert guide.visit.status == "entered-in-error"
    for model in (Observation, Note, Prescription, Assessment):
        row = model.objects.get()
        assert (row.encounter_id, row.patient_id) == (visit.pk, guide.patient.pk), model
