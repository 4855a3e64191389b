"""FHIR date, dateTime and instant (http://hl7.org/fhir/R4/datatypes.html#dateTime)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal

from django.utils.translation import gettext as _

from clinik.fhir.errors import FhirError

Precision = Literal["instant", "day", "month", "year"]

_DATETIME = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
    r"(\.(?P<fraction>[0-9]+))?"
    r"(?P<offset>Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)


@dataclass(frozen=True)
class FhirTime:
    """A moment (UTC) and how exactly it was given.

    A day is its midnight in the clinic's zone, a month and a year the midnight of their first day.
    """

    instant: datetime
    precision: Precision


def parse_datetime(text: Any, place: str, zone: tzinfo) -> FhirTime:
    """Any FHIR date, dateTime or instant; every year from 0001 to 9999.

    Fractions are kept to the microsecond, further digits cut. A leap second (:60, which R4 allows
    and Python does not) becomes :59. Raises FhirError for 24:00, a time without offset or seconds,
    and days that do not exist.
    """
    match = _match(text, place)
    try:
        if match["hour"] is not None:
            return FhirTime(_instant(match), "instant")
        day, precision = _day(match)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return FhirTime(midnight.astimezone(UTC), precision)
    except (ValueError, OverflowError) as error:
        raise _no_date(text, place) from error


def parse_date(text: Any, place: str) -> tuple[date, Precision]:
    """A FHIR date (a birth date, say) with its precision; FhirError where it has a time."""
    match = _match(text, place)
    if match["hour"] is not None:
        raise FhirError(place, _("“%(text)s” has a time, a date belongs here") % {"text": text})
    try:
        return _day(match)
    except ValueError as error:
        raise _no_date(text, place) from error


def format_datetime(time: FhirTime, zone: tzinfo) -> str:
    """The FHIR text, in the precision that was given; instants with the zone's offset."""
    local = time.instant.astimezone(zone)
    if time.precision == "year":
        return f"{local.year:04d}"
    if time.precision == "month":
        return f"{local.year:04d}-{local.month:02d}"
    if time.precision == "day":
        return local.date().isoformat()
    offset = local.utcoffset() or timedelta()
    # Local mean times of old years have offsets with seconds, which FHIR cannot write.
    if offset.total_seconds() % 60 or not offset:
        local = time.instant.astimezone(UTC)
    text = local.isoformat().replace("+00:00", "Z")
    return re.sub(r"(\.\d*?)0+(?=[Z+-])", r"\1", text)


def _match(text: Any, place: str) -> re.Match[str]:
    match = _DATETIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise _no_date(text, place)
    return match


def _no_date(text: Any, place: str) -> FhirError:
    return FhirError(place, _("“%(text)s” is no FHIR date or time") % {"text": str(text)[:50]})


def _day(match: re.Match[str]) -> tuple[date, Precision]:
    precision: Precision = "day" if match["day"] else "month" if match["month"] else "year"
    day = date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
    return day, precision


def _instant(match: re.Match[str]) -> datetime:
    day, _precision = _day(match)
    offset = UTC
    if match["offset"] != "Z":
        hours, minutes = match["offset"][1:].split(":")
        span = timedelta(hours=int(hours), minutes=int(minutes))
        offset = timezone(-span if match["offset"][0] == "-" else span)
    return datetime(
        day.year,
        day.month,
        day.day,
        int(match["hour"]),
        int(match["minute"]),
        min(int(match["second"]), 59),
        int((match["fraction"] or "")[:6].ljust(6, "0")),
        tzinfo=offset,
    ).astimezone(UTC)
