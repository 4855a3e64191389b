"""Step back, entered in error and restore."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinik import clock
from clinik.models import AuditEvent, User
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.models import Encounter, Hospitalization
from tests.factories import (
    AllergyFactory,
    AssessmentFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse() -> User:
    return UserFactory(role="Nurse")


@pytest.fixture
def clinician() -> User:
    return UserFactory(role="Clinician")


@pytest.fixture
def visit(nurse: User) -> Encounter:
    return lifecycle.open_encounter(patient=PatientFactory(), by=nurse)


def later(minutes: int, act: Any) -> Any:
    """What `act` returns that many minutes from now."""
    token = clock.request_now.set(clock.now() + dt.timedelta(minutes=minutes))
    try:
        return act()
    finally:
        clock.request_now.reset(token)


def test_undo_that_opens_a_visit_beside_another_open_one_asks_first(
    visit: Encounter, nurse: User
) -> None:
    closed = lifecycle.finish(lifecycle.start(visit, by=nurse), by=nurse)
    other = lifecycle.open_encounter(patient=visit.patient, by=nurse)
    with pytest.raises(lifecycle.SecondOpen) as asked:
        lifecycle.step_back(closed, by=nurse)
    assert asked.value.encounter == other
    back = lifecycle.step_back(closed, by=nurse, confirmed_second=True)
    assert back.status == "in-progress"
    # What is open already may step back beside it: nothing is opened.
    assert lifecycle.step_back(back, by=nurse).status == "arrived"


def test_restoring_an_open_visit_beside_another_open_one_asks_first(
    visit: Encounter, clinician: User
) -> None:
    admin = UserFactory(role="Administrator")
    wrong = lifecycle.enter_in_error(visit, by=clinician, about="opened-twice", reason="Twice")
    lifecycle.open_encounter(patient=visit.patient, by=clinician)
    with pytest.raises(lifecycle.SecondOpen):
        lifecycle.restore(wrong, by=admin)
    assert lifecycle.restore(wrong, by=admin, confirmed_second=True).status == "arrived"


def test_step_back_withdraws_the_interval_and_restores_what_it_changed(
    visit: Encounter, nurse: User
) -> None:
    before = Encounter.objects.get(pk=visit.pk)
    triaged = lifecycle.triage(visit, by=nurse, priority="EM")
    back = lifecycle.step_back(triaged, by=nurse)
    assert (back.status, back.priority, back.start) == ("arrived", "", before.start)
    first, gone = visit.status_history.order_by("created")
    assert (first.end, gone.withdrawn_at is not None) == (None, True)
    detail = AuditEvent.objects.get(act="encounter.step_back").detail
    assert detail["withdrawn"]["status"] == "triaged"


def test_step_back_of_an_arrival_takes_the_start_away(nurse: User) -> None:
    visit = lifecycle.open_encounter(
        patient=PatientFactory(), by=nurse, status="planned", planned_start=clock.now()
    )
    back = lifecycle.step_back(lifecycle.arrive(visit, by=nurse), by=nurse)
    assert (back.status, back.start) == ("planned", None)


def test_step_back_of_a_close_takes_end_length_and_disposition_away(
    visit: Encounter, clinician: User
) -> None:
    visit = lifecycle.start(visit, by=clinician)
    visit = lifecycle.finish(visit, by=clinician, disposition_code="aadvice", length_minutes=7)
    assert Hospitalization.objects.get().disposition_code == "aadvice"
    back = lifecycle.step_back(visit, by=clinician)
    assert (back.end, back.length_minutes, back.length_corrected) == (None, None, False)
    assert Hospitalization.objects.get().disposition_code == ""


def test_step_back_of_a_cancel_takes_its_reason_away(visit: Encounter, nurse: User) -> None:
    gone = lifecycle.cancel(visit, by=nurse, reason="left-before-seen", end=clock.now())
    back = lifecycle.step_back(gone, by=nurse)
    assert (back.status, back.cancel_reason, back.end) == ("arrived", "", None)


def test_undo_pressed_twice_takes_one_step_back(visit: Encounter, nurse: User) -> None:
    visit = lifecycle.triage(visit, by=nurse)
    visit = lifecycle.start(visit, by=nurse)
    seen = visit.version
    lifecycle.step_back(visit, by=nurse, version=seen)
    again = lifecycle.step_back(visit, by=nurse, version=seen)
    assert again.status == "triaged"
    assert AuditEvent.objects.filter(act="encounter.step_back").count() == 1
    with pytest.raises(StaleVersion):
        lifecycle.step_back(visit, by=UserFactory(role="Clinician"), reason="x", version=seen)


def test_step_back_after_ten_minutes_asks_for_permission_and_reason(
    visit: Encounter, nurse: User, clinician: User
) -> None:
    visit = lifecycle.start(visit, by=nurse)
    assert lifecycle.can_step_back(visit, nurse) == "press"
    assert lifecycle.can_step_back(visit, clinician) == "reason"
    assert lifecycle.can_step_back(visit, UserFactory(role="Front desk")) == ""
    assert later(11, lambda: lifecycle.can_step_back(visit, nurse)) == ""
    with pytest.raises(PermissionDenied):
        later(11, lambda: lifecycle.step_back(visit, by=nurse, reason="Late"))
    with pytest.raises(ValidationError):
        lifecycle.step_back(visit, by=clinician)
    assert lifecycle.step_back(visit, by=clinician, reason="Wrong card").status == "arrived"


def test_nothing_to_undo_on_a_visit_as_it_was_opened(visit: Encounter, nurse: User) -> None:
    assert lifecycle.can_step_back(visit, nurse) == ""
    with pytest.raises(TransitionError):
        lifecycle.step_back(visit, by=nurse)


def test_chart_may_refuse_the_step_back(visit: Encounter, nurse: User) -> None:
    visit = lifecycle.start(visit, by=nurse)
    asked = []

    def receiver(sender: Any, *, encounter: Encounter, since: dt.datetime, **kwargs: Any) -> str:
        asked.append((encounter.pk, since))
        return "A note was signed since."

    lifecycle.encounter_stepping_back.connect(receiver)
    try:
        with pytest.raises(TransitionError, match="signed"):
            lifecycle.step_back(visit, by=nurse)
    finally:
        lifecycle.encounter_stepping_back.disconnect(receiver)
    assert asked == [(visit.pk, visit.status_history.standing().last().entered_at)]
    assert lifecycle.step_back(visit, by=nurse).status == "arrived"


def test_step_back_of_a_reopening_closes_again_as_it_was(visit: Encounter, clinician: User) -> None:
    visit = lifecycle.start(visit, by=clinician)
    closed = lifecycle.finish(visit, by=clinician)
    visit = lifecycle.reopen(closed, by=clinician, reason="Wrong visit")
    back = lifecycle.step_back(visit, by=clinician)
    assert (back.status, back.end, back.length_minutes) == (
        "finished", closed.end, closed.length_minutes,
    )  # fmt: skip


def test_visit_in_error_is_hidden_and_comes_back_as_it_was(
    visit: Encounter, clinician: User
) -> None:
    visit = lifecycle.start(visit, by=clinician)
    finished = lifecycle.finish(visit, by=clinician)
    wrong = lifecycle.enter_in_error(
        finished, by=clinician, about="somebody-else", reason="Mixed up"
    )
    assert not Encounter.objects.listed().exists()
    assert (wrong.error_about, wrong.error_reason) == ("somebody-else", "Mixed up")
    with pytest.raises(TransitionError):
        lifecycle.change_encounter(wrong, by=clinician, version=wrong.version, location="x")
    with pytest.raises(PermissionDenied):
        lifecycle.restore(wrong, by=clinician)
    back = lifecycle.restore(wrong, by=UserFactory(role="Administrator"), reason="Was right")
    assert (back.status, back.error_about, back.error_reason) == ("finished", "", "")
    assert (back.end, back.length_minutes) == (finished.end, finished.length_minutes)


def test_restore_pressed_twice_answers_as_success(visit: Encounter) -> None:
    admin = UserFactory(role="Administrator")
    wrong = lifecycle.enter_in_error(visit, by=admin, about="opened-twice", reason="Twice")
    lifecycle.restore(wrong, by=admin, version=wrong.version)
    assert lifecycle.restore(wrong, by=admin, version=wrong.version).status == "arrived"
    assert AuditEvent.objects.filter(act="encounter.restore").count() == 1


def test_in_error_asks_about_whom_and_why(visit: Encounter, clinician: User) -> None:
    for about, reason, key in (("", "x", "about"), ("opened-twice", " ", "reason")):
        with pytest.raises(ValidationError) as caught:
            lifecycle.enter_in_error(visit, by=clinician, about=about, reason=reason)
        assert list(caught.value.message_dict) == [key]


@pytest.mark.parametrize(
    "factory",
    [
        AllergyFactory,
        AssessmentFactory,
        DiagnosisFactory,
        NoteFactory,
        ObservationFactory,
        PrescriptionFactory,
    ],
)
def test_front_desk_enters_in_error_only_a_visit_without_records(
    factory: Any, visit: Encounter, clinician: User
) -> None:
    desk = UserFactory(role="Front desk")
    factory(encounter=visit, patient=visit.patient)
    assert lifecycle.holds_records(visit)
    arguments: dict[str, Any] = {"about": "opened-twice", "reason": "Twice"}
    with pytest.raises(PermissionDenied):
        lifecycle.enter_in_error(visit, by=desk, **arguments)
    assert lifecycle.enter_in_error(visit, by=clinician, **arguments).is_in_error
    empty = EncounterFactory()
    assert not lifecycle.holds_records(empty)
    assert lifecycle.enter_in_error(empty, by=desk, **arguments).is_in_error
