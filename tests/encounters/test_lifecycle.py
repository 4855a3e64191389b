"""The verbs of a visit: what each writes, refuses and asks."""

import datetime as dt

import pytest

from clinik import clock
from encounters import lifecycle
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_whole_day_leaves_a_contiguous_history() -> None:
    nurse, clinician = UserFactory(role="Nurse"), UserFactory(role="Clinician")
    patient = PatientFactory()
    now = clock.now()
    visit = lifecycle.open_encounter(
        patient=patient, by=nurse, start=now - dt.timedelta(minutes=60), location="Room 2"
    )
    visit = lifecycle.triage(visit, by=nurse, priority="UR", at=now - dt.timedelta(minutes=50))
    visit = lifecycle.start(visit, by=clinician, at=now - dt.timedelta(minutes=40))
    visit = lifecycle.leave(
        visit, by=nurse, leave_to="X-ray", at=now - dt.timedelta(minutes=30)
    )
    visit = lifecycle.resume(visit, by=nurse, at=now - dt.timedelta(minutes=20))
    visit = lifecycle.finish(visit, by=clinician)
    history = list(visit.status_history.standing())
    assert [p.status for p in history] == [
        "arrived", "triaged", "in-progress", "onleave", "in-progress", "finished",
    ]  # fmt: skip
    assert [p.end for p in history[:-1]] == [p.start for p in history[1:]]
    assert (visit.length_minutes, visit.priority) == (50, "UR")
