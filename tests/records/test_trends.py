"""Trends: every stored value stands where it belongs, in the chart and in the table."""

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.roles import NURSE
from encounters.models import Patient
from records.loinc import _FACTORS, LABS
from records.plot import GAP, Scale, spark_points, stretches, ticks
from records.trends import load_trend
from records.vitals_entry import record_vitals
from tests.factories import EncounterFactory, ObservationFactory, PatientFactory, UserFactory

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def test_scale_leads_there_and_back() -> None:
    scale = Scale(35, 42, 266, 14)
    assert scale(35) == 266
    assert scale(42) == 14
    assert scale.back(scale(38.6)) == pytest.approx(38.6)


def test_ticks_are_round_and_within() -> None:
    assert ticks(61, 99) == [70, 80, 90]
    assert ticks(35.9, 38.2) == [36, 36.5, 37, 37.5, 38]
    assert ticks(0.2, 0.9) == [0.2, 0.4, 0.6, 0.8]


def test_line_is_broken_where_long_nothing_was_measured() -> None:
    hours = [NOW + dt.timedelta(hours=4 * place) for place in range(4)]
    later = hours[-1] + dt.timedelta(hours=4 * GAP + 1)
    assert stretches([*hours, later]) == [(0, 4), (4, 5)]
    assert stretches(hours) == [(0, 4)]
    # Within a day nothing is a gap: four readings of a quarter of an hour, one in the evening.
    quarters = [NOW + dt.timedelta(minutes=15 * place) for place in range(4)]
    assert stretches([*quarters, NOW + dt.timedelta(hours=9)]) == [(0, 5)]
    assert stretches([]) == []


def test_spark_of_equal_values_is_level() -> None:
    assert spark_points([7, 7]) == "0,16 90,16"


def test_every_offered_unit_of_a_lab_can_be_drawn() -> None:
    others = {(lab.code, unit) for lab in LABS.values() for unit in lab.units[1:]}
    assert set(_FACTORS) == others


pytestmark = pytest.mark.django_db


def nurse() -> Client:
    client = Client()
    client.force_login(UserFactory(role=NURSE))
    return client


def page(client: Client, patient: Patient, sign: str) -> str:
    answer = client.get(reverse("records:patient_trend", args=[patient.pk, sign]))
    assert answer.status_code == 200
    return answer.content.decode()


def temperature(visit: Any, value: str, days: float, unit: str = "Cel") -> Any:
    return ObservationFactory(
        encounter=visit, code_code="8310-5", value=value, value_unit_code=unit,
        value_unit=unit, effective=NOW - dt.timedelta(days=days),
    )  # fmt: skip


def circles(html: str) -> dict[str, tuple[float, float]]:
    found = re.findall(r'<circle cx="([\d.-]+)" cy="([\d.-]+)" r="[\d.]+" data-row="([^"]+)"', html)
    return {row: (float(x), float(y)) for x, y, row in found}


def test_plotted_points_are_the_stored_ones() -> None:
    visit = EncounterFactory()
    rows = [
        temperature(visit, value, days, unit)
        for value, days, unit in (
            ("36.8", 9, "Cel"), ("101.3", 6.5, "[degF]"), ("39.10", 6.25, "Cel"), ("37.2", 1, "Cel")
        )
    ]  # fmt: skip
    hidden = temperature(visit, "40.0", 5)
    type(hidden).objects.filter(pk=hidden.pk).update(status="entered-in-error")
    client = nurse()
    html = page(client, visit.patient, "temperature")
    chart = load_trend(visit.patient, UserFactory(role=NURSE), "temperature").chart
    assert chart is not None
    drawn = circles(html)
    assert set(drawn) == {str(row.pk) for row in rows}
    wanted = {str(row.pk): Decimal(row.value) for row in rows}
    wanted[str(rows[1].pk)] = (Decimal("101.3") - 32) * 5 / 9
    for row in rows:
        x, y = drawn[str(row.pk)]
        assert chart.left <= x <= chart.right
        assert chart.top <= y <= chart.bottom
        assert chart.x.back(x) == pytest.approx(row.effective.timestamp(), abs=15 * 60)
        assert chart.y.back(y) == pytest.approx(float(wanted[str(row.pk)]), abs=0.02)
    # As given in the table, with what was drawn for it, and each with its visit.
    for words in ("<strong>101.3</strong>", "°F", "drawn as 38.5 °C", "<strong>39.10</strong>"):
        assert words in html, words
    assert html.count(f'<a href="/visits/{visit.pk}/">') == 4


def test_bands_are_drawn_where_values_are_flagged_and_named() -> None:
    visit = EncounterFactory()
    for value, days in (("34.5", 3), ("39.6", 2)):
        temperature(visit, value, days)
    html = page(nurse(), visit.patient, "temperature")
    rect = r'<rect class="band band-(\w+)" x="\d+" y="([\d.]+)" width="\d+" height="([\d.]+)"'
    bands = re.findall(rect, html)
    chart = load_trend(visit.patient, UserFactory(role=NURSE), "temperature").chart
    assert chart is not None
    edges = {
        css: (chart.y.back(float(y) + float(h)), chart.y.back(float(y))) for css, y, h in bands
    }
    assert set(edges) == {"ll", "h"}
    assert edges["ll"][1] == pytest.approx(35.05, abs=0.02)
    assert edges["h"][0] == pytest.approx(38.05, abs=0.02)
    assert "H high" in html
    assert "LL very low" in html
    assert "Bands for the age at the newest value" in html


def test_both_pressures_are_drawn_and_an_unknown_unit_is_said() -> None:
    visit = EncounterFactory()
    for systolic, days in (("142", 3), ("128", 1)):
        row = ObservationFactory(
            encounter=visit, code_code="85354-9", value="", value_number=None,
            effective=NOW - dt.timedelta(days=days),
        )  # fmt: skip
        for place, (code, value) in enumerate((("8480-6", systolic), ("8462-4", "88"))):
            row.components.create(
                position=place, code_code=code, value=value, value_unit_code="mm[Hg]"
            )
    client = nurse()
    html = page(client, visit.patient, "bp")
    assert html.count("<circle") == 4
    assert "diastolic" in html
    assert "systolic: " in html
    temperature(visit, "37.0", 2, "K")
    assert "not drawn: no number in a known unit" in page(client, visit.patient, "temperature")


def test_older_lab_codes_join_labelled_and_units_are_converted() -> None:
    visit = EncounterFactory()
    for code, value, unit, days in (
        ("2339-0", "90", "mg/dL", 9), ("2345-7", "5.5", "mmol/L", 5), ("2345-7", "110", "mg/dL", 1)
    ):  # fmt: skip
        ObservationFactory(
            encounter=visit, code_code=code, value=value, value_unit_code=unit, value_unit=unit,
            category="laboratory", range_low="70", range_high="99",
            effective=NOW - dt.timedelta(days=days),
        )  # fmt: skip
    html = page(nurse(), visit.patient, "2345-7")
    assert html.count("<circle") == 3
    for words in ("Glucose (whole blood)", "drawn as 99.1 mg/dL", "reference range", "70 – 99"):
        assert words in html, words


def test_a_result_on_the_visit_page_leads_to_its_trend_whichever_code_it_came_under() -> None:
    visit, client = EncounterFactory(), nurse()
    ObservationFactory(encounter=visit, code_code="2339-0", category="laboratory")
    ObservationFactory(encounter=visit, code_code="99999-9", category="laboratory")
    text = client.get(f"/visits/{visit.pk}/").content.decode()
    assert text.count(f"/patients/{visit.patient_id}/trends/") == 1
    assert f"/patients/{visit.patient_id}/trends/2345-7/" in text


def test_nothing_of_a_visit_about_somebody_else_and_no_such_sign() -> None:
    visit = EncounterFactory()
    temperature(visit, "37.0", 1)
    type(visit).objects.filter(pk=visit.pk).update(
        status="entered-in-error", error_about="somebody-else"
    )
    client = nurse()
    html = page(client, visit.patient, "temperature")
    assert "No values yet" in html
    assert "<circle" not in html
    assert client.get(f"/patients/{visit.patient_id}/trends/nonsense/").status_code == 404


def test_a_trend_costs_the_same_with_one_and_with_many_values() -> None:
    patient, client = PatientFactory(), nurse()
    costs = []
    for number in (1, 59):
        for place in range(number):
            visit = EncounterFactory(patient=patient, status="finished")
            temperature(visit, "37.0", place + 1)
        with CaptureQueriesContext(connection) as queries:
            page(client, patient, "temperature")
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.django_db
def test_no_systolic_band_lies_behind_diastolic_dots() -> None:
    user, visit = UserFactory(role="Clinician"), EncounterFactory()
    for hours, (upper, lower) in enumerate((("142", "88"), ("138", "82"))):
        record_vitals(
            visit, by=user, id=uuid.uuid4(), systolic=upper, diastolic=lower,
            effective=clock.now() - dt.timedelta(hours=hours + 1),
        )  # fmt: skip
    chart = load_trend(visit.patient, user, "bp").chart
    assert chart is not None
    highest = min(float(dot.y) for dot in chart.lines[1].dots)
    assert chart.bands
    assert all(float(band.y) + float(band.height) <= highest for band in chart.bands)
