"""The line of vital signs on the visit's page: read back first, then saved once."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.roles import NURSE
from encounters.models import Encounter
from records.models import Observation
from tests.factories import EncounterFactory, ObservationFactory, UserFactory

pytestmark = pytest.mark.django_db

LINE = "120/80 72 36.8 98 r16 a air"


@pytest.fixture
def nurse() -> Client:
    client = Client()
    client.force_login(UserFactory(role=NURSE))
    return client


def send(client: Client, visit: Encounter, line: str, read: str = "", **extra: Any) -> Any:
    data = {"id": str(uuid7()), "patient": str(visit.patient_id), "line": line, "read": read}
    return client.post(reverse("records:vitals_line", args=[visit.pk]), data, **extra)


def reading(client: Client, visit: Encounter, **values: str) -> str:
    answer = client.post(reverse("records:vitals_reading", args=[visit.pk]), values)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_line_answers_with_its_reading_and_is_saved_once_that_was_seen(nurse: Client) -> None:
    visit = EncounterFactory()
    first = send(nurse, visit, LINE)
    text = first.content.decode()
    assert first.status_code == 422
    assert "Read this over, then save." in text
    assert "Blood pressure <strong>120/80</strong>" in text
    assert "NEWS2 0" in text
    assert f'name="read" value="{LINE}"' in text
    assert not Observation.objects.exists()
    assert send(nurse, visit, LINE + " w70", read=LINE).status_code == 422, "changed since"
    saved = send(nurse, visit, LINE, read=LINE)
    assert (saved.status_code, saved["Location"]) == (302, f"/visits/{visit.pk}/#section-vitals")
    rows = Observation.objects.all()
    assert len(rows) == 7
    (when,) = {row.effective for row in rows}
    assert when is not None
    assert clock.now() - when < dt.timedelta(minutes=1)


def test_htmx_gets_the_section_with_what_was_saved(nurse: Client) -> None:
    visit = EncounterFactory()
    text = send(nurse, visit, "p72", read="p72", HTTP_HX_REQUEST="true").content.decode()
    assert text.lstrip().startswith("<section")
    assert '<span class="vital-value">72</span>' in text


def test_what_is_not_understood_is_said_once_and_nothing_is_saved(nurse: Client) -> None:
    visit = EncounterFactory()
    answer = send(nurse, visit, "120/80 98", read="120/80 98")
    assert answer.status_code == 422
    assert answer.content.decode().count("fits more than one sign") == 1
    assert send(nurse, visit, "").status_code == 422
    assert send(nurse, visit, "t98.6", read="t98.6").content.decode().count("Fahrenheit?") >= 1
    assert not Observation.objects.exists()


def test_reading_says_flags_score_refusals_and_questions_and_writes_nothing(nurse: Client) -> None:
    visit = EncounterFactory()
    ObservationFactory(
        encounter=visit, code_code="29463-7", value="84", value_unit_code="kg",
        effective=clock.now() - dt.timedelta(days=9),
    )  # fmt: skip
    text = reading(nurse, visit, line="182/90 p131 t98.6 w70 a air")
    for words in ("182/90", "flag-critical", "HH", "Fahrenheit?", "last weight was 84", "NEWS2"):
        assert words in text, words
    assert 'name="read"' not in text
    fields = reading(nurse, visit, pulse="131", spo2="90", temperature_unit="Cel")
    assert "NEWS2 at least 6, without" in fields
    assert "urgent review" in fields
    assert reading(nurse, visit, line=" ").strip() == ""
    assert reading(nurse, visit, pulse="", temperature_unit="Cel").strip() == ""
    assert Observation.objects.count() == 1


def test_reading_costs_the_same_with_one_and_with_fifty_earlier_rows(nurse: Client) -> None:
    visit = EncounterFactory()
    costs = []
    for number in (1, 49):
        for _number in range(number):
            ObservationFactory(encounter=visit, code_code="8867-4")
        with CaptureQueriesContext(connection) as queries:
            reading(nurse, visit, line=LINE)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_line_stands_where_a_value_of_now_belongs(nurse: Client) -> None:
    for status, there in (("arrived", True), ("in-progress", True), ("finished", False)):
        visit = EncounterFactory(status=status)
        text = nurse.get(f"/visits/{visit.pk}/").content.decode()
        assert ('name="line"' in text) is there, status
    text = nurse.get(f"/visits/{visit.pk}/?add=vitals").content.decode()
    assert 'name="line"' not in text
