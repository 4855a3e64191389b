"""A line of a file as a row in the making, or what is wrong with each of its cells."""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir import FhirTime
from clinik.imports import Mapped
from records.csv_files.building import organization
from records.csv_files.columns import Column
from records.csv_files.dialect import Line
from records.csv_files.kinds import REFERENCES
from records.csv_files.maps import OTHERWISE, Layout
from records.csv_files.values import BadCell, Conventions, clean


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row; `column` as the file calls it, empty for the row as a whole."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


@dataclass
class CsvRow:
    """`id` is the source's, or made of what tells the row apart (`made_id`); `rejected` says which
    rejected row it is that comes back; `names` are the rows of other files that it names, by our
    column. Any of the rest may be missing where there are `problems`."""

    line: Line
    id: str = ""
    made_id: str = ""
    rejected: str = ""
    mapped: Mapped | None = None
    resource: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class RowReader:
    """Reads the lines of one file from its beginning: ids and equal rows are counted on the way."""

    def __init__(self, layout: Layout, conventions: Conventions) -> None:
        self.layout = layout
        self.conventions = conventions
        self._columns = [
            (column, layout.places.get(column.name))
            for column in layout.kind.columns
            if column.name in layout.places or column.name in layout.map.constants
        ]
        self._translated = {
            name: {their.casefold(): our for their, our in words.items()}
            for name, words in layout.map.values.items()
        }
        self._first_line: dict[str, int] = {}
        self._equal: Counter[bytes] = Counter()

    def read(self, line: Line) -> CsvRow:
        row = CsvRow(line)
        surplus = line.cells[len(self.layout.header) :]
        if len(line.cells) < len(self.layout.header) or any(cell.strip() for cell in surplus):
            reason = _("has %(cells)s cells, the header has %(wanted)s: is a delimiter missing,"
                       " or does a cell need quotation marks?")  # fmt: skip
            said = {"cells": len(line.cells), "wanted": len(self.layout.header)}
            row.problems.append(Problem(line.number, "", reason % said))
            return row
        if self.layout.rejected is not None:
            row.rejected = line.cells[self.layout.rejected].strip()
        values = self._values(row)
        self._identify(row, values)
        if not row.problems:
            self._build(row, values)
        return row

    def _values(self, row: CsvRow) -> dict[str, Any]:
        values = {}
        for column, place in self._columns:
            try:
                text = self._text(row.line, column, place)
                if not text and column.required:
                    raise BadCell(_("is empty: fill it in"))
                value = column.read(text, self.conventions) if text else column.empty
            except BadCell as bad:
                self._wrong(row, column.name, str(bad))
            else:
                values[column.name] = value
                if column.name in REFERENCES and value:
                    row.names[column.name] = value
        return values

    def _text(self, line: Line, column: Column, place: int | None) -> str:
        """The cell in our words: translated, else the constant where it is empty."""
        text = clean(line.cells[place]) if place is not None else ""
        words = self._translated.get(column.name)
        if words is not None:
            text = words.get(text.casefold(), words.get(OTHERWISE, text) if text else text)
        return text or self.layout.map.constants.get(column.name, "")

    def _identify(self, row: CsvRow, values: Mapping[str, Any]) -> None:
        kind = self.layout.kind
        row.id = values.get("id", "")
        if row.id:
            first = self._first_line.setdefault(row.id, row.line.number)
            if first != row.line.number:
                reason = _("stands in line %(line)s already: each row needs an id of its own")
                self._wrong(row, "id", reason % {"line": first})
        elif not kind.identity:
            if not row.problems:
                self._wrong(row, "id", _("is empty: fill it in"))
        elif all(n in values for n in kind.identity if n in self.layout.places):
            digest = hashlib.sha256(_identity(kind.identity, values)).digest()[:20]
            self._equal[digest] += 1
            row.made_id = f"row-{digest.hex()}"
            row.id = numbered(row.made_id, self._equal[digest])

    def _build(self, row: CsvRow, values: dict[str, Any]) -> None:
        kind = self.layout.kind
        if kind.model is None or kind.build is None:
            row.resource = organization(values) | self._kept(row)
            return
        mapped = Mapped(kind.model)
        for column, _place in self._columns:
            mapped.fields |= column.fields(values[column.name])
        for name in [name for name in mapped.fields if name.endswith("_system")]:
            # A constant of the map, and no code in this row.
            if not mapped.fields.get(f"{name.removesuffix('_system')}_code"):
                mapped.fields[name] = ""
        try:
            kind.build(mapped, values)
            mapped.raw |= self._kept(row)
        except BadCell as bad:
            names = [name for name in bad.column.split(", ") if name in self.layout.places]
            self._wrong(row, ", ".join(map(self.layout.title, names)) or bad.column, str(bad))
            return
        row.mapped = mapped

    def _kept(self, row: CsvRow) -> dict[str, Any]:
        """The cells that nobody reads, under a name that no FHIR element has."""
        kept = {name: clean(row.line.cells[place]) for place, name in self.layout.kept}
        kept = {name: cell for name, cell in kept.items() if cell}
        return {"$columns": kept} if kept else {}

    def _wrong(self, row: CsvRow, column: str, reason: str) -> None:
        row.problems.append(Problem(row.line.number, self.layout.title(column), reason))


def numbered(made_id: str, number: int) -> str:
    """The id of the `number`th of equal rows."""
    return made_id if number == 1 else f"{made_id}-{number}"


def _identity(names: tuple[str, ...], values: Mapping[str, Any]) -> bytes:
    """What tells a row apart, the same however it is written; empty columns count nothing."""
    parts = {name: _plain(values[name]) for name in names if values.get(name)}
    about = next((values[n] for n in ("code", "display", "text") if values.get(n)), "")
    return json.dumps([parts, about], sort_keys=True).encode()


def _plain(value: Any) -> str:
    if isinstance(value, FhirTime):
        return f"{value.instant.astimezone(dt.UTC).isoformat()} {value.precision}"
    return str(value)
