"""How old somebody is on a day, as exactly as the birth date is known and no more.

Clinical bands change on birthdays, so an age is a pair of bounds: of somebody born "in 1962" we
know a youngest and an oldest age. Where both are the same the age is exact.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

PRECISIONS = ("day", "month", "year")
WEEKS_FROM_DAYS = 14
MONTHS_FROM_DAYS = 84
YEARS_FROM_MONTHS = 24
ESTIMATE_SPAN_YEARS = 2


@dataclass(frozen=True)
class Age:
    """Completed years, months and days on one day.

    `years`, `months` and `days` each count the whole life (an age of 14 months has years 1,
    months 14 and days about 430) and are None where the birth date's precision leaves two answers.
    `youngest` and `oldest` are the ages of the latest and earliest birth day that fit; for a birth
    date known to the day both are the age itself. Bands hold only where both fall in the same one.
    """

    years: int | None
    months: int | None
    days: int | None
    words: str
    youngest: tuple[int, int, int]
    oldest: tuple[int, int, int]

    def at_least(self, years: int) -> bool | None:
        """Whether that many years are completed; None where the birth date cannot say."""
        if self.youngest[0] >= years:
            return True
        return None if self.oldest[0] >= years else False


def age_at(
    birth: date | None, precision: str, when: date | datetime, *, estimated: bool = False
) -> Age | None:
    """The age on a day; None for an unknown birth date, or before the birth.

    `precision` is "day", "month" or "year"; anything else means unknown. `estimated` ("about 40")
    takes two years either side of the birth year (ours), whatever the precision. An aware datetime
    counts as its day in the current time zone.
    """
    day = _as_day(when)
    if birth is None or precision not in PRECISIONS:
        return None
    earliest, latest = _birth_bounds(birth, precision, estimated)
    if day < earliest:
        return None
    oldest = _completed(earliest, day)
    # Born in the current month or year: not after today.
    youngest = _completed(min(latest, day), day)
    years, months, days = (
        old if old == young else None for old, young in zip(oldest, youngest, strict=True)
    )
    if estimated:
        words = _("about %(years)s y") % {"years": max(day.year - birth.year, 0)}
    else:
        words = _words(youngest, oldest)
    return Age(years, months, days, words, youngest, oldest)


def _as_day(when: date | datetime) -> date:
    if not isinstance(when, datetime):
        return when
    return timezone.localtime(when).date() if timezone.is_aware(when) else when.date()


def _birth_bounds(birth: date, precision: str, estimated: bool) -> tuple[date, date]:
    """The earliest and the latest day of birth that fit."""
    if estimated:
        first = max(birth.year - ESTIMATE_SPAN_YEARS, MINYEAR)
        return date(first, 1, 1), date(min(birth.year + ESTIMATE_SPAN_YEARS, MAXYEAR), 12, 31)
    if precision == "day":
        return birth, birth
    if precision == "month":
        return birth.replace(day=1), birth.replace(day=monthrange(birth.year, birth.month)[1])
    return birth.replace(month=1, day=1), birth.replace(month=12, day=31)


def _completed(birth: date, day: date) -> tuple[int, int, int]:
    """Completed years, months and days. Born on 29 February: a year older on 1 March."""
    months = (day.year - birth.year) * 12 + day.month - birth.month
    if day.day < birth.day:
        months -= 1
    return months // 12, months, (day - birth).days


def _words(youngest: tuple[int, int, int], oldest: tuple[int, int, int]) -> str:
    if youngest == oldest:
        return _exact_words(*oldest)
    low, high = (youngest[0], oldest[0])
    if high >= YEARS_FROM_MONTHS // 12:
        return _span(_("%(age)s y"), low, high)
    return _span(_("%(age)s mo"), youngest[1], oldest[1])


def _exact_words(years: int, months: int, days: int) -> str:
    if days < WEEKS_FROM_DAYS:
        return _("%(age)s d") % {"age": days}
    if days < MONTHS_FROM_DAYS:
        return _("%(age)s w") % {"age": days // 7}
    if months < YEARS_FROM_MONTHS:
        return _("%(age)s mo") % {"age": months}
    return _("%(age)s y") % {"age": years}


def _span(pattern: str, low: int, high: int) -> str:
    return pattern % {"age": low if low == high else f"{low}-{high}"}
