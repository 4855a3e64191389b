"""One taking, its score, when the next is due, and how much a value changed."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from clinik import clock
from clinik.ages import age_at
from clinik.roles import CLINICIAN, NURSE
from records.models import Observation
from records.readings import Person, Reading, change_words, read
from records.sections import VitalsSection
from records.taking import one_taking, overdue_since
from tests.factories import EncounterFactory, ObservationFactory, UserFactory

ADULT = Person(age_at(dt.date(1962, 3, 11), "day", dt.date(2026, 11, 22)))
CODES = {"pulse": ("8867-4", "/min"), "spo2": ("59408-5", "%"), "respiration": ("9279-1", "/min"),
         "temperature": ("8310-5", "Cel"), "weight": ("29463-7", "kg")}  # fmt: skip


def reading(key: str, value: str, minutes_ago: float, unit: str = "") -> Reading:
    code, usual = CODES[key]
    row = Observation(
        code_code=code, value=value, value_unit_code=unit or usual,
        effective=clock.now() - dt.timedelta(minutes=minutes_ago),
    )  # fmt: skip
    made = read(row, ADULT)
    assert made is not None
    return made


def test_an_hour_makes_one_taking_of_the_newest_of_each_sign() -> None:
    newest = reading("temperature", "36.9", 1)
    pulse, older_pulse = reading("pulse", "90", 30), reading("pulse", "99", 50)
    late = reading("spo2", "91", 62)
    found = one_taking([newest, pulse, older_pulse, late, reading("weight", "70", 0)])
    assert found == {"temperature": newest, "pulse": pulse}
    assert one_taking([]) == {}


@pytest.mark.parametrize(
    ("pulse", "minutes", "overdue"),
    [
        ("72", 12 * 60 - 1, False), ("72", 12 * 60 + 1, True),
        ("95", 6 * 60 - 1, False), ("95", 6 * 60 + 1, True),
        ("131", 59, False), ("131", 61, True),
    ],
)  # fmt: skip
def test_next_vitals_fall_due_by_the_score(pulse: str, minutes: float, overdue: bool) -> None:
    taken = [reading("pulse", pulse, minutes)]
    for class_code in ("IMP", "EMER"):
        since = overdue_since(taken, ADULT, class_code=class_code, status="in-progress")
        assert (since is not None) is overdue
    for class_code, status in (("AMB", "in-progress"), ("IMP", "finished"), ("IMP", "onleave")):
        assert overdue_since(taken, ADULT, class_code=class_code, status=status) is None


def test_emergency_is_due_in_15_minutes_and_a_temperature_alone_does_not_put_it_off() -> None:
    full = [
        reading("pulse", "131", 100),
        reading("spo2", "90", 100),
        reading("respiration", "9", 100),
    ]
    for minutes, overdue in ((14, False), (16, True)):
        found = [reading("temperature", "36.8", minutes), *full]
        since = overdue_since(found, ADULT, class_code="IMP", status="in-progress")
        assert (since is not None) is overdue
    child = Person(age_at(dt.date(2020, 1, 1), "day", dt.date(2026, 11, 22)))
    assert overdue_since(full, child, class_code="IMP", status="in-progress") is None


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (("weight", "84.2", "kg"), ("weight", "85.5", "kg"), "−1.3 kg"),
        (("weight", "84.2", "kg"), ("weight", "84", "kg"), "+0.2 kg"),
        (("weight", "84.0", "kg"), ("weight", "84", "kg"), "no change"),
        (("weight", "154", "[lb_av]"), ("weight", "70", "kg"), "−0.1 kg"),
        (("pulse", "80", "/min"), ("pulse", "72", "/min"), "+8 /min"),
        (("weight", "84", "stone"), ("weight", "84", "kg"), ""),
    ],
)
def test_change_from_the_value_before_is_said(now: Any, before: Any, words: str) -> None:
    def made(key: str, value: str, unit: str) -> Reading:
        return reading(key, value, 1, unit)

    assert change_words(made(*now), made(*before)) == words
    assert change_words(made(*now), None) == ""


@pytest.mark.django_db
def test_page_and_board_say_the_same_score_and_that_vitals_are_overdue() -> None:
    user = UserFactory(role=CLINICIAN)
    visit = EncounterFactory(class_code="EMER", practitioner=user.practitioner)
    now = clock.now()
    for code, value, unit, minutes in (
        ("8867-4", "131", "/min", 70), ("59408-5", "90", "%", 70), ("8310-5", "36.8", "Cel", 40)
    ):  # fmt: skip
        ObservationFactory(
            encounter=visit, code_code=code, value=value, value_unit_code=unit,
            effective=now - dt.timedelta(minutes=minutes), seen_at=now,
        )  # fmt: skip
    section = VitalsSection.load(visit, UserFactory(role=NURSE))
    assert section.news2 is not None
    assert section.news2.total == 6
    assert section.overdue is None
    Observation.objects.update(effective=now - dt.timedelta(minutes=70))
    client = Client()
    client.force_login(user)
    for url in (f"/visits/{visit.pk}/", "/"):
        text = client.get(url).content.decode()
        assert "NEWS2 at least 6" in text, url
        assert "vitals overdue since" in text, url
