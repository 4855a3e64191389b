"""Whatever is pressed, undone and corrected: the status history stays one line without gaps."""

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinik import clock, roles
from clinik.transitions import TransitionError
from encounters import lifecycle
from encounters.models import Encounter, StatusPeriod
from encounters.models.encounter import OPEN
from tests.factories import PatientFactory, UserFactory

BEGIN = dt.datetime(2026, 3, 28, 20, 0, tzinfo=dt.UTC)

# Which of the possible verbs, the minutes that pass before it, and the minutes it lies back
# (None = now).
STEPS = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=59),
        st.integers(min_value=0, max_value=90),
        st.none() | st.integers(min_value=0, max_value=120),
        st.integers(min_value=0, max_value=9),
    ),
    min_size=4,
    max_size=25,
)


def _verb(visit: Encounter, choice: int, by: Any) -> str:
    elsewhere = {"admit", "move_room", "hand_over"}  # no status, no time of the history
    verbs = [verb for verb in lifecycle.allowed_verbs(visit, by) if verb not in elsewhere]
    verbs += ["step_back", "correct_time", "correct_length"]
    return verbs[choice % len(verbs)]


def _press(visit: Encounter, verb: str, at: dt.datetime | None, pick: int, by: Any) -> Encounter:
    if verb == "correct_time":
        periods = list(visit.status_history.standing())
        return lifecycle.correct_time(
            periods[pick % len(periods)], by=by, at=at or clock.now() - dt.timedelta(minutes=pick)
        )
    if verb == "correct_length":
        return lifecycle.correct_length(visit, by=by, minutes=pick or None)
    arguments: dict[str, dict[str, Any]] = {
        "finish": {"end": at},
        "cancel": {"reason": "patient", "end": at or clock.now()},
        "uncancel": {},
        "reopen": {"reason": "Result"},
        "step_back": {"reason": "Wrong"},
        "enter_in_error": {"about": "opened-twice", "reason": "Twice"},
        "restore": {},
    }
    return getattr(lifecycle, verb)(visit, by=by, **arguments.get(verb, {"at": at}))


def check_history(visit: Encounter) -> None:
    """Contiguous, without overlap, its open interval the status; the visit's times follow."""
    periods = list(visit.status_history.standing())
    assert periods[-1].end is None
    assert periods[-1].status == visit.status
    for earlier, later in pairwise(periods):
        assert earlier.end == later.start
        assert earlier.start is not None
        assert later.start is not None
        assert earlier.start <= later.start
    if visit.status == "entered-in-error":
        return
    begun = [p.start for p in periods if p.status in (*OPEN, "finished")]
    assert visit.start == (begun[0] if begun else None)
    over = visit.status == "finished" or (visit.status == "cancelled" and begun)
    assert visit.end == (periods[-1].start if over else None)
    if visit.status == "finished" and not visit.length_corrected:
        assert visit.start is not None
        assert visit.end is not None
        assert visit.length_minutes is not None
        assert 0 <= visit.length_minutes <= (visit.end - visit.start).total_seconds() // 60 + 1


class StatusHistoryProperty(TestCase):
    """hypothesis rolls each example back through Django's TestCase, hence a class."""

    @settings(
        deadline=None,
        max_examples=60,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(planned=st.booleans(), steps=STEPS)
    def test_history_stays_contiguous_whatever_is_pressed(
        self, planned: bool, steps: list[tuple[int, int, int | None, int]]
    ) -> None:
        by = UserFactory(role=roles.CLINICIAN)
        by.groups.add(Group.objects.get(name=roles.ADMINISTRATOR))
        now = BEGIN
        token = clock.request_now.set(now)
        try:
            visit = lifecycle.open_encounter(
                patient=PatientFactory(),
                by=by,
                status="planned" if planned else "arrived",
                planned_start=now,
            )
            rows = 1
            for choice, passed, back, pick in steps:
                now += dt.timedelta(minutes=passed, seconds=pick)
                clock.request_now.set(now)
                at = None if back is None else now - dt.timedelta(minutes=back)
                try:
                    visit = _press(visit, _verb(visit, choice, by), at, pick, by)
                except (TransitionError, ValidationError):
                    visit = Encounter.objects.get(pk=visit.pk)
                check_history(visit)
                rows, before = StatusPeriod.objects.filter(encounter=visit).count(), rows
                assert rows >= before  # withdrawn, never deleted
        finally:
            clock.request_now.reset(token)


@pytest.mark.django_db
def test_check_of_the_history_sees_a_gap() -> None:
    by = UserFactory(role=roles.CLINICIAN)
    visit = lifecycle.open_encounter(patient=PatientFactory(), by=by)
    visit = lifecycle.start(visit, by=by)
    first = visit.status_history.standing()[0]
    assert first.start is not None
    first.start -= dt.timedelta(hours=2)
    first.end = first.start + dt.timedelta(hours=1)
    first.save()
    with pytest.raises(AssertionError):
        check_history(visit)


@pytest.mark.django_db
def test_arrival_before_an_undone_cancel_is_refused() -> None:
    by = UserFactory(role=roles.CLINICIAN)
    visit = lifecycle.open_encounter(
        patient=PatientFactory(), by=by, status="planned", planned_start=clock.now()
    )
    visit = lifecycle.uncancel(lifecycle.cancel(visit, by=by, reason="clinic"), by=by)
    with pytest.raises(ValidationError, match="began"):
        lifecycle.arrive(visit, by=by, at=clock.now() - dt.timedelta(hours=1))
    check_history(visit)
