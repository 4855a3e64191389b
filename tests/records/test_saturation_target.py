"""A saturation target of 88 to 92 %, set by a clinician: NEWS2 counts by scale 2 (RCP 2017)."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.roles import CLINICIAN, NURSE
from records.bands import flag
from records.models import Observation
from records.sections import VitalsSection
from records.vitals import SCALE_2_TARGET, SPO2_TARGET, USUAL_TARGET
from records.vitals_entry import record_vitals
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

SIGNS = {
    "systolic": "128", "diastolic": "78", "pulse": "72", "temperature": "36.8", "spo2": "89",
    "respiration": "16", "oxygen": "air", "consciousness": "A",
}  # fmt: skip


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def visit() -> Any:
    patient = PatientFactory(birth_date=dt.date(1950, 1, 12))
    return EncounterFactory(patient=patient, start=clock.now() - dt.timedelta(hours=2))


def take(visit: Any, by: Any, **values: Any) -> list[Observation]:
    return record_vitals(visit, by=by, id=uuid.uuid4(), confirmed=True, **values)


def total(visit: Any, user: Any) -> int:
    found = VitalsSection.load(visit, user).news2
    assert found is not None
    return found.total


def test_target_of_88_to_92_makes_scale_2_count_until_the_usual_one_ends_it(
    visit: Any, doctor: Any
) -> None:
    take(visit, doctor, **SIGNS)
    assert total(visit, doctor) == 3
    take(visit, doctor, target=SCALE_2_TARGET)
    section = VitalsSection.load(visit, doctor)
    assert section.news2 is not None
    assert section.news2.total == 0
    assert section.target is not None
    assert section.target.author == doctor.practitioner
    take(visit, doctor, target=USUAL_TARGET)
    assert total(visit, doctor) == 3
    assert VitalsSection.load(visit, doctor).target is None


def test_target_set_on_a_later_day_of_a_stay_counts(doctor: Any) -> None:
    """Also where the visit began before midnight and the target was set after it."""
    patient = PatientFactory(birth_date=dt.date(1950, 1, 12))
    stay = EncounterFactory(patient=patient, start=clock.now() - dt.timedelta(days=3))
    take(stay, doctor, **SIGNS)
    take(stay, doctor, target=SCALE_2_TARGET)
    assert total(stay, doctor) == 0


def test_target_of_an_earlier_visit_counts_on_and_not_for_others(visit: Any, doctor: Any) -> None:
    take(visit, doctor, target=SCALE_2_TARGET)
    later = EncounterFactory(patient=visit.patient)
    other = EncounterFactory(patient=PatientFactory(birth_date=dt.date(1950, 1, 12)))
    for one in (later, other):
        take(one, doctor, **SIGNS)
    assert (total(later, doctor), total(other, doctor)) == (0, 3)


def test_target_in_error_counts_no_more(visit: Any, doctor: Any) -> None:
    take(visit, doctor, **SIGNS)
    take(visit, doctor, target=SCALE_2_TARGET)
    Observation.objects.filter(code_code=SPO2_TARGET).update(status="entered-in-error")
    assert total(visit, doctor) == 3


def test_only_a_clinician_sets_a_target(client: Client, visit: Any, doctor: Any) -> None:
    nurse = UserFactory(role=NURSE)
    with pytest.raises(PermissionDenied):
        take(visit, nurse, target=SCALE_2_TARGET)
    with pytest.raises(ValidationError):
        take(visit, doctor, target="80-85 %")
    assert not Observation.objects.exists()
    url = reverse("records:vitals_add", args=[visit.pk])
    for user, offered in ((nurse, False), (doctor, True)):
        client.force_login(user)
        assert ('name="target"' in client.get(url).content.decode()) is offered


def test_page_says_the_target_and_who_set_it(client: Client, visit: Any, doctor: Any) -> None:
    take(visit, doctor, **SIGNS)
    take(visit, doctor, target=SCALE_2_TARGET)
    client.force_login(doctor)
    text = client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    assert "SpO₂ target 88-92 %, scale 2" in text
    assert "NEWS2 0" in text


@pytest.mark.parametrize(
    ("value", "code"),
    [("83", "LL"), ("84", "L"), ("85", "L"), ("86", ""), ("87", ""), ("88", ""), ("97", "")],
)
def test_flag_by_scale_2_as_on_air(visit: Any, value: str, code: str) -> None:
    """NEWS2, Royal College of Physicians 2017: 3 points up to 83, 2 up to 85, 1 up to 87."""
    found = flag("spo2", value, age=visit.patient.age_at(clock.now()), pregnant=False, scale2=True)
    assert (found.code if found else "") == code
