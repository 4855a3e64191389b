"""Nine statuses x every verb, and 9 x 9 for imports, as the clinic's rules say them.

The expectation is written out here, not read off encounters.steps: the two must agree.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError

from clinik import clock, roles
from clinik.models import AuditEvent, User
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.models import Encounter, StatusPeriod
from encounters.models.encounter import Status
from tests.factories import (
    EncounterFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
    imported_visit,
)

pytestmark = pytest.mark.django_db

# From the status in front, the verb leads to the status behind; what is not here is refused.
EXPECTED = {
    ("planned", "arrive"): "arrived",
    ("planned", "triage"): "triaged",
    ("planned", "start"): "in-progress",
    ("planned", "cancel"): "cancelled",
    ("planned", "hand_over"): "planned",
    ("planned", "enter_in_error"): "entered-in-error",
    ("arrived", "triage"): "triaged",
    ("arrived", "start"): "in-progress",
    ("arrived", "cancel"): "cancelled",
    ("arrived", "step_back"): "planned",
    ("arrived", "admit"): "arrived",
    ("arrived", "move_room"): "arrived",
    ("arrived", "hand_over"): "arrived",
    ("arrived", "correct_time"): "arrived",
    ("arrived", "enter_in_error"): "entered-in-error",
    ("triaged", "start"): "in-progress",
    ("triaged", "cancel"): "cancelled",
    ("triaged", "step_back"): "arrived",
    ("triaged", "admit"): "triaged",
    ("triaged", "move_room"): "triaged",
    ("triaged", "hand_over"): "triaged",
    ("triaged", "correct_time"): "triaged",
    ("triaged", "enter_in_error"): "entered-in-error",
    ("in-progress", "leave"): "onleave",
    ("in-progress", "finish"): "finished",
    ("in-progress", "step_back"): "triaged",
    ("in-progress", "admit"): "in-progress",
    ("in-progress", "move_room"): "in-progress",
    ("in-progress", "hand_over"): "in-progress",
    ("in-progress", "correct_time"): "in-progress",
    ("in-progress", "enter_in_error"): "entered-in-error",
    ("onleave", "resume"): "in-progress",
    ("onleave", "finish"): "finished",
    ("onleave", "step_back"): "in-progress",
    ("onleave", "admit"): "onleave",
    ("onleave", "move_room"): "onleave",
    ("onleave", "hand_over"): "onleave",
    ("onleave", "correct_time"): "onleave",
    ("onleave", "enter_in_error"): "entered-in-error",
    ("finished", "reopen"): "in-progress",
    ("finished", "step_back"): "in-progress",
    ("finished", "correct_time"): "finished",
    ("finished", "enter_in_error"): "entered-in-error",
    ("cancelled", "uncancel"): "planned",
    ("cancelled", "step_back"): "planned",
    ("cancelled", "correct_time"): "cancelled",
    ("cancelled", "enter_in_error"): "entered-in-error",
    ("entered-in-error", "restore"): "in-progress",
    ("unknown", "clarify"): "finished",
}

_THE_PAST = dt.timedelta(hours=2)


def _correct_time(visit: Encounter, *, by: User, **kwargs: Any) -> Encounter:
    period = visit.status_history.standing().last()
    if period is None:  # an import without a history
        period = StatusPeriod(encounter=visit, status=visit.status, start=clock.now())
    return lifecycle.correct_time(period, by=by, at=clock.now(), **kwargs)


def _admit(visit: Encounter, **kwargs: Any) -> Encounter:
    return lifecycle.admit(visit, location="Ward 3", practitioner=PractitionerFactory(), **kwargs)


CALLS: dict[str, Callable[..., Encounter]] = {
    "arrive": lifecycle.arrive,
    "triage": lifecycle.triage,
    "start": lifecycle.start,
    "leave": lifecycle.leave,
    "resume": lifecycle.resume,
    "finish": lambda visit, **kw: lifecycle.finish(visit, override_reason="No bed", **kw),
    "cancel": lambda visit, **kw: lifecycle.cancel(
        visit, reason="patient", end=clock.now() if visit.start else None, **kw
    ),
    "uncancel": lifecycle.uncancel,
    "reopen": lambda visit, **kw: lifecycle.reopen(visit, reason="Result came", **kw),
    "step_back": lambda visit, **kw: lifecycle.step_back(visit, reason="Wrong press", **kw),
    "admit": _admit,
    "move_room": lambda visit, **kw: lifecycle.move_room(visit, location="Room 9", **kw),
    "hand_over": lambda visit, **kw: lifecycle.hand_over(visit, to=PractitionerFactory(), **kw),
    "correct_time": _correct_time,
    "clarify": lambda visit, **kw: lifecycle.clarify(
        visit, to="finished", reason="Letter says so", **kw
    ),
    "enter_in_error": lambda visit, **kw: lifecycle.enter_in_error(
        visit, about="opened-twice", reason="Twice", **kw
    ),
    "restore": lambda visit, **kw: lifecycle.restore(visit, reason="Was right", **kw),
}


@pytest.fixture
def anyone() -> User:
    """Somebody who may take every step; another than who brought the visit where it is."""
    user = UserFactory(role=roles.CLINICIAN)
    user.groups.add(Group.objects.get(name=roles.ADMINISTRATOR))
    return user


def visit_in(status: str, *, by: User) -> Encounter:
    """An emergency visit brought to a status by its verbs, as far back as it goes."""
    if status == "unknown":
        return imported_visit(status=status)
    past = clock.now() - _THE_PAST
    visit = lifecycle.open_encounter(
        patient=PatientFactory(), by=by, status="planned", planned_start=past, class_code="EMER"
    )
    path = {
        "cancelled": ["cancel"],
        "arrived": ["arrive"],
        "triaged": ["arrive", "triage"],
        "in-progress": ["arrive", "triage", "start"],
        "onleave": ["arrive", "triage", "start", "leave"],
        "finished": ["arrive", "triage", "start", "finish"],
        "entered-in-error": ["arrive", "triage", "start", "enter_in_error"],
    }.get(status, [])
    for verb in path:
        visit = CALLS[verb](visit, by=by)
    assert visit.status == status
    return visit


def test_table_of_verbs_is_the_one_of_this_test() -> None:
    told = {
        (source, verb.name)
        for verb in lifecycle.VERBS.values()
        for source in verb.sources
        if verb.name != "clarify"
    }
    expected = {pair for pair in EXPECTED if pair[1] not in ("step_back", "clarify")}
    assert told == expected
    assert set(lifecycle.VERBS) | {"step_back"} == set(CALLS)


@pytest.mark.parametrize("verb", CALLS)
@pytest.mark.parametrize("status", Status.values)
def test_verb_leads_only_where_the_rules_say(status: str, verb: str, anyone: User) -> None:
    first = UserFactory(role=roles.CLINICIAN)
    visit = visit_in(status, by=first)
    target = EXPECTED.get((status, verb))
    if target is None:
        acts = AuditEvent.objects.count()
        with pytest.raises(TransitionError):
            CALLS[verb](visit, by=anyone)
        visit.refresh_from_db()
        assert (visit.status, AuditEvent.objects.count()) == (status, acts)
        return
    moved = CALLS[verb](visit, by=anyone)
    visit.refresh_from_db()
    assert (moved.status, visit.status) == (target, target)
    event = AuditEvent.objects.filter(encounter_id=visit.pk, act=f"encounter.{verb}").get()
    assert event.by == anyone
    assert visit.history.first().history_user == anyone


@pytest.mark.parametrize("verb", CALLS)
@pytest.mark.parametrize("status", sorted({pair[0] for pair in EXPECTED}))
def test_verb_of_an_old_page_is_refused(status: str, verb: str, anyone: User) -> None:
    if (status, verb) not in EXPECTED:
        return
    visit = visit_in(status, by=UserFactory(role=roles.CLINICIAN))
    with pytest.raises(StaleVersion):
        CALLS[verb](visit, by=anyone, version=visit.version - 1)
    assert Encounter.objects.get(pk=visit.pk).status == status


# Who may take which step, as domain.md section 2 says it.
DESK = {"arrive", "cancel", "uncancel", "move_room"}
NURSE = DESK | {"triage", "start", "leave", "resume", "finish", "correct_time", "hand_over"}
CLINICIAN = NURSE | {"admit", "reopen", "step_back", "enter_in_error", "clarify"}
MAY = {
    roles.FRONT_DESK: DESK | {"enter_in_error"},  # a visit that holds no records
    roles.NURSE: NURSE | {"enter_in_error"},
    roles.CLINICIAN: CLINICIAN,
    roles.ADMINISTRATOR: DESK | {"enter_in_error", "restore", "step_back"},
    roles.AUDITOR: set(),
}


@pytest.mark.parametrize("verb", CALLS)
@pytest.mark.parametrize("role", MAY)
def test_verb_asks_for_the_role(role: str, verb: str) -> None:
    status = next(status for status, name in EXPECTED if name == verb)
    visit = visit_in(status, by=UserFactory(role=roles.CLINICIAN))
    user = UserFactory(role=role)
    if verb == "finish":  # an override asks for more than closing does
        visit.class_code = "AMB"
        visit.save()
    if verb in MAY[role]:
        assert CALLS[verb](visit, by=user).status == EXPECTED[status, verb]
        return
    with pytest.raises(PermissionDenied):
        CALLS[verb](visit, by=user)
    assert Encounter.objects.get(pk=visit.pk).version == visit.version


@pytest.mark.parametrize("status", Status.values)
def test_import_creates_a_visit_in_any_status(status: str) -> None:
    visit = imported_visit(status=status)
    assert (visit.status, visit.source) == (status, "other")
    assert not visit.status_history.exists()


@pytest.mark.parametrize("after", Status.values)
@pytest.mark.parametrize("before", Status.values)
def test_import_follows_its_source_from_any_status_to_any(before: str, after: str) -> None:
    visit = imported_visit(status=before)
    moved = lifecycle.update_imported(visit, status=after)
    assert moved.status == after
    assert not moved.status_history.exists()
    assert AuditEvent.objects.filter(act="encounter.update_imported").count() == 1


def test_import_verbs_refuse_a_visit_made_here() -> None:
    visit = EncounterFactory()
    with pytest.raises(ValidationError):
        lifecycle.update_imported(visit, status="finished")
    with pytest.raises(ValidationError):
        imported_visit(source="")


@pytest.mark.parametrize("to", [s for s in Status.values if s != "unknown"])
def test_unknown_is_clarified_to_any_status_with_a_reason(to: str, anyone: User) -> None:
    visit = imported_visit(status="unknown")
    with pytest.raises(ValidationError):
        lifecycle.clarify(visit, by=anyone, to=to, reason=" ")
    assert lifecycle.clarify(visit, by=anyone, to=to, reason="Asked there").status == to


@pytest.mark.parametrize("status", Status.values)
def test_offered_verbs_are_those_that_are_taken(status: str, anyone: User) -> None:
    visit = visit_in(status, by=anyone)
    offered = set(lifecycle.allowed_verbs(visit, anyone))
    assert offered == {v for s, v in EXPECTED if s == status and v != "step_back"}
    following = lifecycle.next_verb(visit, anyone)
    assert following is None or following in offered
