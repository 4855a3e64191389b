"""The verbs of a visit: what each writes, refuses and asks."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent, User
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.models import Encounter, StatusPeriod
from tests.factories import (
    EncounterFactory,
    NoteFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
    imported_visit,
)

pytestmark = pytest.mark.django_db

UTC = dt.UTC


@pytest.fixture
def nurse() -> User:
    return UserFactory(role="Nurse")


@pytest.fixture
def clinician() -> User:
    return UserFactory(role="Clinician")


def ago(minutes: float) -> dt.datetime:
    return clock.now() - dt.timedelta(minutes=minutes)


def opened(by: User, **kwargs: Any) -> Encounter:
    return lifecycle.open_encounter(**{"patient": PatientFactory(), "by": by, **kwargs})


def in_progress(by: User, minutes: float = 30, **kwargs: Any) -> Encounter:
    return opened(by, status="in-progress", start=ago(minutes), **kwargs)


def statuses(visit: Encounter) -> list[str]:
    return [period.status for period in visit.status_history.standing()]


def test_whole_day_leaves_a_contiguous_history(nurse: User, clinician: User) -> None:
    visit = opened(nurse, start=ago(60), location="Room 2")
    visit = lifecycle.triage(visit, by=nurse, priority="UR", at=ago(50))
    visit = lifecycle.start(visit, by=clinician, at=ago(40))
    visit = lifecycle.leave(visit, by=nurse, leave_to="Bank", at=ago(30), expected_back=ago(25))
    visit = lifecycle.resume(visit, by=nurse, at=ago(20))
    assert (visit.leave_to, visit.expected_back) == ("", None)
    visit = lifecycle.finish(visit, by=clinician)
    history = list(visit.status_history.standing())
    assert [p.status for p in history] == [
        "arrived", "triaged", "in-progress", "onleave", "in-progress", "finished",
    ]  # fmt: skip
    assert [p.end for p in history[:-1]] == [p.start for p in history[1:]]
    assert (visit.length_minutes, visit.priority) == (50, "UR")
    lengths = lifecycle.lengths(history)
    assert (lengths.waiting, lengths.with_staff, lengths.on_leave) == (20, 30, 10)


def test_guides_visit_is_45_minutes_long(clinician: User) -> None:
    begin = dt.datetime(2025, 1, 15, 9, 0, tzinfo=UTC)
    visit = opened(
        clinician,
        status="in-progress",
        class_code="AMB",
        start=begin,
        type_text="Annual wellness visit",
        service_type_text="General Practice",
        reason_text="Routine health maintenance",
        location="Main Clinic - Room 204",
    )
    visit = lifecycle.finish(visit, by=clinician, end=begin + dt.timedelta(minutes=45))
    assert (visit.length_minutes, visit.status, visit.date) == (45, "finished", begin)


def test_seconds_do_not_shorten_the_length(clinician: User) -> None:
    begin = dt.datetime(2025, 1, 15, 9, 0, 37, tzinfo=UTC)
    visit = opened(clinician, status="in-progress", start=begin)
    end = dt.datetime(2025, 1, 15, 9, 45, tzinfo=UTC)
    assert lifecycle.finish(visit, by=clinician, end=end).length_minutes == 45


@pytest.mark.parametrize(
    ("local", "minutes"),
    [
        (dt.datetime(2025, 3, 30, 1, 30), 60),  # 01:30 to 03:30, the clock jumps over an hour
        (dt.datetime(2025, 10, 26, 1, 30), 180),  # 01:30 to 03:30, one hour comes twice
    ],
)
def test_length_is_real_time_on_the_days_the_clocks_change(
    clinician: User, local: dt.datetime, minutes: int
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin = local.replace(tzinfo=zone)
    end = begin.replace(hour=3)
    visit = opened(clinician, status="in-progress", start=begin)
    assert lifecycle.finish(visit, by=clinician, end=end).length_minutes == minutes


def test_start_is_when_the_visit_left_planned(nurse: User) -> None:
    visit = opened(nurse, status="planned", planned_start=ago(-30), planned_minutes=20)
    assert (visit.start, visit.date) == (None, visit.planned_start)
    visit = lifecycle.arrive(visit, by=nurse, at=ago(5))
    arrived = visit.start
    visit = lifecycle.start(visit, by=nurse)
    assert visit.start == arrived
    assert visit.planned_minutes == 20


def test_plan_without_a_time_is_refused(nurse: User) -> None:
    with pytest.raises(ValidationError) as caught:
        opened(nurse, status="planned")
    assert list(caught.value.message_dict) == ["planned_start"]


def test_time_in_the_future_is_refused_but_for_a_minute(nurse: User) -> None:
    visit = opened(nurse)
    with pytest.raises(ValidationError) as caught:
        lifecycle.start(visit, by=nurse, at=ago(-2))
    assert list(caught.value.message_dict) == ["at"]
    assert lifecycle.start(visit, by=nurse, at=ago(-0.5)).status == "in-progress"


def test_time_before_the_present_interval_is_refused(nurse: User) -> None:
    visit = opened(nurse, start=ago(10))
    with pytest.raises(ValidationError, match="began"):
        lifecycle.start(visit, by=nurse, at=ago(20))
    assert statuses(visit) == ["arrived"]


def test_minute_of_the_interval_itself_is_taken(nurse: User) -> None:
    begin = dt.datetime(2025, 1, 15, 9, 0, 37, tzinfo=UTC)
    visit = opened(nurse, start=begin)
    visit = lifecycle.start(visit, by=nurse, at=begin.replace(second=0))
    assert visit.status_history.standing().last().start == begin


def test_field_too_long_names_itself(nurse: User) -> None:
    with pytest.raises(ValidationError) as caught:
        opened(nurse, type_text="x" * 201, reason_text="x" * 501, class_code="FLD")
    assert set(caught.value.message_dict) == {"type_text", "reason_text", "class_code"}


def test_second_press_of_the_same_person_writes_nothing(nurse: User) -> None:
    visit = opened(nurse)
    first = lifecycle.start(visit, by=nurse, version=visit.version)
    rows = (AuditEvent.objects.count(), StatusPeriod.objects.count())
    again = lifecycle.start(visit, by=nurse, version=visit.version)
    assert (again.pk, again.version) == (first.pk, first.version)
    assert rows == (AuditEvent.objects.count(), StatusPeriod.objects.count())
    assert visit.history.count() == 2


def test_second_press_of_another_person_says_where_the_visit_is(
    nurse: User, clinician: User
) -> None:
    visit = opened(nurse)
    lifecycle.start(visit, by=nurse)
    with pytest.raises(TransitionError, match="in progress"):
        lifecycle.start(visit, by=clinician)


def test_stale_version_is_refused(nurse: User) -> None:
    visit = opened(nurse)
    lifecycle.change_encounter(visit, by=nurse, version=visit.version, location="Room 9")
    with pytest.raises(StaleVersion):
        lifecycle.start(visit, by=nurse, version=visit.version)
    assert Encounter.objects.get().status == "arrived"


def test_form_sent_twice_opens_one_visit(nurse: User, clinician: User) -> None:
    key, patient = uuid7(), PatientFactory()
    first = opened(nurse, patient=patient, id=key)
    assert opened(nurse, patient=patient, id=key) == first
    assert (Encounter.objects.count(), StatusPeriod.objects.count()) == (1, 1)
    for other in ({"by": clinician}, {"patient": PatientFactory()}):
        with pytest.raises(ValidationError) as caught:
            opened(**{"by": nurse, "patient": patient, "id": key, **other})  # type: ignore[arg-type]
        assert caught.value.code == "repeated"


def test_second_open_visit_is_warned_of_with_the_first(nurse: User) -> None:
    first = opened(nurse)
    with pytest.raises(lifecycle.SecondOpen) as caught:
        opened(nurse, patient=first.patient)
    assert (caught.value.code, caught.value.encounter) == ("second_open", first)
    assert opened(nurse, patient=first.patient, confirmed_second=True).status == "arrived"


def test_plan_beside_an_open_visit_is_warned_of_on_arrival(nurse: User) -> None:
    first = opened(nurse)
    plan = opened(nurse, patient=first.patient, status="planned", planned_start=clock.now())
    with pytest.raises(lifecycle.SecondOpen):
        lifecycle.arrive(plan, by=nurse)
    assert lifecycle.arrive(plan, by=nurse, confirmed_second=True).status == "arrived"


def test_part_of_an_open_visit_is_no_second_one(nurse: User) -> None:
    stay = opened(nurse, class_code="IMP")
    part = opened(nurse, patient=stay.patient, class_code="IMP", part_of=stay)
    assert part.part_of == stay


def test_merged_patients_visit_is_opened_for_the_survivor(nurse: User) -> None:
    survivor = PatientFactory()
    gone = PatientFactory(merged_into=survivor)
    assert opened(nurse, patient=gone).patient == survivor
    with pytest.raises(lifecycle.SecondOpen):
        opened(nurse, patient=gone)


def test_past_visit_is_finished_and_marked_as_entered_later(nurse: User) -> None:
    visit = lifecycle.record_past_encounter(
        patient=PatientFactory(), by=nurse, start=ago(600), end=ago(570), location="Room 1"
    )
    assert (visit.status, visit.entered_late, visit.length_minutes) == ("finished", True, 30)
    assert statuses(visit) == ["in-progress", "finished"]
    with pytest.raises(ValidationError):
        lifecycle.record_past_encounter(
            patient=PatientFactory(), by=nurse, start=ago(600), end=ago(601)
        )


def test_cancel_asks_for_a_coded_reason_and_text_with_other(nurse: User) -> None:
    visit = opened(nurse, status="planned", planned_start=clock.now())
    for reason, key in (("because", "reason"), ("other", "text")):
        with pytest.raises(ValidationError) as caught:
            lifecycle.cancel(visit, by=nurse, reason=reason)
        assert list(caught.value.message_dict) == [key]
    visit = lifecycle.cancel(visit, by=nurse, reason="other", text="Flood")
    assert (visit.cancel_reason, visit.cancel_text, visit.end) == ("other", "Flood", None)


def test_cancel_after_arrival_asks_when_last_seen(nurse: User) -> None:
    visit = opened(nurse, start=ago(60))
    with pytest.raises(ValidationError) as caught:
        lifecycle.cancel(visit, by=nurse, reason="left-before-seen")
    assert list(caught.value.message_dict) == ["end"]
    seen = ago(20)
    visit = lifecycle.cancel(visit, by=nurse, reason="left-before-seen", end=seen)
    assert (visit.end, visit.status_history.standing().last().start) == (seen, seen)
    visit = lifecycle.uncancel(visit, by=nurse)
    assert (visit.status, visit.end, visit.cancel_reason) == ("arrived", None, "")


def test_reopened_visit_offers_its_old_end_and_its_length_leaves_the_time_between(
    clinician: User,
) -> None:
    visit = lifecycle.finish(in_progress(clinician, 60), by=clinician, end=ago(40))
    old_end = visit.end
    with pytest.raises(ValidationError):
        lifecycle.reopen(visit, by=clinician, reason="")
    visit = lifecycle.reopen(visit, by=clinician, reason="Result came")
    assert (visit.end, visit.length_minutes, lifecycle.last_end(visit)) == (None, None, old_end)
    later = clock.now() + dt.timedelta(minutes=10)
    token = clock.request_now.set(later)
    try:
        visit = lifecycle.finish(visit, by=clinician)
    finally:
        clock.request_now.reset(token)
    assert (visit.length_minutes, visit.end) == (30, later)
    assert statuses(visit) == ["in-progress", "finished", "in-progress", "finished"]


def test_closing_again_at_the_old_end_takes_the_reopening_out(clinician: User) -> None:
    visit = lifecycle.finish(in_progress(clinician, 60), by=clinician, end=ago(40))
    old_end = visit.end
    visit = lifecycle.reopen(visit, by=clinician, reason="Typing error")
    visit = lifecycle.finish(visit, by=clinician, end=lifecycle.last_end(visit))
    assert (visit.end, visit.length_minutes) == (old_end, 20)
    assert statuses(visit) == ["in-progress", "finished"]
    assert visit.status_history.count() == 4


def test_length_by_hand_is_marked_and_follows_no_more(clinician: User) -> None:
    visit = lifecycle.finish(in_progress(clinician, 60), by=clinician, length_minutes=25)
    assert (visit.length_minutes, visit.length_corrected) == (25, True)
    period = visit.status_history.standing()[0]
    visit = lifecycle.correct_time(period, by=clinician, at=ago(90))
    assert visit.length_minutes == 25
    visit = lifecycle.correct_length(visit, by=clinician, minutes=None)
    assert (visit.length_minutes, visit.length_corrected) == (90, False)


def test_length_as_it_follows_is_not_marked(clinician: User) -> None:
    visit = lifecycle.finish(
        in_progress(clinician, 60), by=clinician, end=ago(30), length_minutes=30
    )
    assert visit.length_corrected is False


def test_correcting_a_time_moves_neighbours_start_and_length(clinician: User) -> None:
    visit = opened(clinician, start=ago(60))
    visit = lifecycle.start(visit, by=clinician, at=ago(20))
    visit = lifecycle.finish(visit, by=clinician)
    arrived, started, _finished = visit.status_history.standing()
    earlier = ago(40)
    visit = lifecycle.correct_time(started, by=clinician, at=earlier)
    arrived.refresh_from_db()
    assert arrived.end == earlier
    begin = ago(80)
    visit = lifecycle.correct_time(arrived, by=clinician, at=begin, version=visit.version)
    assert (visit.start, visit.length_minutes) == (begin, 80)
    detail = AuditEvent.objects.filter(act="encounter.correct_time").first().detail
    assert detail["new"] == begin.isoformat()
    with pytest.raises(ValidationError, match="ended"):
        lifecycle.correct_time(arrived, by=clinician, at=ago(30))
    started.refresh_from_db()
    with pytest.raises(ValidationError, match="began"):
        lifecycle.correct_time(started, by=clinician, at=ago(81))


def test_imported_history_takes_no_correction(clinician: User) -> None:
    visit = imported_visit(start=ago(600), end=ago(500))
    visit.status_history.create(
        status="in-progress", start=ago(600), end=ago(500), source=visit.source
    )
    with pytest.raises(ValidationError, match="import"):
        lifecycle.correct_time(visit.status_history.get(), by=clinician, at=ago(601))


def test_reopened_import_counts_only_the_time_it_was_open(clinician: User) -> None:
    visit = imported_visit(class_code="AMB", start=ago(600), end=ago(570))
    visit = lifecycle.reopen(visit, by=clinician, reason="Addition")
    visit = lifecycle.finish(visit, by=clinician)
    assert visit.length_minutes == 30
    assert lifecycle.step_back(visit, by=clinician).status == "in-progress"


@pytest.mark.parametrize("count", [1, 30])
def test_verb_costs_a_constant_number_of_queries(nurse: User, count: int) -> None:
    visit = opened(nurse)
    NoteFactory.create_batch(count, encounter=visit)
    nurse.has_perm("encounters.start_encounter")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        lifecycle.start(visit, by=nurse)
    # lock, history; in move(): lock, update, history row, open interval, its end, new interval,
    # role, audit row
    real = [q for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len([q for q in real if not q["sql"].startswith(("BEGIN", "COMMIT"))]) <= 10


def test_no_actor_no_verb() -> None:
    with pytest.raises(PermissionDenied):
        lifecycle.arrive(EncounterFactory(status="planned"), by=None)


def test_clinician_who_starts_a_visit_of_nobody_is_responsible(
    nurse: User, clinician: User
) -> None:
    started = lifecycle.start(opened(nurse), by=clinician)
    assert started.practitioner == clinician.practitioner
    assert lifecycle.step_back(started, by=clinician).practitioner is None


def test_nurse_who_starts_a_visit_is_not_responsible_for_it(nurse: User) -> None:
    assert lifecycle.start(opened(nurse), by=nurse).practitioner is None


def test_starting_leaves_the_booked_practitioner(nurse: User, clinician: User) -> None:
    booked = PractitionerFactory()
    assert lifecycle.start(opened(nurse, practitioner=booked), by=clinician).practitioner == booked


def test_undone_start_leaves_whom_the_visit_was_handed_over_to(
    nurse: User, clinician: User
) -> None:
    started = lifecycle.start(opened(nurse), by=clinician)
    other = PractitionerFactory()
    lifecycle.hand_over(started, by=clinician, to=other)
    assert lifecycle.step_back(started, by=clinician).practitioner == other
