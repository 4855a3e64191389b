"""What every import shares: what a resource became, how it is read, and the report of a run."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from clinik.bulk import plain
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
    the reference means (its display where it is unknown). None clears the column on an update. A
    mapping fills them with references, an importer puts what they mean in their place.
    """

    model: type[models.Model]
    fields: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    # The foreign key of a part to its resource, where it is another than the resource's `parent`.
    owner: str = ""

    def content(self) -> list[Any]:
        """What the source says of the row, the same however its references are written."""
        links = {**self.links, **self.names}
        words = {name: target and target.words() for name, target in links.items()}
        return [self.model._meta.label_lower, self.fields, words]


@dataclass
class Mapped(Row):
    """A resource as a row with its parts (`parent` is their foreign key to it).

    `raw` is what is not modelled, `identifiers` are (system, value); `conditions` are an
    Encounter's diagnoses: the condition, its use and its rank; `merges` other entries of a Patient,
    and how they are linked. `text` is the note that a report carries. `remarks` are places and what
    is to be said of them.
    """

    parent: str = ""
    parts: list[Row] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[tuple[Any, str, int | None]] = field(default_factory=list)
    merges: list[tuple[Any, str]] = field(default_factory=list)
    text: "Mapped | None" = None
    remarks: list[tuple[str, str]] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        yield self
        yield from self.parts

    def fit(self, place: str) -> None:
        """What a column cannot hold is cut, said, and kept whole beside what is not modelled.

        Raises FhirError where cutting would change what it says (codes, values).
        """
        for row in self.rows():
            most = limits(row.model)
            for name, value in row.fields.items():
                if (
                    type(value) is str
                    and len(value) > _SHORT
                    and len(value) > most.get(name, len(value))
                ):
                    self._cut(row, name, value, most[name], place)
        if self.text is not None:
            self.text.fit(place)
            self.remarks += self.text.remarks

    def _cut(self, row: Row, name: str, value: str, most: int, place: str) -> None:
        said = {"name": name, "most": most}
        if name.endswith(_NEVER_CUT):
            raise FhirError(place, _("%(name)s is longer than %(most)s characters") % said)
        row.fields[name] = value[:most]
        self.raw[f"${row.model._meta.model_name}.{name}"] = value
        self.remarks.append((place, _("%(name)s is cut to %(most)s characters") % said))

    def digest(self) -> str:
        """SHA-256 over what the rows say (its first half) and over the rest (its second half)."""
        said = [row.content() for row in self.rows()]
        if self.text is not None:
            said += [row.content() for row in self.text.rows()]
        if self.conditions:
            said.append([(c and c.words(), use, rank) for c, use, rank in self.conditions])
        return digest_of(said) + digest_of(self.raw)


# No column that takes free text is shorter; those for codes that are checked are.
_SHORT = 40
# Cutting these would change what they say.
_NEVER_CUT = ("value", "_code", "_system", "range_low", "range_high", "quantity")


@cache
def limits(model: type[models.Model]) -> dict[str, int]:
    """The text columns that end somewhere, and where."""
    return {
        column.attname: column.max_length
        for column in model._meta.concrete_fields
        if isinstance(column, models.CharField) and column.max_length
    }


def digest_of(value: Any) -> str:
    """32 hexadecimal digits: half a SHA-256, enough to tell two contents apart."""
    text = json.dumps(value, sort_keys=True, default=_in_words)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _in_words(value: Any) -> str:
    return value.text if isinstance(value, Number) else str(value)


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
        if value is None or not known:
            self._left.pop(key, None)
            return value
        names = _names(known)
        objects = value if isinstance(value, list) else [value]
        if all(isinstance(o, dict) and o.keys() <= names for o in objects):
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

    def replace(self, key: str, value: Any) -> None:
        """Keep something else in the rest than what was sent."""
        self._left[key] = value

    def rest(self) -> dict[str, Any]:
        return self._left


@cache
def _names(known: str) -> frozenset[str]:
    return frozenset(known.split())


# Never kept: what a resource is, not what it says.
_ENVELOPE = frozenset({"resourceType", "id", "text"})


def storable(value: Any) -> Any:
    """The value for a JSON column: a number whose digits a float would lose as {"$decimal": text}.

    No FHIR element is called $decimal.
    """
    return json.loads(json.dumps(value, default=plain))


_ENTRY = re.compile(r"\[\d+\]|^line \d+: ")


@dataclass(frozen=True)
class Remark:
    """Something said about a place in a file. Holds no name and no free text of a patient."""

    file: str
    place: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.reason) if part)


@dataclass
class Alike:
    """Remarks of one kind (the same reason, at the same element): the first few, and how many."""

    number: int = 0
    first: list[Remark] = field(default_factory=list)


# Of remarks alike so many are kept, so that a report has an end.
KEPT_ALIKE = 50


@dataclass
class ImportReport:
    """Counts by resource type and outcome, unmodelled types, refused files, conflicts, remarks.

    `unmodelled` are types that became no row: those kept whole stand in `counts` as well.
    """

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    unmodelled: Counter[str] = field(default_factory=Counter)
    failures: list[Remark] = field(default_factory=list)
    alike: dict[tuple[str, str], Alike] = field(default_factory=dict)
    files_read: int = 0

    def count(self, kind: str, outcome: str, number: int = 1) -> None:
        self.counts.setdefault(kind, Counter())[outcome] += number

    def fail(self, file: str, place: str, reason: str) -> None:
        self.failures.append(Remark(file, place, reason))

    def warn(self, file: str, place: str, reason: str) -> None:
        """Said once, however often the same place asks."""
        self._remark(Remark(file, place, reason))

    def _remark(self, remark: Remark, number: int = 1) -> None:
        alike = self.alike.setdefault((_ENTRY.sub("", remark.place), remark.reason), Alike())
        if alike.first and alike.first[-1] == remark:
            return
        alike.number += number
        if len(alike.first) < KEPT_ALIKE:
            alike.first.append(remark)

    @property
    def warnings(self) -> list[Remark]:
        """What was said besides refusals, of each kind the first few."""
        return [remark for alike in self.alike.values() for remark in alike.first]

    def add(self, other: "ImportReport") -> None:
        """What came of one file, once its transaction stands."""
        for kind, counter in other.counts.items():
            self.counts.setdefault(kind, Counter()).update(counter)
        self.unmodelled.update(other.unmodelled)
        self.failures += other.failures
        for alike in other.alike.values():
            for remark in alike.first:
                self._remark(remark)
            key = (_ENTRY.sub("", alike.first[0].place), alike.first[0].reason)
            self.alike[key].number += alike.number - len(alike.first)
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

    def as_json(self) -> dict[str, Any]:
        """For ImportFile.report and --report; `from_json` reads it."""
        return {
            "counts": {kind: dict(self.counts[kind]) for kind in sorted(self.counts)},
            "unmodelled": dict(sorted(self.unmodelled.items())),
            "failures": [vars(failure) for failure in self.failures],
            "warnings": [
                {**vars(alike.first[0]), "number": alike.number}
                | {"places": [remark.place for remark in alike.first]}
                for alike in self.alike.values()
            ],
            "files_read": self.files_read,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "ImportReport":
        report = cls(
            counts={kind: Counter(found) for kind, found in stored.get("counts", {}).items()},
            unmodelled=Counter(stored.get("unmodelled", {})),
            failures=[Remark(**failure) for failure in stored.get("failures", ())],
            files_read=stored.get("files_read", 0),
        )
        for said in stored.get("warnings", ()):
            file, reason, places = said["file"], said["reason"], said["places"]
            key = (_ENTRY.sub("", said["place"]), reason)
            first = [Remark(file, place, reason) for place in places]
            report.alike[key] = Alike(said["number"], first)
        return report

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
            yield _("Not modelled (kept as sent where they are a patient's): %(kinds)s") % {
                "kinds": kinds
            }
        for alike in list(self.alike.values())[:most]:
            yield _("Note (%(number)s times, the first shown): %(remark)s") % {
                "number": alike.number,
                "remark": alike.first[0],
            }
        if len(self.alike) > most:
            yield _("… and %(number)s more kinds of notes") % {"number": len(self.alike) - most}
        for failure in self.failures:
            yield _("Refused: %(remark)s") % {"remark": failure}
