"""Allergies, and the statement that there is none."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent, User
from clinik.roles import FRONT_DESK, NURSE
from clinik.transitions import StaleVersion
from encounters import lifecycle
from encounters.allergies import (
    add_allergy,
    allergy_status,
    change_allergy,
    enter_allergy_in_error,
    state_no_known_allergies,
)
from encounters.models import Allergy, NoKnownAllergies, Patient
from tests.factories import AllergyFactory, EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse() -> User:
    return UserFactory(role=NURSE)


@pytest.fixture
def page(client: Client, nurse: User) -> Client:
    client.force_login(nurse)
    return client


@pytest.fixture
def patient() -> Patient:
    return PatientFactory(family="Example", given="Anna")


def sent(patient: Patient, **changes: Any) -> dict[str, Any]:
    data = {
        "id": str(uuid7()),
        "patient": str(patient.pk),
        "substance_text": "Penicillin",
        "reaction": "rash",
        "severity": "moderate",
        "onset": "2019",
    }
    return {**data, **changes}


def edited(allergy: Allergy, **changes: Any) -> dict[str, Any]:
    data = {
        "version": str(allergy.version),
        "patient": str(allergy.patient_id),
        "substance_text": allergy.substance_text,
        "clinical_status": "active",
        "verification": "confirmed",
    }
    return {**data, **changes}


def add_url(patient: Patient) -> str:
    return reverse("encounters:allergy_add", args=[patient.pk])


def test_nobody_asked_is_neither_known_nor_none(patient: Patient) -> None:
    assert allergy_status(patient).kind == "not-asked"


def test_adding_makes_one_with_author_history_and_audit(
    page: Client, patient: Patient, nurse: User
) -> None:
    answer = page.post(add_url(patient), sent(patient))
    allergy = Allergy.objects.get()
    assert answer["Location"] == reverse("records:patient_detail", args=[patient.pk])
    assert allergy.patient == patient
    assert allergy.author == nurse.practitioner
    assert allergy.onset == clock.day_start(dt.date(2019, 1, 1))
    assert allergy.onset_precision == "year"
    assert allergy.history.get().history_user == nurse
    assert AuditEvent.objects.get(act="allergy.create").patient_id == patient.pk
    assert allergy_status(patient).allergies == (allergy,)


def test_adding_twice_makes_one(page: Client, patient: Patient) -> None:
    data = sent(patient)
    page.post(add_url(patient), data)
    assert page.post(add_url(patient), data).status_code == 302
    assert Allergy.objects.count() == 1
    assert page.post(add_url(patient), {**data, "reaction": "other"}).status_code == 422
    assert Allergy.objects.get().reaction == "rash"


def test_form_of_another_patient_is_refused_with_both_names(page: Client, patient: Patient) -> None:
    other = PatientFactory(family="Other", given="Ben")
    answer = page.post(add_url(patient), sent(other))
    html = answer.content.decode()
    assert answer.status_code == 404
    assert "OTHER, Ben" in html
    assert "EXAMPLE, Anna" in html
    assert not Allergy.objects.exists()


def test_substance_is_required(page: Client, patient: Patient, nurse: User) -> None:
    assert page.post(add_url(patient), sent(patient, substance_text=" ")).status_code == 422
    with pytest.raises(ValidationError):
        add_allergy(patient, by=nurse, substance_text=" ")
    assert not Allergy.objects.exists()


def test_htmx_gets_the_section_back(page: Client, patient: Patient) -> None:
    htmx = {"HX-Request": "true"}
    html = page.get(add_url(patient), headers=htmx).content.decode()
    assert "<html" not in html
    assert 'id="section-allergies"' in html
    assert 'name="substance_text"' in html
    done = page.post(add_url(patient), sent(patient), headers=htmx)
    assert done.status_code == 200
    assert "Penicillin" in done.content.decode()
    assert 'name="substance_text"' not in done.content.decode()
    # The banner over the page comes along: it must not go on saying "not asked yet".
    banner = done.content.decode().partition('id="patient-banner" hx-swap-oob="true"')[2]
    assert "Allergy: Penicillin (rash)" in " ".join(banner.split())
    bad = page.post(add_url(patient), sent(patient, substance_text=""), headers=htmx)
    assert bad.status_code == 422
    assert 'id="section-allergies"' in bad.content.decode()


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_next_leads_only_inside(page: Client, patient: Patient, url: str) -> None:
    answer = page.post(add_url(patient), sent(patient, next=url))
    assert answer["Location"] == reverse("records:patient_detail", args=[patient.pk])
    inside = page.post(add_url(patient), sent(patient, next="/visits/?status=finished"))
    assert inside["Location"] == "/visits/?status=finished"


def test_none_known_is_refused_beside_an_active_allergy(patient: Patient, nurse: User) -> None:
    allergy = AllergyFactory(patient=patient)
    with pytest.raises(ValidationError):
        state_no_known_allergies(patient, by=nurse)
    change_allergy(allergy, by=nurse, version=1, clinical_status="resolved")
    state_no_known_allergies(patient, by=nurse)
    assert allergy_status(patient).kind == "none"


def test_none_known_said_twice_is_said_once(page: Client, patient: Patient) -> None:
    url = reverse("encounters:allergy_none", args=[patient.pk])
    page.post(url)
    assert not NoKnownAllergies.objects.exists()
    for _twice in range(2):
        page.post(url, {"patient": str(patient.pk)})
    assert NoKnownAllergies.objects.count() == 1
    assert AuditEvent.objects.filter(act="allergy.none_known").count() == 1
    assert page.get(url).status_code == 405


def test_new_allergy_ends_none_known(patient: Patient, nurse: User) -> None:
    said = state_no_known_allergies(patient, by=nurse)
    add_allergy(patient, by=nurse, substance_text="Latex", clinical_status="resolved")
    said.refresh_from_db()
    assert said.ended_at is None
    add_allergy(patient, by=nurse, substance_text="Penicillin")
    said.refresh_from_db()
    assert said.ended_at is not None
    assert allergy_status(patient).kind == "known"


def test_allergy_active_again_ends_none_known(patient: Patient, nurse: User) -> None:
    allergy = AllergyFactory(patient=patient, clinical_status="inactive")
    said = state_no_known_allergies(patient, by=nurse)
    change_allergy(allergy, by=nurse, version=1, clinical_status="active")
    said.refresh_from_db()
    assert said.ended_at is not None


def test_statement_from_a_visit_about_somebody_else_does_not_count(
    patient: Patient, nurse: User
) -> None:
    visit = EncounterFactory(
        patient=patient, status="entered-in-error", error_about="somebody-else"
    )
    NoKnownAllergies.objects.create(patient=patient, encounter=visit)
    AllergyFactory(patient=patient, encounter=visit)
    assert allergy_status(patient).kind == "not-asked"
    state_no_known_allergies(patient, by=nurse)
    assert allergy_status(patient).kind == "none"


def test_what_the_page_adds_belongs_to_the_open_visit_and_falls_with_it(
    patient: Patient, nurse: User
) -> None:
    visit = EncounterFactory(patient=patient)
    EncounterFactory(patient=patient, status="finished")
    client = Client()
    client.force_login(nurse)
    none = reverse("encounters:allergy_none", args=[patient.pk])
    client.post(none, {"patient": str(patient.pk)})
    assert allergy_status(patient).kind == "none"
    form = client.get(add_url(patient)).context["form"]
    sent = {"id": form["id"].value(), "patient": patient.pk, "substance_text": "Latex"}
    assert client.post(add_url(patient), sent).status_code == 302
    assert allergy_status(patient).kind == "known"
    clinician = UserFactory(role="Clinician")
    lifecycle.enter_in_error(visit, by=clinician, about="somebody-else", reason="wrong person")
    assert allergy_status(patient).kind == "not-asked"


def test_visit_of_another_patient_is_refused(patient: Patient, nurse: User) -> None:
    visit = EncounterFactory()
    with pytest.raises(ValidationError):
        add_allergy(patient, by=nurse, encounter=visit, substance_text="Latex")
    with pytest.raises(ValidationError):
        state_no_known_allergies(patient, by=nurse, encounter=visit)


def test_allergies_of_a_merged_entry_count_for_the_survivor(patient: Patient) -> None:
    merged = PatientFactory(merged_into=patient)
    allergy = AllergyFactory(patient=merged)
    AllergyFactory()
    assert allergy_status(patient).allergies == (allergy,)


def test_changing_names_changed_fields_and_refuses_a_stale_version(
    page: Client, patient: Patient, nurse: User
) -> None:
    allergy = AllergyFactory(patient=patient)
    url = reverse("encounters:allergy_edit", args=[allergy.pk])
    assert page.post(url, edited(allergy, reaction="hives")).status_code == 302
    event = AuditEvent.objects.get(act="allergy.change")
    assert "reaction" in event.fields
    assert "substance_text" not in event.fields
    stale = page.post(url, edited(allergy, reaction="rash"))
    assert stale.status_code == 422
    assert "hives" in stale.content.decode()
    allergy.refresh_from_db()
    assert allergy.reaction == "hives"
    with pytest.raises(StaleVersion):
        change_allergy(allergy, by=nurse, version=1, reaction="rash")


def test_refuted_allergy_warns_no_more(page: Client, patient: Patient) -> None:
    allergy = AllergyFactory(patient=patient)
    url = reverse("encounters:allergy_edit", args=[allergy.pk])
    page.post(url, edited(allergy, verification="refuted"))
    assert allergy_status(patient).kind == "not-asked"


def test_edit_form_cannot_say_entered_in_error(page: Client, patient: Patient, nurse: User) -> None:
    allergy = AllergyFactory(patient=patient)
    url = reverse("encounters:allergy_edit", args=[allergy.pk])
    data = edited(allergy, verification="entered-in-error")
    assert page.post(url, data).status_code == 422
    with pytest.raises(ValidationError):
        change_allergy(allergy, by=nurse, version=1, verification="entered-in-error")


def test_entered_in_error_needs_a_reason_and_keeps_the_row(
    page: Client, patient: Patient, nurse: User
) -> None:
    allergy = AllergyFactory(patient=patient)
    url = reverse("encounters:allergy_error", args=[allergy.pk])
    wrong = {"patient": str(patient.pk), "version": "1", "reason": "typed for the wrong person"}
    assert page.post(url, wrong | {"reason": " "}).status_code == 422
    assert allergy_status(patient).kind == "known"
    for _time in range(2):
        assert page.post(url, wrong).status_code == 302
    allergy.refresh_from_db()
    assert allergy.verification == "entered-in-error"
    assert allergy.error_reason == "typed for the wrong person"
    assert allergy_status(patient).kind == "not-asked"
    assert AuditEvent.objects.filter(act="allergy.enter_in_error").count() == 1
    with pytest.raises(ValidationError):
        change_allergy(allergy, by=nurse, version=allergy.version, reaction="rash")
    shown = page.get(reverse("encounters:allergy_edit", args=[allergy.pk])).content.decode()
    assert "typed for the wrong person" in shown
    assert "<form class=" not in shown.split("<main")[1]


def test_front_desk_sees_and_writes_no_allergies(client: Client, patient: Patient) -> None:
    desk, allergy = UserFactory(role=FRONT_DESK), AllergyFactory(patient=patient)
    client.force_login(desk)
    assert client.get(add_url(patient)).status_code == 403
    assert client.get(reverse("encounters:allergy_edit", args=[allergy.pk])).status_code == 403
    assert client.post(reverse("encounters:allergy_none", args=[patient.pk])).status_code == 403
    with pytest.raises(PermissionDenied):
        add_allergy(patient, by=desk, substance_text="Latex")
    with pytest.raises(PermissionDenied):
        change_allergy(allergy, by=desk, version=1, reaction="rash")
    with pytest.raises(PermissionDenied):
        enter_allergy_in_error(allergy, by=desk, reason="wrong")
    with pytest.raises(PermissionDenied):
        state_no_known_allergies(PatientFactory(), by=desk)
