"""What time it is, and where a day begins.

Times are stored as UTC instants and shown in the clinic's zone (settings.TIME_ZONE). One request
has one now, so that a page never disagrees with itself.
"""

import datetime as dt
from contextvars import ContextVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

_FIRST_DAY = dt.date.min + dt.timedelta(days=1)
_LAST_DAY = dt.date.max - dt.timedelta(days=1)

request_now: ContextVar[dt.datetime | None] = ContextVar("request_now", default=None)


class Precision(models.TextChoices):
    """How exactly a stored instant was given; a day is its midnight in the clinic's zone."""

    INSTANT = "instant", _("to the minute")
    DAY = "day", _("to the day")
    MONTH = "month", _("to the month")
    YEAR = "year", _("to the year")


def now() -> dt.datetime:
    """The request's now, or the clock's outside of one; always aware."""
    return request_now.get() or timezone.now()


def today() -> dt.date:
    """Today in the clinic's zone."""
    return timezone.localdate(now())


def day_start(day: dt.date) -> dt.datetime:
    """The first instant of a day in the clinic's zone; right on both days the clocks change.

    The first and the last day of all, which have no instant in some zones, give their neighbours'.
    """
    day = min(max(day, _FIRST_DAY), _LAST_DAY)
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_default_timezone())


def day_bounds(first: dt.date, last: dt.date | None = None) -> tuple[dt.datetime, dt.datetime]:
    """[start of first, start of the day after last): compare with >= and <."""
    return day_start(first), day_start(min(last or first, _LAST_DAY) + dt.timedelta(days=1))


def to_minute(instant: dt.datetime) -> dt.datetime:
    """Cut to the whole minute: what a clock on a wall and a form's field say."""
    return instant.replace(second=0, microsecond=0)


def whole_minutes(span: dt.timedelta) -> int:
    """Whole minutes, rounded down, as staff count them: 45 for 09:00 to 09:45."""
    return int(span.total_seconds() // 60)
