"""A patient dies: the register says so, and what was planned is cancelled where it is asked for."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.roles import CLINICIAN, FRONT_DESK
from encounters import lifecycle
from encounters.deceased import say_deceased, time_of_death
from encounters.models import Encounter, Patient
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinician() -> Client:
    client = Client()
    client.force_login(UserFactory(role=CLINICIAN))
    return client


@pytest.fixture
def patient() -> Patient:
    return PatientFactory()


def page_of(patient: Patient) -> str:
    return reverse("encounters:patient_deceased", args=[patient.pk])


def ended(patient: Patient, disposition: str) -> Encounter:
    by = UserFactory(role=CLINICIAN)
    visit = EncounterFactory(patient=patient, class_code="EMER")
    return lifecycle.finish(visit, by=by, disposition_code=disposition, override_reason="a test")


def sent(client: Client, patient: Patient, **values: Any) -> dict[str, Any]:
    form = client.get(page_of(patient)).context["form"]
    found = {name: form[name].value() for name in form.fields}
    if isinstance(found["deceased_at"], dt.datetime):
        found["deceased_at"] = f"{found['deceased_at']:%Y-%m-%dT%H:%M}"
    found = {name: value for name, value in found.items() if value is not None}
    return found | values


@pytest.mark.parametrize(("disposition", "asks"), [("exp", True), ("home", False)])
def test_closing_offers_to_mark_deceased_only_who_died(
    clinician: Client, patient: Patient, disposition: str, asks: bool
) -> None:
    visit = EncounterFactory(patient=patient, class_code="EMER")
    answer = clinician.post(
        reverse("encounters:encounter_close", args=[visit.pk]),
        {"patient": patient.pk, "disposition_code": disposition, "override_reason": "a test"},
    )
    assert answer.status_code == 302
    assert (answer["Location"] == page_of(patient)) is asks


def test_page_proposes_the_end_of_the_visit_and_cancels_what_stays_ticked(
    clinician: Client, patient: Patient
) -> None:
    visit = ended(patient, "exp")
    booked = EncounterFactory(patient=patient, status="planned")
    kept = EncounterFactory(patient=patient, status="planned")
    EncounterFactory(status="planned")
    form = sent(clinician, patient)
    assert set(form["cancelled"]) == {booked.pk, kept.pk}

    answer = clinician.post(page_of(patient), {**form, "cancelled": [str(booked.pk)]})
    assert answer.status_code == 302
    patient.refresh_from_db()
    assert visit.end is not None
    assert (patient.deceased, patient.deceased_at) == (True, clock.to_minute(visit.end))
    booked.refresh_from_db()
    kept.refresh_from_db()
    assert (booked.status, booked.cancel_reason) == ("cancelled", "other")
    assert booked.cancel_text == "The patient has died."
    assert kept.status == "planned"


def test_time_of_death_comes_from_no_visit_in_error(patient: Patient) -> None:
    visit = ended(patient, "exp")
    assert time_of_death(patient) == visit.end
    by = UserFactory(role=CLINICIAN)
    lifecycle.enter_in_error(visit, by=by, about="somebody-else", reason="another patient")
    assert time_of_death(patient) is None


def test_visit_of_another_patient_is_not_cancelled_with_it(
    clinician: Client, patient: Patient
) -> None:
    EncounterFactory(patient=patient, status="planned")
    other = EncounterFactory(status="planned", patient=PatientFactory())
    form = sent(clinician, patient, cancelled=[str(other.pk)])
    assert clinician.post(page_of(patient), form).status_code == 422
    patient.refresh_from_db()
    other.refresh_from_db()
    assert (patient.deceased, other.status) == (False, "planned")


def test_death_to_come_is_refused_and_cancels_nothing(clinician: Client, patient: Patient) -> None:
    booked = EncounterFactory(patient=patient, status="planned")
    tomorrow = clock.now() + dt.timedelta(days=1)
    form = sent(clinician, patient, deceased_at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    assert clinician.post(page_of(patient), form).status_code == 422
    booked.refresh_from_db()
    assert booked.status == "planned"


def test_ticking_deceased_in_the_register_asks_when_and_unticking_clears_it(
    patient: Patient,
) -> None:
    user = UserFactory(role=FRONT_DESK)
    client = Client()
    client.force_login(user)
    url = reverse("encounters:patient_edit", args=[patient.pk])

    def save(**values: Any) -> Any:
        lines = {
            f"{prefix}-{count}_FORMS": 0
            for prefix in ("number", "contact")
            for count in ("TOTAL", "INITIAL")
        }
        patient.refresh_from_db()
        sent = {"family": patient.family, "birth_date": "unknown", "gender": "female"}
        sent |= {"patient": str(patient.pk), "version": str(patient.version)}
        return client.post(url, {**sent, **lines, **values})

    assert save(deceased="on")["Location"] == page_of(patient)
    patient.refresh_from_db()
    died = clock.now() - dt.timedelta(hours=1)
    say_deceased(patient, by=user, version=patient.version, at=died)
    assert save()["Location"] == reverse("records:patient_detail", args=[patient.pk])
    patient.refresh_from_db()
    assert (patient.deceased, patient.deceased_at) == (False, None)
