"""Vital signs typed by fields: what is stored, what is refused, what is asked."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from clinik import clock
from clinik.forms import Repeated
from clinik.models import AuditEvent
from records.models import Observation
from records.sections import VitalsSection
from records.vitals_entry import record_vitals
from tests.factories import EncounterFactory, ObservationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

FORM = uuid.UUID("018f0000-0000-7000-8000-000000000001")


@pytest.fixture
def nurse() -> Any:
    return UserFactory(role="Nurse")


def take(nurse: Any, encounter: Any = None, **values: Any) -> list[Observation]:
    visit = encounter or EncounterFactory()
    return record_vitals(visit, by=nurse, id=values.pop("id", FORM), **values)


def errors(nurse: Any, encounter: Any = None, **values: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        take(nurse, encounter, **values)
    assert not Observation.objects.filter(entered_by=nurse).exists()
    return refused.value.message_dict


def test_full_set_is_stored_at_one_time_with_the_digits_as_typed(nurse: Any) -> None:
    when = clock.now() - dt.timedelta(minutes=5)
    rows = take(
        nurse,
        effective=when,
        systolic="142",
        diastolic="91",
        pulse="72",
        temperature="36.80",
        spo2="98",
        respiration="16",
        oxygen="air",
        consciousness="a",
        height="175",
        weight="70,50",
        pain="3",
    )
    by_code = {row.code_code: row for row in rows}
    assert {row.effective for row in rows} == {when}
    assert {row.category for row in rows} == {"vital-signs"}
    assert {row.status for row in rows} == {"final"}
    assert {row.interpretation for row in rows} == {""}
    assert by_code["8310-5"].value == "36.80"
    assert by_code["8310-5"].value_unit_code == "Cel"
    assert by_code["29463-7"].value == "70.50"
    assert by_code["3151-8"].value == "0"
    assert by_code["80288-4"].value_coded_code == "A"
    assert len(rows) == 10


def test_blood_pressure_is_one_observation_of_two_components(nurse: Any) -> None:
    (row,) = take(nurse, systolic="120", diastolic="80")
    assert row.code_code == "85354-9"
    assert row.value == ""
    parts = [(part.code_code, part.value, part.value_unit_code) for part in row.components.all()]
    assert parts == [("8480-6", "120", "mm[Hg]"), ("8462-4", "80", "mm[Hg]")]


def test_systolic_alone_is_stored_alone(nurse: Any) -> None:
    (row,) = take(nurse, systolic="90")
    assert [part.code_code for part in row.components.all()] == ["8480-6"]


def test_history_and_audit_name_who_took_them(nurse: Any) -> None:
    (row,) = take(nurse, pulse="72")
    assert row.history.get().history_user == nurse
    assert AuditEvent.objects.get(object_id=str(row.pk)).by == nurse
    assert row.author.user == nurse


@pytest.mark.parametrize(
    ("field", "values", "words"),
    [
        ("temperature", {"temperature": "98.6"}, "Fahrenheit?"),
        ("temperature", {"temperature": "36.8", "temperature_unit": "[degF]"}, "25 to 45"),
        ("temperature", {"temperature": "368"}, "25 to 45"),
        ("height", {"height": "1.75"}, "metres?"),
        ("weight", {"weight": "3400"}, "0.2 to 650"),
        ("systolic", {"systolic": "80", "diastolic": "120"}, "wapped?"),
        ("systolic", {"systolic": "80", "diastolic": "80"}, "wapped?"),
        ("systolic", {"systolic": "29"}, "30 to 350"),
        ("pulse", {"pulse": "351"}, "0 to 350"),
        ("respiration", {"respiration": "121"}, "0 to 120"),
        ("spo2", {"spo2": "101"}, "0 to 100"),
        ("temperature", {"temperature": "24.9"}, "25 to 45"),
        ("weight", {"weight": "0.1"}, "0.2 to 650"),
        ("height", {"height": "273"}, "20 to 272"),
        ("pain", {"pain": "2.5"}, "whole"),
        ("pain", {"pain": "11"}, "0 to 10"),
        ("pulse", {"pulse": "fast"}, "number belongs here"),
        ("pulse", {"pulse": "nan"}, "number belongs here"),
        ("consciousness", {"consciousness": "x"}, "one of A"),
    ],
)
def test_implausible_value_is_refused_at_its_field(
    nurse: Any, field: str, values: dict[str, str], words: str
) -> None:
    found = errors(nurse, **values)
    assert list(found) == [field]
    assert words in found[field][0]


@pytest.mark.parametrize(
    "values",
    [
        {"systolic": "350", "diastolic": "349"},
        {"pulse": "0"},
        {"spo2": "0"},
        {"temperature": "45"},
        {"temperature": "113", "temperature_unit": "[degF]"},
        {"weight": "0.2"},
        {"height": "272"},
        {"pain": "10"},
    ],
)
def test_value_at_the_limit_is_taken(nurse: Any, values: dict[str, str]) -> None:
    assert len(take(nurse, **values)) == 1


def test_nothing_typed_is_refused(nurse: Any) -> None:
    with pytest.raises(ValidationError, match="at least one"):
        take(nurse, pulse=" ")


def test_time_to_come_is_refused(nurse: Any) -> None:
    found = errors(nurse, pulse="72", effective=clock.now() + dt.timedelta(minutes=10))
    assert list(found) == ["effective"]


def weigh(patient: Any, value: str, unit: str = "kg", code: str = "29463-7") -> None:
    ObservationFactory(
        encounter=EncounterFactory(patient=patient),
        code_code=code,
        value=value,
        value_number=float(value),
        value_unit_code=unit,
        effective=clock.now() - dt.timedelta(days=30),
    )


def test_weight_far_off_the_last_is_asked_once(nurse: Any) -> None:
    visit = EncounterFactory()
    weigh(visit.patient, "70")
    assert "70 kg" in errors(nurse, visit, weight="78")["weight"][0]
    assert len(take(nurse, visit, weight="78", confirmed=True)) == 1


def test_weight_near_the_last_is_not_asked(nurse: Any) -> None:
    visit = EncounterFactory()
    weigh(visit.patient, "154.3", unit="[lb_av]")
    assert take(nurse, visit, weight="76.9")


def test_infant_may_grow_a_fifth_before_being_asked(nurse: Any) -> None:
    baby = PatientFactory(birth_date=clock.today() - dt.timedelta(days=100))
    weigh(baby, "5")
    assert take(nurse, EncounterFactory(patient=baby), weight="5.9")
    with pytest.raises(ValidationError):
        take(nurse, EncounterFactory(patient=baby), weight="7.2", id=uuid.uuid4())


def test_another_patients_weight_asks_nothing(nurse: Any) -> None:
    weigh(PatientFactory(), "40")
    assert take(nurse, weight="80")


def test_shrinking_height_is_asked(nurse: Any) -> None:
    visit = EncounterFactory()
    weigh(visit.patient, "175", unit="cm", code="8302-2")
    assert "175" in errors(nurse, visit, height="157")["height"][0]


def test_low_saturation_with_fast_pulse_asks_if_swapped(nurse: Any) -> None:
    assert "swapped" in errors(nurse, spo2="72", pulse="98")["spo2"][0]


def test_confirming_lets_no_impossible_value_through(nurse: Any) -> None:
    assert list(errors(nurse, spo2="172", confirmed=True)) == ["spo2"]


def test_sent_twice_is_stored_once(nurse: Any) -> None:
    visit = EncounterFactory()
    values = {"systolic": "120", "diastolic": "80", "pulse": "72"}
    first = take(nurse, visit, **values)
    second = take(nurse, visit, **values)
    assert {row.pk for row in first} == {row.pk for row in second}
    assert Observation.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"systolic": "121", "diastolic": "80"},
        {"systolic": "120", "diastolic": "80", "pulse": "72"},
        {"pulse": "72"},
    ],
)
def test_sent_twice_with_other_content_is_a_conflict(nurse: Any, other: dict[str, str]) -> None:
    visit = EncounterFactory()
    take(nurse, visit, systolic="120", diastolic="80")
    with pytest.raises(Repeated):
        take(nurse, visit, **other)
    assert Observation.objects.count() == 1


def test_somebody_elses_form_key_is_not_found(nurse: Any) -> None:
    visit = EncounterFactory()
    take(nurse, visit, pulse="72")
    with pytest.raises(Http404):
        take(UserFactory(role="Nurse"), visit, pulse="72")
    with pytest.raises(Http404):
        take(nurse, EncounterFactory(), pulse="72")


@pytest.mark.parametrize("role", ["Front desk", "Administrator", "Auditor"])
def test_other_roles_take_no_vitals(role: str) -> None:
    with pytest.raises(PermissionDenied):
        take(UserFactory(role=role), pulse="72")


def test_vitals_after_closing_are_marked(nurse: Any) -> None:
    (row,) = take(nurse, EncounterFactory(status="finished"), pulse="72")
    assert row.after_closing


def test_vitals_of_an_open_visit_are_not_marked(nurse: Any) -> None:
    (row,) = take(nurse, pulse="72")
    assert not row.after_closing


def test_past_visit_takes_what_belongs_to_its_time_unmarked(nurse: Any) -> None:
    visit = EncounterFactory(status="finished", entered_late=True)
    (inside,) = take(nurse, visit, pulse="72", effective=visit.start)
    (after,) = take(nurse, visit, pulse="74", id=uuid.uuid4())
    assert (inside.after_closing, after.after_closing) == (False, True)


def test_visit_in_error_takes_no_vitals(nurse: Any) -> None:
    with pytest.raises(ValidationError, match="entered in error"):
        take(nurse, EncounterFactory(status="entered-in-error"), pulse="72")
    assert not Observation.objects.exists()


def test_pregnancy_is_noted_with_its_due_date_and_decides_the_bands(nurse: Any) -> None:
    due = (clock.today() + dt.timedelta(days=90)).isoformat()
    visit = EncounterFactory()
    rows = take(nurse, visit, systolic="141", diastolic="80", pregnancy="yes", due=due)
    by_code = {row.code_code: row for row in rows}
    assert by_code["82810-3"].value_coded_code == "LA15173-0"
    assert by_code["11778-8"].value_text == due
    assert {row.category for row in rows} == {"vital-signs", "social-history"}
    section = VitalsSection.load(visit, nurse)
    assert section.why_no_score == "No NEWS2: pregnant"
    reading = section.tiles[0].reading
    assert reading is not None
    assert reading.flag is not None
    assert (reading.flag.code, reading.words) == ("H", "")
    assert "pregnancy" in reading.flag.source


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"pregnancy": "no", "due": "2026-12-24"}, "due"),
        ({"due": "soon"}, "due"),
        ({"due": "2020-01-01"}, "due"),
        ({"pregnancy": "maybe"}, "pregnancy"),
    ],
)
def test_impossible_pregnancy_is_refused(nurse: Any, values: dict[str, str], field: str) -> None:
    assert list(errors(nurse, **values)) == [field]


def test_no_longer_pregnant_ends_it(nurse: Any) -> None:
    visit = EncounterFactory()
    take(nurse, visit, pregnancy="yes", effective=clock.now() - dt.timedelta(minutes=9))
    assert VitalsSection.load(visit, nurse).why_no_score == "No NEWS2: pregnant"
    take(nurse, visit, pregnancy="no", id=uuid.uuid4())
    assert VitalsSection.load(visit, nurse).why_no_score == ""
