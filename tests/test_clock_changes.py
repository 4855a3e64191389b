"""Times typed on the days on which the clocks change, in a clinic in Berlin."""

import datetime as dt
from typing import Any

import pytest

from clinik import clock
from encounters import lifecycle
from encounters.models import Encounter, StatusPeriod
from records.models import Observation
from tests.form_cases import CREATES, STEPS, Case, World

pytestmark = pytest.mark.django_db

SKIPPED, TWICE = "2025-03-30T02:30", "2025-10-26T02:30"
# The second 02:30 of that night: winter time.
SECOND = dt.datetime(2025, 10, 26, 1, 30, tzinfo=dt.UTC)
FIRST = SECOND - dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def berlin(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"


def case(name: str) -> Case:
    return next(each for each in (*CREATES, *STEPS) if each.id == name)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("encounter_open", "start"),
        ("encounter_plan", "planned_start"),
        ("vitals_add", "effective"),
        ("observation_add", "effective"),
        ("encounter_close", "end"),
        ("encounter_room", "at"),
        ("encounter_hand_over", "at"),
        ("encounter_admit", "at"),
        ("encounter_leave", "expected_back"),
    ],
)
def test_hour_that_was_skipped_is_refused_in_words(name: str, field: str) -> None:
    world = World()
    url, form = case(name).find(world)
    response = world.client.post(url, form.data | {field: SKIPPED})
    assert response.status_code == 422
    assert "The clocks were put forward" in response.content.decode()


def test_hour_that_came_twice_is_taken_as_the_later_one() -> None:
    world = World()
    url, form = case("encounter_open").find(world)
    assert world.client.post(url, form.data | {"start": TWICE}).status_code == 302
    assert Encounter.objects.get().start == SECOND
    url, form = case("vitals_add").find(world)
    assert world.client.post(url, form.data | {"effective": TWICE}).status_code == 302
    assert Observation.objects.get().effective == SECOND


def test_hour_that_comes_twice_is_now_in_its_first_pass(monkeypatch: Any) -> None:
    world = World()
    monkeypatch.setattr(clock, "now", lambda: FIRST)
    url, form = case("encounter_open").find(world)
    assert world.client.post(url, form.data | {"start": TWICE}).status_code == 302
    assert Encounter.objects.get().start == FIRST


def test_times_page_left_as_it_is_moves_nothing() -> None:
    """A first pass that stands in the history is not read again as the second."""
    world = World()
    visit = lifecycle.open_encounter(
        patient=world.patient, by=world.doctor, status="in-progress", start=FIRST
    )
    visit = lifecycle.finish(visit, by=world.doctor, end=FIRST + dt.timedelta(minutes=90))
    assert visit.length_minutes == 90
    times = Case(
        "encounters:encounter_times", "step", lambda w: (f"/visits/{visit.pk}/times/",) * 2
    )
    url, form = times.find(world)
    assert TWICE in form.data.values()
    assert world.client.post(url, form.data).status_code == 302
    assert StatusPeriod.objects.order_by("start").first().start == FIRST


@pytest.mark.parametrize("time", ["23:59", "00:01"])
@pytest.mark.parametrize("day", ["2025-03-30", "2025-10-26", "2025-06-01"])
def test_past_visit_stands_on_the_day_it_was_typed_for(day: str, time: str) -> None:
    world = World()
    url, form = case("encounter_past").find(world)
    sent = form.data | {"day": day, "begins": time, "ends": time}
    assert world.client.post(url, sent).status_code == 302
    found = world.client.get("/visits/", {"from": day, "to": day}).content.decode()
    assert world.patient.family.upper() in found.upper()
    before = (dt.date.fromisoformat(day) - dt.timedelta(days=1)).isoformat()
    found = world.client.get("/visits/", {"from": before, "to": before}).content.decode()
    assert world.patient.family.upper() not in found.upper()


def test_past_visit_in_a_skipped_hour_is_refused() -> None:
    world = World()
    url, form = case("encounter_past").find(world)
    sent = form.data | {"day": "2025-03-30", "begins": "02:30", "ends": "03:30"}
    assert world.client.post(url, sent).status_code == 422
    assert not Encounter.objects.exists()
