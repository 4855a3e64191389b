"""The line about the patient over every page."""

import datetime as dt
from typing import Any

import pytest
from django.template.loader import render_to_string

from clinik import clock
from clinik.models import User
from clinik.mrn import format_mrn
from clinik.roles import AUDITOR, CLINICIAN, FRONT_DESK
from encounters.allergies import state_no_known_allergies
from encounters.banner import for_patient
from encounters.models import Patient, PatientAlert
from tests.factories import AllergyFactory, EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinician() -> User:
    return UserFactory(role=CLINICIAN)


def shown(patient: Patient, user: User) -> str:
    """The banner's text, blanks folded."""
    html = render_to_string("encounters/_banner.html", {"banner": for_patient(patient, user)})
    return " ".join(html.split())


def test_banner_says_who_it_is(clinician: User) -> None:
    patient = PatientFactory(
        family="Example",
        given="Bernardo",
        known_as="Berni",
        gender="male",
        birth_date=dt.date(1962, 3, 11),
        city="Springfield",
    )
    html = shown(patient, clinician)
    for text in ["EXAMPLE, Bernardo “Berni”", "M ", "11 Mar 1962", format_mrn(patient.mrn)]:
        assert text in html
    assert "Springfield" in html
    assert "died" not in html
    assert "identity" not in html


def test_banner_says_what_to_know_before_the_door_opens(clinician: User) -> None:
    patient = PatientFactory(
        identity_unverified=True, interpreter_needed=True, language="Spanish", deceased=True
    )
    now = clock.now()
    hour = dt.timedelta(hours=1)
    alert = PatientAlert.objects.create
    alert(patient=patient, text="Fall risk", start=now - hour)
    alert(patient=patient, text="Over", start=now - 2 * hour, end=now - hour)
    alert(patient=patient, text="To come", start=now + hour)
    alert(patient=PatientFactory(), text="Another's", start=now - hour)
    html = shown(patient, clinician)
    for text in ["identity not verified", "interpreter: Spanish", "Fall risk", "†"]:
        assert text in html
    for text in ["Over", "To come", "Another"]:
        assert text not in html


def test_allergies_are_not_asked_none_or_named(clinician: User) -> None:
    patient = PatientFactory()
    assert "Allergies: not asked yet" in shown(patient, clinician)
    state_no_known_allergies(patient, by=clinician)
    assert "No known allergies" in shown(patient, clinician)
    AllergyFactory(patient=patient, substance_text="Penicillin", reaction="rash")
    html = shown(patient, clinician)
    assert "Allergy: Penicillin (rash)" in html
    assert "No known" not in html
    AllergyFactory(patient=patient, substance_text="Latex")
    html = shown(patient, clinician)
    assert "2 allergies" in html
    assert "<details" in html


def test_allergies_that_do_not_count_are_left_out(clinician: User) -> None:
    patient = PatientFactory()
    AllergyFactory(patient=patient, verification="entered-in-error")
    AllergyFactory(patient=patient, verification="refuted")
    AllergyFactory(patient=patient, clinical_status="resolved")
    AllergyFactory()
    assert "Allergies: not asked yet" in shown(patient, clinician)


def test_coded_allergy_without_a_text_shows_its_name(clinician: User) -> None:
    patient = PatientFactory()
    AllergyFactory(patient=patient, substance_text="", substance_display="Peanut")
    assert "Allergy: Peanut" in shown(patient, clinician)


@pytest.mark.parametrize("role", [FRONT_DESK, AUDITOR])
def test_allergies_are_hidden_from_who_sees_no_chart(role: str) -> None:
    patient = PatientFactory()
    AllergyFactory(patient=patient, substance_text="Penicillin")
    html = shown(patient, UserFactory(role=role))
    assert "Penicillin" not in html
    assert "llerg" not in html


def test_name_alert_tells_names_alike_of_today_apart(clinician: User) -> None:
    patient = PatientFactory(family="Example", given="Anna")
    alike = PatientFactory(family="Exampel", given="Ana", birth_date=dt.date(1971, 2, 3))
    for_another_day = PatientFactory(family="Example", given="Hanna")
    EncounterFactory(patient=PatientFactory(family="Quite", given="Different"))
    EncounterFactory(
        patient=for_another_day, start=clock.now() - dt.timedelta(days=3), status_history=False
    )
    assert "name alert" not in shown(patient, clinician)
    EncounterFactory(patient=alike, start=clock.now(), status_history=False)
    html = shown(patient, clinician)
    assert "name alert: today also EXAMPEL, Ana 3 Feb 1971" in html
    assert format_mrn(alike.mrn) in html
    assert "Different" not in html
    assert "Hanna" not in html


def test_merged_entry_says_into_which(clinician: User) -> None:
    survivor = PatientFactory()
    merged = PatientFactory(merged_into=survivor)
    assert f"merged into {format_mrn(survivor.mrn)}" in shown(merged, clinician)
    assert "merged" not in shown(survivor, clinician)


def test_banner_costs_two_queries(clinician: User, django_assert_num_queries: Any) -> None:
    patient = PatientFactory()
    for number in range(20):
        AllergyFactory(patient=patient, substance_text=f"Substance {number}")
        PatientAlert.objects.create(patient=patient, text=f"Alert {number}", start=clock.now())
        EncounterFactory(start=clock.now(), status_history=False)
    clinician.has_perm("encounters.view_allergy")
    with django_assert_num_queries(2):  # alerts, allergies and "none known"; today's names
        for_patient(patient, clinician)
