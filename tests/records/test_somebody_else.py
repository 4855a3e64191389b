"""A visit that was about somebody else: nothing in it counts anywhere; restored, all of it does.

One visit is filled with words and numbers that stand nowhere else, and every page about the same
patient outside of it is read: before, while it is in error, and after it was restored.
"""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.roles import ADMINISTRATOR, CLINICIAN
from encounters import diagnoses, lifecycle
from encounters.allergies import add_allergy
from encounters.models import Encounter, Patient
from records import assessments, notes, prescriptions, vitals_entry
from records.drug_warnings import warnings_for
from records.models import ReportResult
from records.observations import add_observation
from tests.factories import ObservationFactory, PatientFactory, ReportFactory, UserFactory

pytestmark = pytest.mark.django_db

# What of the visit is read elsewhere, and on which pages it must be read at first.
SIGNS = {
    "zebrallergy": {"patient", "other visit", "prescribing", "print", "today"},
    "zebraproblem": {"patient", "other visit"},
    "zebrapill": {"patient"},
    "zebranote": {"patient", "to do"},
    "zebravisit": {"patient", "visits", "today"},
    "161/93": {"patient"},
    "HbA1c": {"to do"},
    "pregnant": {"patient", "other visit", "prescribing", "print", "closing"},
}


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def client(doctor: Any) -> Client:
    made = Client()
    made.force_login(doctor)
    return made


def opened(patient: Patient, by: Any, **fields: Any) -> Encounter:
    start = clock.to_minute(clock.now()) - dt.timedelta(hours=1)
    return lifecycle.open_encounter(
        patient=patient, by=by, status="in-progress", start=start, confirmed_second=True, **fields
    )


def filled(patient: Patient, by: Any) -> Encounter:
    """A visit with every kind of thing that may be read outside of it."""
    visit = opened(patient, by, reason_text="zebravisit", practitioner=by.practitioner)
    add_allergy(patient, by=by, substance_text="zebrallergy", encounter=visit)
    diagnosis = diagnoses.add_diagnosis(visit, by=by, text="zebraproblem")
    diagnoses.promote(diagnosis, by=by)
    prescriptions.add_prescription(
        visit, by=by, prescriber=by.practitioner, medication_text="zebrapill", activate=True
    )
    notes.add_note(visit, by=by, content="zebranote", title="zebranote")
    vitals_entry.record_vitals(
        visit, by=by, id=uuid7(), systolic="161", diastolic="93", pulse="187", weight="77.7"
    )
    add_observation(
        visit, by=by, what="HbA1c", value="19", category="laboratory", interpretation="HH"
    )
    add_observation(visit, by=by, what="82810-3 Pregnancy status", value="pregnant")
    assessments.add_assessment(visit, by=by, summary="zebrasummary")
    # Only imports make reports.
    report = ReportFactory(encounter=visit, code_text="zebrareport", conclusion="zebraconclusion")
    result = ObservationFactory(encounter=visit, code_code="4548-4", code_display="zebraresult")
    ReportResult.objects.create(report=report, observation=result)
    return visit


def pages(client: Client, patient: Patient, other: Encounter) -> dict[str, str]:
    """Every page that tells of the patient, but the visit's own."""
    visit = reverse("records:encounter_detail", args=[other.pk])
    addresses = {
        "patient": reverse("records:patient_detail", args=[patient.pk]),
        "other visit": visit,
        "measuring": f"{visit}?add=vitals",
        "writing": f"{visit}?add=note",
        "assessing": f"{visit}?add=assessment",
        "prescribing": f"{visit}?add=prescription",
        "print": reverse("records:encounter_print", args=[other.pk]),
        "today": reverse("records:board_today"),
        "visits": reverse("encounters:encounter_list") + f"?patient={patient.pk}",
        "find": reverse("encounters:patient_find") + f"?q={patient.mrn}",
        "to do": reverse("records:todo_list"),
        "closing": reverse("encounters:encounter_close", args=[other.pk]),
    }
    return {name: words_of(client.get(url).content.decode()) for name, url in addresses.items()}


def words_of(html: str) -> str:
    """Without keys and tokens, which may hold any digits."""
    return re.sub(r"[0-9A-Za-z-]{32,}", "", html)


def found_on(shown: dict[str, str], text: str) -> set[str]:
    return {name for name, html in shown.items() if text.lower() in html.lower()}


def test_it_counts_nowhere_and_everywhere_again_when_restored(client: Client, doctor: Any) -> None:
    patient = PatientFactory()
    other = opened(patient, doctor)
    bare = pages(client, patient, other)
    visit = filled(patient, doctor)
    full = pages(client, patient, other)
    for text, where in SIGNS.items():
        assert where <= found_on(full, text), text
    visit.refresh_from_db()
    lifecycle.enter_in_error(visit, by=doctor, about="somebody-else", reason="Wrong person")
    wrong = pages(client, patient, other)
    for text in (*SIGNS, "187", "77.7", "zebrasummary", "zebrareport", "zebraconclusion"):
        left = found_on(wrong, text) - found_on(bare, text)
        assert not left, (text, left)
    visit.refresh_from_db()
    lifecycle.restore(visit, by=UserFactory(role=ADMINISTRATOR), confirmed_second=True)
    again = pages(client, patient, other)
    for text in SIGNS:
        assert found_on(again, text) == found_on(full, text), text


def test_of_a_visit_opened_twice_everything_still_counts(client: Client, doctor: Any) -> None:
    patient = PatientFactory()
    other = opened(patient, doctor)
    visit = filled(patient, doctor)
    full = pages(client, patient, other)
    visit.refresh_from_db()
    lifecycle.enter_in_error(visit, by=doctor, about="opened-twice", reason="Opened twice")
    twice = pages(client, patient, other)
    for text in ("zebrallergy", "zebraproblem", "zebrapill", "161/93", "HbA1c"):
        # The visit itself leaves the lists of visits; what is in it stays.
        lists = {"visits", "today", "to do"}
        assert found_on(twice, text) - lists == found_on(full, text) - lists, text
    assert found_on(twice, "zebravisit") == set()


def test_warnings_of_a_new_prescription_follow(doctor: Any) -> None:
    """An allergy and a drug recorded at the visit warn only while they count."""
    patient = PatientFactory()
    visit = filled(patient, doctor)

    def warned() -> str:
        return " ".join(
            str(text)
            for drug in ("zebrallergy", "zebrapill")
            for text in warnings_for(patient, drug).texts
        )

    before = warned()
    assert "allergic to zebrallergy" in before
    assert "Already prescribed: zebrapill" in before
    visit.refresh_from_db()
    lifecycle.enter_in_error(visit, by=doctor, about="somebody-else", reason="Wrong person")
    assert "zebra" not in warned()
    visit.refresh_from_db()
    lifecycle.restore(visit, by=UserFactory(role=ADMINISTRATOR), confirmed_second=True)
    assert warned() == before


def test_the_visit_itself_still_shows_all_of_it_struck_through(client: Client, doctor: Any) -> None:
    visit = filled(PatientFactory(), doctor)
    visit.refresh_from_db()
    lifecycle.enter_in_error(visit, by=doctor, about="somebody-else", reason="Wrong person")
    html = client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    assert "not-theirs" in html
    for text in ("zebrapill", "zebranote", "161/93", "zebrasummary", "zebrareport", "zebraresult"):
        assert text in html, text
