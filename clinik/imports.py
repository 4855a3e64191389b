"""What every import shares: what a resource became, how it is read, and the report of a run."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from clinik.fhir import FhirError, FhirTime, Number, Reference, parse_datetime, parse_reference
from clinik.fhir.values import as_object, as_text

CREATED = "created"
UPDATED = "updated"
UNCHANGED = "unchanged"
CONFLICT = "conflict"
SKIPPED = "skipped"
FAILED = "failed"
OUTCOMES = (CREATED, UPDATED, UNCHANGED, CONFLICT, SKIPPED, FAILED)


@dataclass
class Row:
    """One row in the making: its columns, and what is still only referred to.

    `links` are foreign keys (column without _id), `names` text columns that take the name of what
    the reference means (its display where it is unknown). None clears the column on an update.
    """

    model: type[models.Model]
    fields: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Reference | None] = field(default_factory=dict)
    names: dict[str, Reference | None] = field(default_factory=dict)


@dataclass
class Mapped(Row):
    """A resource as a row with its parts (`parent` is their foreign key to it).

    `raw` is what is not modelled, `identifiers` are (system, value); `conditions` are an
    Encounter's diagnoses: the condition, its use and its rank.
    """

    parent: str = ""
    parts: list[Row] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[tuple[Reference, str, int | None]] = field(default_factory=list)


class Reading:
    """One JSON object being read; what nobody took is left for `raw`."""

    def __init__(self, obj: Any, place: str) -> None:
        self.obj = as_object(obj, place)
        self.place = place
        self._left = {key: value for key, value in self.obj.items() if key not in _ENVELOPE}

    def at(self, key: str) -> str:
        return f"{self.place}.{key}"

    def take(self, key: str, *, known: str = "") -> Any:
        """The element, marked as read. With `known` (names of its own elements that the caller
        reads) it also stays in the rest where it has others."""
        value = self.obj.get(key)
        names = set(known.split())
        objects = value if isinstance(value, list) else [value]
        if not names or all(isinstance(o, dict) and o.keys() <= names for o in objects):
            self._left.pop(key, None)
        return value

    def first(self, key: str, *, known: str = "") -> Any:
        """The first of a list; where there are others the whole list also stays in the rest."""
        value = self.obj.get(key) or []
        if not isinstance(value, list):
            raise FhirError(self.at(key), _("a list belongs here"))
        if len(value) <= 1:
            self.take(key, known=known)
        return value[0] if value else None

    def each(self, key: str) -> Iterator["Reading"]:
        """Readings of a list of objects; the caller says whether to `keep` what they leave."""
        value = self.take(key) or []
        if not isinstance(value, list):
            raise FhirError(self.at(key), _("a list belongs here"))
        for number, item in enumerate(value):
            yield Reading(item, f"{self.at(key)}[{number}]")

    def text(self, key: str) -> str:
        self.take(key)
        return as_text(self.obj, key, self.place)

    def time(self, key: str, zone: Any) -> FhirTime | None:
        value = self.take(key)
        return None if value is None else parse_datetime(value, self.at(key), zone)

    def boolean(self, key: str) -> bool | None:
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            raise FhirError(self.at(key), _("true or false belongs here"))
        return value

    def whole(self, key: str, *, least: int = 0, most: int = 32_767) -> int | None:
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, Number) or not value.text.isdecimal():
            raise FhirError(self.at(key), _("a whole number belongs here"))
        if not least <= int(value) <= most:
            raise FhirError(self.at(key), _("the number is out of range"))
        return int(value)

    def reference(self, key: str) -> Reference | None:
        return parse_reference(self.take(key), self.at(key))

    def keep(self, key: str) -> None:
        """Put an element back into the rest although it was read, for it was not read wholly."""
        if key in self.obj:
            self._left[key] = self.obj[key]

    def rest(self) -> dict[str, Any]:
        return {key: storable(value) for key, value in self._left.items()}


# Never kept: what a resource is, not what it says.
_ENVELOPE = frozenset({"resourceType", "id", "text"})


def storable(value: Any) -> Any:
    """The value for a JSON column: a number whose digits a float would lose as {"$decimal": text}.

    No FHIR element is called $decimal.
    """
    if isinstance(value, Number):
        for kind in (int, float):
            try:
                if str(kind(value.text)) == value.text:
                    return kind(value.text)
            except (ValueError, OverflowError):
                continue
        return {"$decimal": value.text}
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


_ENTRY = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Remark:
    """Something said about a place in a file. Holds no name and no free text of a patient."""

    file: str
    place: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.reason) if part)


@dataclass
class ImportReport:
    """Counts by resource type and outcome, unmodelled types, refused files and warnings."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    unmodelled: Counter[str] = field(default_factory=Counter)
    failures: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    files_read: int = 0

    def count(self, kind: str, outcome: str, number: int = 1) -> None:
        self.counts.setdefault(kind, Counter())[outcome] += number

    def fail(self, file: str, place: str, reason: str) -> None:
        self.failures.append(Remark(file, place, reason))

    def warn(self, file: str, place: str, reason: str) -> None:
        """Said once, however often the same place asks."""
        remark = Remark(file, place, reason)
        if not self.warnings or self.warnings[-1] != remark:
            self.warnings.append(remark)

    def add(self, other: "ImportReport") -> None:
        """What came of one file, once its transaction stands."""
        for kind, counter in other.counts.items():
            self.counts.setdefault(kind, Counter()).update(counter)
        self.unmodelled.update(other.unmodelled)
        self.failures += other.failures
        self.warnings += other.warnings
        self.files_read += other.files_read

    @property
    def exit_code(self) -> int:
        """0 where every file was taken, 1 where one was refused."""
        return 1 if self.failures else 0

    def total(self, outcome: str) -> int:
        return sum(counter[outcome] for counter in self.counts.values())

    def as_counts(self) -> dict[str, Any]:
        """For ImportRun.counts."""
        found: dict[str, Any] = {kind: dict(self.counts[kind]) for kind in sorted(self.counts)}
        if self.unmodelled:
            found["not modelled"] = dict(sorted(self.unmodelled.items()))
        return found

    def lines(self, *, most: int = 20) -> Iterator[str]:
        """The report as people read it; at most `most` kinds of notes, with their first place."""
        yield _("%(number)s files read, %(failed)s refused") % {
            "number": self.files_read,
            "failed": len({failure.file for failure in self.failures}),
        }
        for kind in sorted(self.counts):
            counter = self.counts[kind]
            words = ", ".join(f"{counter[name]} {name}" for name in OUTCOMES if counter[name])
            yield f"  {kind}: {words}"
        if self.unmodelled:
            kinds = ", ".join(f"{number} {kind}" for kind, number in self.unmodelled.most_common())
            yield _("Not modelled, not stored: %(kinds)s") % {"kinds": kinds}
        alike: dict[tuple[str, str], list[Remark]] = {}
        for warning in self.warnings:
            kind = _ENTRY.sub("", warning.place)
            alike.setdefault((kind, warning.reason), []).append(warning)
        for remarks in list(alike.values())[:most]:
            yield _("Note (%(number)s times, the first shown): %(remark)s") % {
                "number": len(remarks),
                "remark": remarks[0],
            }
        if len(alike) > most:
            yield _("… and %(number)s more kinds of notes") % {"number": len(alike) - most}
        for failure in self.failures:
            yield _("Refused: %(remark)s") % {"remark": failure}
