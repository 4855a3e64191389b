"""What the mappings of both apps write the same way: columns of a row as FHIR R4 elements.

A writer takes a row (a model instance or named columns), its parts by name, and `Link`, which turns
a foreign key into a Reference; it returns the elements that have something to say.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol

from clinik.clock import Precision
from clinik.fhir import FhirTime, format_datetime
from clinik.fhir.canonical import digits
from encounters.fhir.common import zone

Resource = dict[str, Any]
Parts = Mapping[str, Sequence[Any]]


class Link(Protocol):
    def __call__(self, kind: str, row_id: Any, name: str = "") -> Resource | None:
        """The Reference to a row. Without a row: what the sender wrote there for the column
        `name`, or None."""


def filled(elements: Resource) -> Resource:
    """Without those that say nothing: None, empty text, lists and objects (R4 allows none)."""
    return {
        key: value
        for key, value in elements.items()
        if value or value is False or (value == 0 and value is not None and value != "")
    }


# As in 2025-01-15T09:00:00+01:00; offsets of old times have seconds, which FHIR cannot write.
_USUAL = len("+01:00")


@lru_cache(maxsize=256)
def _columns(name: str, more: bool) -> "attrgetter[Any]":
    parts = ("system", "code", "display", "text", *(("more",) if more else ()))
    return attrgetter(*(f"{name}_{part}" for part in parts))


def concept(row: Any, name: str, *, more: bool = True) -> Resource | None:
    """The CodeableConcept of a coded value; None where it is empty."""
    system, code, display, text, *others = _columns(name, more)(row)
    coding = [filled({"system": system, "code": code, "display": display})]
    if others and others[0]:
        coding += others[0]
    return filled({"coding": [item for item in coding if item], "text": text}) or None


def several(value: Any) -> list[Any] | None:
    return [value] if value else None


def in_words(text: str) -> Resource | None:
    return {"text": text} if text else None


def code_of(system: str, code: str, display: str = "") -> Resource | None:
    """A CodeableConcept of one code; None without one."""
    return (
        {"coding": [filled({"system": system, "code": code, "display": display})]} if code else None
    )


def when(moment: dt.datetime | None, precision: str = "instant") -> str | None:
    """A dateTime in the precision that was given, instants with the clinic's offset."""
    if moment is None:
        return None
    if precision == "instant":
        text = moment.astimezone(zone()).isoformat()
        local = text[:26].rstrip("0") if moment.microsecond else text[:19]
        offset = text[26 if moment.microsecond else 19 :]
        if len(offset) == _USUAL:
            return f"{local}Z" if offset == "+00:00" else local + offset
    return format_datetime(FhirTime(moment, precision), zone())  # type: ignore[arg-type]


def day(date: dt.date, precision: str) -> str:
    """A FHIR date."""
    return date.isoformat()[: {Precision.YEAR: 4, Precision.MONTH: 7}.get(precision, 10)]  # type: ignore[call-overload]


def period(row: Any) -> Resource | None:
    return (
        filled(
            {
                "start": when(row.start, row.start_precision),
                "end": when(row.end, row.end_precision),
            }
        )
        or None
    )


def quantity(value: str, unit: str = "", **rest: str) -> Resource | None:
    """A Quantity, digits intact. A value that is no number goes with the unit, in words."""
    number = digits(value) if value else None
    if value and number is None:
        unit = f"{value} {unit}".strip()
    return filled({"value": number, "unit": unit, **rest}) or None


def notes(text: str) -> list[Resource] | None:
    return [{"text": text}] if text else None


def telecom(row: Any) -> list[Resource]:
    points = (("phone", row.phone), ("email", row.email))
    return [{"system": kind, "value": value} for kind, value in points if value]


def words(text: str) -> list[str]:
    return text.split()
