"""A wrong value is corrected: the right one counts, the wrong one stays with who and why."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinik.models import AuditEvent
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from clinik.transitions import StaleVersion, TransitionError
from records.corrections import correct_observation, corrections_of
from records.errors import enter_record_in_error
from records.models import Observation
from records.observations import acknowledge, add_observation, interpret
from records.vitals_entry import record_vitals
from tests.factories import EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


def lab(by: Any, value: str = "7.2", visit: Any = None, **more: Any) -> Observation:
    return add_observation(
        visit or EncounterFactory(), by=by, what="2823-3", value=value, unit="mmol/L",
        range_low="3.5", range_high="5.1", **more,
    )  # fmt: skip


def correct(row: Observation, by: Any, value: str, **more: Any) -> Observation:
    return correct_observation(row, by=by, value=value, reason="Misread", **more)


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        ("3.4", "3.5", "5.1", "L"), ("3.5", "3.5", "5.1", "N"), ("5.1", "3.5", "5.1", "N"),
        ("5.2", "3.5", "5.1", "H"), ("5,2", "", "5.1", "H"), ("1", "", "5.1", "N"),
        ("9", "3.5", "", "N"), ("9", "", "", ""), ("positive", "1", "2", ""),
        ("5", "see text", "", ""),
    ],
)  # fmt: skip
def test_interpretation_comes_from_the_range_whose_ends_are_normal(
    value: str, low: str, high: str, expected: str
) -> None:
    assert interpret(value, low, high) == expected


def test_empty_interpretation_is_computed_and_a_given_one_stays(doctor: Any) -> None:
    assert lab(doctor).interpretation == "H"
    assert lab(doctor, interpretation="HH").interpretation == "HH"
    assert lab(doctor, "<3.5").interpretation == ""


def test_corrected_value_counts_and_the_wrong_one_stays_in_the_history(doctor: Any) -> None:
    row = lab(doctor, interpretation="HH")
    acknowledge(row, by=doctor, action="Called")
    other = UserFactory(role=NURSE)
    fresh = correct(row, other, "4,2")
    assert (fresh.value, fresh.value_number, fresh.status) == ("4.2", 4.2, "corrected")
    assert (fresh.interpretation, fresh.value_unit_code) == ("N", "mmol/L")
    assert fresh.seen_at is None, "nobody has seen this value"
    again = correct(fresh, doctor, "6.9", interpretation="HH")
    found = corrections_of([again])[again.pk]
    assert [(was.value, was.by, was.reason) for was in found] == [
        ("4.2 mmol/L", str(doctor), "Misread"),
        ("7.2 mmol/L", str(other), "Misread"),
    ]
    event = AuditEvent.objects.filter(act="observation.correct").first()
    assert event is not None
    assert "7.2" not in str(vars(event))


def test_vitals_are_corrected_within_their_limits(doctor: Any) -> None:
    taken = record_vitals(
        EncounterFactory(), by=doctor, id=uuid.uuid4(), systolic="142", diastolic="91",
        temperature="38.6", consciousness="A",
    )  # fmt: skip
    pressure, temperature, letter = taken
    for row, value, words in (
        (pressure, "80/120", "wapped"), (pressure, "120", "two numbers"),
        (temperature, "98.6", "Fahrenheit?"), (temperature, "warm", "number"),
        (letter, "X", "A, C"), (letter, "", "Enter the value"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=words):
            correct(row, doctor, value)
    correct(pressure, doctor, "124/81")
    correct(letter, doctor, "c")
    rows = {row.pk: row for row in Observation.objects.prefetch_related("components")}
    halves = [part.value for part in rows[pressure.pk].components.all()]
    assert halves == ["124", "81"]
    assert rows[letter.pk].value_coded_code == "C"
    was = corrections_of(rows.values())
    assert was[pressure.pk][0].value == "142/91"
    assert was[letter.pk][0].value == "alert"
    assert temperature.pk not in was


def test_who_may_not_what_is_in_error_and_what_is_stale_is_refused(doctor: Any) -> None:
    row = lab(doctor)
    with pytest.raises(PermissionDenied):
        correct(row, UserFactory(role=FRONT_DESK), "4.2")
    with pytest.raises(ValidationError, match="wrong with it"):
        correct_observation(row, by=doctor, value="4.2", reason=" ")
    with pytest.raises(StaleVersion):
        correct(row, doctor, "4.2", version=row.version + 1)
    enter_record_in_error(row, by=doctor, reason="Another's")
    with pytest.raises(TransitionError):
        correct(row, doctor, "4.2")
    assert Observation.objects.get().value == "7.2"


def test_the_page_says_what_it_was_at_the_same_cost_for_many(doctor: Any) -> None:
    visit, client = EncounterFactory(), Client()
    client.force_login(doctor)
    costs = []
    for number in (1, 9):
        for _number in range(number):
            correct(lab(doctor, visit=visit), doctor, "4.2")
        with CaptureQueriesContext(connection) as queries:
            text = client.get(f"/visits/{visit.pk}/").content.decode()
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert f"was 7.2 mmol/L, corrected by {doctor}: Misread" in text
    assert f"/observations/{Observation.objects.all()[0].pk}/correct/" in text
