"""A blood pressure that came as two observations is read as one, and nothing is stored for it."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinik.codes import LOINC
from clinik.roles import NURSE
from encounters.models import Encounter
from records.board import Filters, load_board
from records.models import Observation, ObservationComponent
from records.patient_page import load_patient_page
from records.readings import Person, paired, read
from records.sections import VitalsSection
from records.trends import load_trend
from tests.bundles import DOCTOR, PATIENT, VISIT, take_in, write
from tests.exports import exported, resources
from tests.factories import EncounterFactory, ObservationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)


def half(visit: Encounter, code: str, value: str, minutes: int = 0, **fields: Any) -> Observation:
    return ObservationFactory(
        encounter=visit, code_code=code, code_display="", value=value, value_unit="mm[Hg]",
        value_unit_code="mm[Hg]", effective=AT + dt.timedelta(minutes=minutes), source="csv",
        **fields,
    )  # fmt: skip


def pressure(visit: Encounter, upper: str, lower: str, minutes: int = 0) -> list[Observation]:
    # The lower one first: their order says nothing.
    return [half(visit, "8462-4", lower, minutes), half(visit, "8480-6", upper, minutes)]


@pytest.fixture
def visit() -> Encounter:
    adult = PatientFactory(birth_date=dt.date(1970, 1, 1))
    return EncounterFactory(patient=adult, status="in-progress", class_code="EMER", start=AT)


@pytest.fixture
def nurse() -> Any:
    return UserFactory(role=NURSE)


def test_visit_shows_one_pressure_with_its_flag_and_score(visit: Encounter, nurse: Any) -> None:
    pressure(visit, "88", "60")
    section = VitalsSection.load(visit, nurse)
    (tile,) = [tile for tile in section.tiles if tile.key == "bp"]
    assert tile.reading is not None
    assert (tile.reading.text, tile.reading.number) == ("88/60", Decimal(88))
    assert tile.reading.flag is not None
    assert tile.reading.flag.code == "LL"
    assert section.news2 is not None
    assert section.news2.points["systolic"] == 3
    # Each row stays one of its own, to be corrected or entered in error.
    assert sorted(reading.text for _row, reading in section.readings) == ["60", "88"]
    assert Observation.objects.count() == 2


def test_halves_of_two_times_are_not_put_together(visit: Encounter, nurse: Any) -> None:
    half(visit, "8480-6", "150")
    half(visit, "8462-4", "80", 1)
    shown = {tile.key: tile for tile in VitalsSection.load(visit, nurse).tiles}
    assert shown["bp"].reading is not None
    assert (shown["bp"].reading.text, shown["bp"].previous.text) == ("–/80", "150/–")


def test_halves_of_two_visits_or_of_an_uneven_number_stay_apart(visit: Encounter) -> None:
    other = EncounterFactory(patient=visit.patient)
    rows = [half(visit, "8480-6", "150"), half(other, "8462-4", "80")]
    assert paired(rows) == rows
    rows = [*pressure(visit, "120", "80"), half(visit, "8480-6", "150")]
    assert paired(rows) == rows


def test_several_of_one_moment_are_paired_in_the_order_they_came(visit: Encounter) -> None:
    pressure(visit, "120", "80")
    pressure(visit, "140", "90")
    person = Person(visit.patient.age_at(AT))
    newest = paired(Observation.objects.newest_first())
    assert [reading.text for row in newest if (reading := read(row, person))] == [
        "140/90",
        "120/80",
    ]


def test_panel_that_names_its_halves_steps_back(visit: Encounter) -> None:
    panel = half(visit, "85354-9", "", value_number=None)
    halves = pressure(visit, "120", "80")
    assert paired([panel, *halves]) == halves[1:]
    whole = half(visit, "85354-9", "", 5)
    for place, (code, value) in enumerate([("8480-6", "130"), ("8462-4", "70")]):
        ObservationComponent.objects.create(
            observation=whole, position=place, code_code=code, value=value, value_unit="mm[Hg]"
        )
    assert whole in paired([whole, *halves])


def test_trend_draws_both_halves(visit: Encounter, nurse: Any) -> None:
    for place in range(3):
        pressure(visit, str(120 + place), str(80 + place), 60 * place)
    half(visit, "8480-6", "133", 500)
    trend = load_trend(visit.patient, nurse, "bp")

    def words(number: Decimal | None) -> str | None:
        return None if number is None else str(number)

    assert [(row.reading.text, words(row.number), words(row.second)) for row in trend.rows] == [
        ("133/–", "133", None), ("122/82", "122", "82"),
        ("121/81", "121", "81"), ("120/80", "120", "80"),
    ]  # fmt: skip
    assert trend.chart is not None
    assert [len(line.dots) for line in trend.chart.lines] == [4, 3]


def test_board_and_patient_page_show_it(
    visit: Encounter, nurse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT + dt.timedelta(minutes=10))
    pressure(visit, "188", "96")
    columns = load_board(nurse, Filters(AT.date())).columns
    flags = [flag.text for column in columns for card in column.cards for flag in card.flags]
    assert "BP 188/96" in flags
    chart = load_patient_page(visit.patient, nurse).chart
    assert chart is not None
    (last,) = [one for one in chart.vitals if one.key == "bp"]
    assert last.reading.text == "188/96"


def test_a_sender_s_own_code_may_stand_before_the_one_that_is_known(
    nurse: Any, tmp_path: Path
) -> None:
    def code(own: str, loinc: str) -> dict[str, Any]:
        codings = [{"system": "http://example.org/local", "code": own, "display": own}]
        return {"coding": [*codings, {"system": LOINC, "code": loinc}]}

    whose = {"subject": {"reference": "Patient/p"}, "encounter": {"reference": "Encounter/e"}}
    sent = {
        "resourceType": "Observation", "status": "final", **whose,
        "effectiveDateTime": "2025-01-15T09:10:00Z",
    }  # fmt: skip
    pulse = {**sent, "id": "u", "code": code("HR", "8867-4"),
             "valueQuantity": {"value": 72, "unit": "/min"}}  # fmt: skip
    panel = {**sent, "id": "v", "code": code("BP", "85354-9"), "component": [
        {"code": code("SYS", "8480-6"), "valueQuantity": {"value": 120, "unit": "mmHg"}},
        {"code": code("DIA", "8462-4"), "valueQuantity": {"value": 80, "unit": "mmHg"}},
    ]}  # fmt: skip
    path = write(tmp_path, "a", PATIENT, DOCTOR, VISIT, pulse, panel)
    take_in(path)
    section = VitalsSection.load(Encounter.objects.get(), nurse)
    shown = {tile.key: tile.reading.text for tile in section.tiles if tile.reading}
    assert shown == {"bp": "120/80", "pulse": "72"}
    told = resources(exported())
    assert (told["Observation/u"], told["Observation/v"]) == (pulse, panel)
    assert take_in(path).counts["Observation"] == {"unchanged": 2}


def test_it_costs_the_same_queries(visit: Encounter, nurse: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            VitalsSection.load(visit, nurse)
            load_trend(visit.patient, nurse, "bp")
        return len(asked)

    pressure(visit, "120", "80")
    cost()
    few = cost()
    for place in range(1, 20):
        pressure(visit, str(120 + place), "80", place)
    assert cost() == few
