"""Times of a visit: which are taken, what follows from the status history, how long it was."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinik import audit, clock
from encounters.models import (
    ClassPeriod,
    Encounter,
    EncounterParticipant,
    LocationPeriod,
    StatusPeriod,
)
from encounters.models.encounter import OPEN, Status
from encounters.steps import VERBS, open_period, require, standing_periods, take

# Clocks differ by a little; a time typed as "now" may lie a few seconds ahead.
TOLERANCE = dt.timedelta(minutes=1)

# What does not count into the length: the patient was away, or the visit was over.
_AWAY = (Status.ONLEAVE, Status.FINISHED, Status.CANCELLED)


@dataclass(frozen=True)
class Lengths:
    """Whole minutes, from the status history; the open interval runs until now."""

    waiting: int
    with_staff: int
    on_leave: int


def check_not_future(at: dt.datetime, *, field: str) -> None:
    if timezone.is_naive(at):
        raise ValidationError({field: _("Give the time with its time zone.")})
    if at > clock.now() + TOLERANCE:
        raise ValidationError(
            {field: _("This lies in the future. Give the time now or an earlier one.")}
        )


def check_at(
    at: dt.datetime | None, current: StatusPeriod | None, *, field: str = "at"
) -> dt.datetime:
    """When the step happened (None = now): not in the future, not before the present interval.

    Within the interval's first minute its own start is taken, since fields have no seconds. A
    booking entered after the fact does not bind.
    """
    begun = current.start if current is not None else None
    if at is None:
        return max(clock.now(), begun) if begun else clock.now()
    check_not_future(at, field=field)
    if begun is None or at >= begun or (current and current.is_booking):
        return at
    if clock.to_minute(at) == clock.to_minute(begun):
        return begun
    assert current is not None
    raise ValidationError({field: _before(current.get_status_display(), begun)})


def _before(status: str, begun: dt.datetime) -> str:
    return _("“%(status)s” began %(time)s. Give a later time, or correct that one first.") % {
        "status": status,
        "time": words(begun),
    }


def words(moment: dt.datetime) -> str:
    """A moment in the clinic's zone, for messages."""
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


def minutes_between(start: dt.datetime, end: dt.datetime) -> int:
    """Whole minutes as the two clock times show them: 45 for 09:00 to 09:45, seconds aside."""
    span = clock.to_minute(end) - clock.to_minute(start)
    return max(clock.whole_minutes(span), 0)


def length_minutes(
    start: dt.datetime | None, end: dt.datetime | None, periods: Iterable[StatusPeriod]
) -> int | None:
    """Length of a visit: end minus start, without leave and without time closed before a reopening.

    None where one of both is not known. The open interval counts until `end`.
    """
    if start is None or end is None:
        return None
    away = sum(
        minutes_between(max(period.start, start), min(period.end or end, end))
        for period in periods
        if period.status in _AWAY and period.start is not None
    )
    return max(minutes_between(start, end) - away, 0)


def lengths(periods: Iterable[StatusPeriod], now: dt.datetime | None = None) -> Lengths:
    """Waiting (arrived, triaged), with staff and on leave, each in whole minutes until `now`."""
    moment = now or clock.now()
    sums = dict.fromkeys(Status, 0)
    for period in periods:
        if period.start is not None:
            sums[Status(period.status)] += minutes_between(period.start, period.end or moment)
    return Lengths(
        waiting=sums[Status.ARRIVED] + sums[Status.TRIAGED],
        with_staff=sums[Status.IN_PROGRESS],
        on_leave=sums[Status.ONLEAVE],
    )


def following(encounter: Encounter, periods: Sequence[StatusPeriod]) -> dict[str, Any]:
    """start, end and length of a visit made here, as its status history says them.

    Start: when it left planned. End: when it was finished, or cancelled after it had started. A
    length corrected by hand stays.
    """
    begun = [p.start for p in periods if p.status in (*OPEN, Status.FINISHED)]
    start = begun[0] if begun else None
    last = periods[-1]
    over = last.status == Status.FINISHED or (last.status == Status.CANCELLED and start)
    end = last.start if over else None
    follows: dict[str, Any] = {"start": start, "end": end}
    if not encounter.length_corrected:
        finished = last.status == Status.FINISHED
        follows["length_minutes"] = length_minutes(start, end, periods) if finished else None
    return follows


def correct_time(
    period: StatusPeriod, *, by: Any, at: dt.datetime, version: int | None = None
) -> Encounter:
    """Move the start of one interval of the status history; the interval before ends there too.

    Start, end, waits and length follow; the audit row keeps the old and the new time. `version` is
    the visit's. Raises ValidationError on "at" where it would cross a neighbour.
    """
    verb = VERBS["correct_time"]
    require(by, verb.permission)
    with transaction.atomic():
        fresh, periods, _done = take(period.encounter, verb, by=by, version=version)
        place = next((i for i, row in enumerate(periods) if row.pk == period.pk), None)
        if place is None:
            raise ValidationError({"at": _("This step was undone; its time cannot be corrected.")})
        target = periods[place]
        before = periods[place - 1] if place else None
        at, old = _check_correction(target, before, at), target.start
        if old is None or at == old:
            return fresh
        if before is not None:
            if before.start and at < before.start:
                before.start = at
            before.end = at
            before.save()
        target.start = at
        target.save()
        _follow(fresh, periods, by=by)
        fresh._history_user = by
        fresh.save()
        audit.record(
            "encounter.correct_time",
            fresh,
            by=by,
            fields=["status_history"],
            detail={"status": target.status, "old": old.isoformat(), "new": at.isoformat()},
        )
    return fresh


def _follow(fresh: Encounter, periods: Sequence[StatusPeriod], *, by: Any) -> None:
    """The visit's times as its history says them now; what began with it begins with it still."""
    begun = fresh.start
    for name, value in following(fresh, periods).items():
        setattr(fresh, name, value)
    if begun is None or fresh.start in (None, begun):
        return
    for model in (ClassPeriod, LocationPeriod, EncounterParticipant):
        for row in model._default_manager.filter(encounter=fresh, start=begun):
            if row.end is not None and fresh.start is not None and fresh.start > row.end:
                raise ValidationError(
                    {
                        "at": _(
                            "Something changed on this visit at %(time)s. Give an earlier time."
                        )
                        % {"time": words(row.end)}
                    }
                )
            row.start = fresh.start
            row._history_user = by
            row.save()


def _check_correction(
    target: StatusPeriod, before: StatusPeriod | None, at: dt.datetime
) -> dt.datetime:
    if target.source or (before is not None and before.source):
        raise ValidationError(
            {"at": _("This part of the history came with an import and is kept as it was sent.")}
        )
    if target.status == Status.PLANNED:
        raise ValidationError(
            {"at": _("This is when the visit was booked. Change the planned time instead.")}
        )
    at = check_at(at, before)
    if target.end is not None and at > target.end:
        if clock.to_minute(at) == clock.to_minute(target.end):
            return target.end
        raise ValidationError(
            {
                "at": _("“%(status)s” ended %(time)s. Give an earlier time.")
                % {"status": target.get_status_display(), "time": words(target.end)}
            }
        )
    return at


def correct_length(
    encounter: Encounter, *, by: Any, minutes: int | None, version: int | None = None
) -> Encounter:
    """Set the length by hand, so that it follows no more; None lets it follow again."""
    verb = VERBS["correct_time"]
    require(by, verb.permission)
    if minutes is not None and minutes < 0:
        raise ValidationError({"length_minutes": _("Give the length in whole minutes.")})
    with transaction.atomic():
        fresh, periods, _done = take(encounter, verb, by=by, version=version)
        fresh.length_corrected = minutes is not None
        fresh.length_minutes = minutes
        if minutes is None:
            fresh.length_minutes = length_minutes(fresh.start, fresh.end, periods)
        fresh._history_user = by
        fresh.save()
        audit.record(
            "encounter.correct_length", fresh, by=by, fields=["length_minutes", "length_corrected"]
        )
    return fresh


def last_end(encounter: Encounter) -> dt.datetime | None:
    """When a reopened visit had been closed before: offered at closing it again. None otherwise."""
    periods = standing_periods(encounter)
    current = open_period(periods)
    if current is None or encounter.status == Status.FINISHED:
        return None
    closed = [row.start for row in periods if row.status == Status.FINISHED]
    return closed[-1] if closed else None
