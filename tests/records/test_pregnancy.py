"""A pregnancy stands in the banner, on every page about the patient, and costs no query."""

import datetime as dt
from typing import Any

import pytest
from django.utils.formats import date_format

from clinik import clock
from clinik.roles import CLINICIAN, FRONT_DESK
from encounters.banner import for_patient
from encounters.models import Patient
from records.vitals import PREGNANCY_DUE, PREGNANCY_STATUS
from tests.factories import EncounterFactory, ObservationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def note(patient: Patient, code: str, ago: int = 0, **fields: Any) -> None:
    ObservationFactory(
        encounter=EncounterFactory(patient=patient, status="finished"),
        code_code=code,
        value="",
        value_number=None,
        value_unit="",
        effective=clock.now() - dt.timedelta(days=ago),
        **fields,
    )


def alerts(patient: Patient, role: str = CLINICIAN) -> tuple[str, ...]:
    return for_patient(patient, UserFactory(role=role)).alerts


def due_in(days: int) -> dt.date:
    return clock.today() + dt.timedelta(days=days)


def test_a_status_and_a_due_date_are_one_alert() -> None:
    patient = PatientFactory()
    note(patient, PREGNANCY_STATUS, value_coded_code="LA15173-0")
    assert alerts(patient) == ("pregnant",)
    due = due_in(90)
    note(patient, PREGNANCY_DUE, ago=1, value_text=f"{due}")
    assert alerts(patient) == (f"pregnant, due {date_format(due, 'DATE_FORMAT')}",)


def test_the_newest_word_counts() -> None:
    patient = PatientFactory()
    note(patient, PREGNANCY_STATUS, ago=20, value_text="pregnant")
    note(patient, PREGNANCY_STATUS, ago=2, value_text="not pregnant")
    note(patient, PREGNANCY_DUE, ago=30, value_text=f"{due_in(60)}")
    assert alerts(patient) == ()


@pytest.mark.parametrize(("days", "shown"), [(-42, True), (-43, False), (290, True), (310, False)])
def test_it_stands_until_six_weeks_past_the_due_date(days: int, shown: bool) -> None:
    """domain.md, section 6: until 6 weeks past the due date."""
    patient = PatientFactory()
    note(patient, PREGNANCY_DUE, value_text=f"{due_in(days)}")
    assert bool(alerts(patient)) is shown


def test_what_does_not_count_is_not_shown() -> None:
    patient = PatientFactory()
    note(patient, PREGNANCY_STATUS, value_text="pregnant", status="entered-in-error")
    note(patient, PREGNANCY_STATUS, value_text="pregnant", status="cancelled")
    note(patient, PREGNANCY_DUE, value_text="in spring")
    other = PatientFactory(family="Quite", given="Another")
    note(other, PREGNANCY_STATUS, value_text="pregnant")
    assert alerts(patient) == ()


def test_the_front_desk_sees_no_word_of_it() -> None:
    patient = PatientFactory()
    note(patient, PREGNANCY_STATUS, value_text="pregnant")
    assert alerts(patient, FRONT_DESK) == ()


def test_the_banner_costs_two_queries_with_it_too(django_assert_num_queries: Any) -> None:
    patient = PatientFactory()
    note(patient, PREGNANCY_STATUS, value_text="pregnant")
    user = UserFactory(role=CLINICIAN)
    user.has_perm("encounters.view_chart")
    with django_assert_num_queries(2):
        assert for_patient(patient, user).alerts == ("pregnant",)
