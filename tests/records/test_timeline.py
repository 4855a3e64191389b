"""The timeline: who did what, when, from what to what, and why."""

import datetime as dt
from typing import Any

import pytest
from django.utils.formats import date_format
from django.utils.timezone import localtime

from clinik import audit, clock
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.models import Encounter, StatusPeriod
from records.chart import load_periods
from records.timeline import SHOWN, load_timeline
from records.timeline_lines import Entry
from tests.factories import EncounterFactory, NoteFactory, ObservationFactory, UserFactory

pytestmark = pytest.mark.django_db


def entries(visit: Encounter, *, chart: bool = True, **kwargs: Any) -> tuple[Entry, ...]:
    fresh = Encounter.objects.get(pk=visit.pk)
    labels = kwargs.pop("labels", {})
    made = load_timeline(fresh, load_periods(fresh), chart=chart, labels=labels, **kwargs)
    return made.entries


def words(visit: Encounter, **kwargs: Any) -> list[str]:
    return [f"{one.bold} {one.text}".strip() for one in entries(visit, **kwargs)]


def test_steps_stand_newest_first_with_who_took_them_and_after_how_long() -> None:
    visit = EncounterFactory(status="arrived", status_history=False)
    desk = UserFactory(role=FRONT_DESK, first_name="Fay", last_name="Desk")
    nurse = UserFactory(role=NURSE)
    now = clock.now()
    for status, start, end, by in (
        ("arrived", -10, -6, desk),
        ("triaged", -6, None, nurse),
    ):
        StatusPeriod.objects.create(
            encounter=visit, status=status, by=by, start=now + dt.timedelta(minutes=start),
            end=now + dt.timedelta(minutes=end) if end else None,
            entered_at=now + dt.timedelta(minutes=start),
        )  # fmt: skip
    triaged, arrived = entries(visit)
    assert (arrived.text, arrived.who) == ("arrived", "Fay Desk")
    assert triaged.text == "triaged"
    assert triaged.who == f"{nurse.practitioner.short_name}, after 4 min arrived"


def test_an_early_arrival_says_so() -> None:
    now = clock.to_minute(clock.now())
    visit = EncounterFactory(
        status="arrived", start=now, planned_start=now + dt.timedelta(minutes=4)
    )
    assert words(visit) == ["arrived, 4 min early"]


def test_a_step_entered_later_says_when_it_was_entered() -> None:
    visit = EncounterFactory(status="arrived", status_history=False)
    start = clock.now() - dt.timedelta(minutes=20)
    StatusPeriod.objects.create(encounter=visit, status="arrived", start=start)
    assert "entered" in entries(visit)[0].who


def test_a_step_taken_back_leaves_the_history_and_stays_in_the_timeline() -> None:
    visit = EncounterFactory(status="arrived")
    by = UserFactory(role=CLINICIAN)
    begun = lifecycle.start(visit, by=by)
    lifecycle.step_back(begun, by=by)
    assert "step taken back: in progress → arrived" in words(visit)
    assert "in progress" not in words(visit)


def test_an_override_and_its_reason_stand_out() -> None:
    visit = EncounterFactory()
    NoteFactory(encounter=visit)
    by = UserFactory(role=CLINICIAN)
    lifecycle.finish(visit, by=by, override_reason="Author is on holiday")
    top = entries(visit)[0]
    assert (top.text, top.why, top.warning) == ("finished", "Author is on holiday", True)


def test_entering_in_error_is_told_once() -> None:
    visit = EncounterFactory()
    by = UserFactory(role=ADMINISTRATOR)
    lifecycle.enter_in_error(visit, by=by, about="opened-twice", reason="Twice")
    told = [one for one in entries(visit) if "error" in one.text]
    assert [(one.why, one.warning) for one in told] == [("Twice", True)]


def test_a_record_is_named_and_those_of_one_press_are_one_line() -> None:
    visit = EncounterFactory()
    by = UserFactory(role=NURSE)
    note = NoteFactory(encounter=visit, title="Visit Summary")
    audit.record("note.create", note, by=by)
    token = audit.origin.set(audit.Origin(None, "press-1"))
    for _number in range(3):
        audit.record("observation.create", ObservationFactory(encounter=visit), by=by)
    audit.origin.reset(token)
    told = words(visit, labels={str(note.pk): "Visit Summary"})
    assert told[:2] == ["3 observations added", "Visit Summary begun"]


def test_vital_signs_of_one_press_are_one_thing_done() -> None:
    visit = EncounterFactory()
    token = audit.origin.set(audit.Origin(None, "press-1"))
    signs = [ObservationFactory(encounter=visit) for _number in range(3)]
    for sign in signs:
        audit.record("observation.create", sign, by=UserFactory(role=NURSE))
    audit.origin.reset(token)
    assert words(visit, vitals={str(sign.pk) for sign in signs})[0] == "vitals taken"
    assert words(visit, vitals={str(signs[0].pk)})[0] == "3 observations added"


def test_without_the_chart_no_record_is_named() -> None:
    visit = EncounterFactory()
    audit.record("note.create", NoteFactory(encounter=visit), by=UserFactory(role=NURSE))
    assert words(visit, chart=False) == ["in progress"]


def test_a_corrected_time_says_from_when_to_when() -> None:
    visit = EncounterFactory(status="arrived")
    start = clock.to_minute(clock.now()) - dt.timedelta(minutes=40)
    period = StatusPeriod.objects.get(encounter=visit)
    old = date_format(localtime(period.start), "TIME_FORMAT")
    lifecycle.correct_time(period, by=UserFactory(role=NURSE), at=start)
    new = date_format(localtime(start), "TIME_FORMAT")
    told = next(text for text in words(visit) if "corrected" in text)
    assert told.startswith("time corrected: arrived ")
    assert old in told
    assert new in told


def test_another_visits_acts_are_absent() -> None:
    visit, other = EncounterFactory(), EncounterFactory()
    audit.record("note.create", NoteFactory(encounter=other), by=None)
    assert words(visit) == ["in progress"]


def test_a_change_names_the_fields() -> None:
    visit = EncounterFactory()
    audit.record("encounter.change", visit, by=None, fields=["location", "reason_text"])
    assert words(visit)[0] == "details changed: location, reason"


def test_a_long_timeline_is_cut_aloud_and_shown_whole_on_request() -> None:
    visit = EncounterFactory()
    for _number in range(SHOWN + 5):
        audit.record("encounter.change", visit, by=None, fields=["location"])
    periods = load_periods(visit)
    short = load_timeline(visit, periods, chart=True, labels={})
    whole = load_timeline(visit, periods, chart=True, labels={}, show_all=True)
    assert short.cut
    assert not whole.cut
    assert len(whole.entries) == SHOWN + 6
