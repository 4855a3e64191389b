"""Rows held against what is in the database: whom they name, and what they were before."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from clinik.bulk import in_parts
from clinik.models import ImportedResource
from encounters.models import Encounter, Patient
from records.csv_files.kinds import REFERENCES, Kind
from records.csv_files.maps import Layout
from records.csv_files.rows import CsvRow, Problem, numbered

# In `raw`: which rejected row it was.
_REJECTED = "$rejected"
Key = tuple[str, str]


class Checker:
    """Adds to each row what is wrong with it; a constant number of queries for a batch of rows."""

    def __init__(self, layout: Layout, source: str) -> None:
        self.layout = layout
        self.kind: Kind = layout.kind
        self.source = source
        self._taken: set[str] = set()

    def check(self, rows: Sequence[CsvRow]) -> set[str]:
        """Returns the ids of the rows that were imported before."""
        good = [row for row in rows if not row.problems]
        if self.layout.rejected is not None:
            self._find_places(good)
        named = {(REFERENCES[column][0], id) for row in good for column, id in row.names.items()}
        keys = self._keys(named | {(self.kind.resource, row.id) for row in good})
        owners = self._owners(keys)
        for row in good:
            self._check_names(row, keys, owners)
            self._check_owner(row, keys, owners)
        return {row.id for row in good if (self.kind.resource, row.id) in keys}

    def _check_names(
        self, row: CsvRow, keys: dict[Key, uuid.UUID], owners: dict[uuid.UUID, uuid.UUID]
    ) -> None:
        for column, id in row.names.items():
            kind, file = REFERENCES[column]
            if (kind, id) not in keys:
                reason = _(
                    "is not known to the source “%(source)s”: import its file of %(file)s first,"
                    " or mend the id"
                )
                self._wrong(row, column, reason % {"source": self.source, "file": file})
        patient = keys.get(("Patient", row.names.get("patient", "")))
        visit = keys.get(("Encounter", row.names.get("visit", "")))
        if patient and visit and owners.get(visit) != patient:
            self._wrong(row, "visit", _("is a visit of another patient"))

    def _check_owner(
        self, row: CsvRow, keys: dict[Key, uuid.UUID], owners: dict[uuid.UUID, uuid.UUID]
    ) -> None:
        before = owners.get(keys.get((self.kind.resource, row.id), row.id))  # type: ignore[arg-type]
        patient = keys.get(("Patient", row.names.get("patient", "")))
        if before and patient and before != patient:
            reason = _("is another patient than when this row was imported: a row never moves")
            self._wrong(row, "patient", reason)

    def _wrong(self, row: CsvRow, column: str, reason: str) -> None:
        row.problems.append(Problem(row.line.number, self.layout.title(column), reason))

    def _keys(self, wanted: Iterable[Key]) -> dict[Key, uuid.UUID]:
        """The rows of import keys; an organisation, which has none, counts as a key of its own."""
        found: dict[Key, uuid.UUID] = {}
        by_kind: dict[str, list[str]] = {}
        for kind, id in wanted:
            by_kind.setdefault(kind, []).append(id)
        for kind, ids in by_kind.items():
            for part in in_parts(ids):
                there = ImportedResource.objects.filter(
                    source=self.source, resource_type=kind, resource_id__in=part
                ).values_list("resource_id", "row_id")
                found |= {(kind, id): row or uuid.UUID(int=0) for id, row in there}
        return found

    def _owners(self, keys: dict[Key, uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
        """The patient of each visit named, and of each row that is there already."""
        owners: dict[uuid.UUID, uuid.UUID] = {}
        models: dict[str, Any] = {"Encounter": Encounter}
        if self.kind.model is not Patient and "patient" in (c.name for c in self.kind.columns):
            models[self.kind.resource] = self.kind.model
        for kind, model in models.items():
            ids = sorted(row for key, row in keys.items() if key[0] == kind)
            for part in in_parts(ids):
                owners |= dict(model.objects.filter(pk__in=part).values_list("pk", "patient_id"))
        return owners

    def _find_places(self, rows: Sequence[CsvRow]) -> None:
        """Rejected rows that come back mended, without ids, have lost their place among rows that
        are equal in all that tells them apart: each takes the one that it took when it came back
        before, else the first that is free. None takes that of a row which came in by itself."""
        waiting = [row for row in rows if row.made_id and row.rejected]
        number = 0
        while waiting:
            number += 1
            there = self._rejected(numbered(row.made_id, number) for row in waiting)
            left = []
            for row in waiting:
                id = numbered(row.made_id, number)
                if id in self._taken or there.get(id, row.rejected) != row.rejected:
                    left.append(row)
                    continue
                row.id = id
                self._taken.add(id)
                if row.mapped is not None:
                    row.mapped.raw[_REJECTED] = row.rejected
            waiting = left

    def _rejected(self, ids: Iterable[str]) -> dict[str, str]:
        """Of the ids that were imported before: which rejected row each was, or none."""
        found: dict[str, str] = {}
        for part in in_parts(set(ids)):
            there = ImportedResource.objects.filter(
                source=self.source, resource_type=self.kind.resource, resource_id__in=part
            ).values_list("resource_id", "raw")
            found |= {id: str(raw.get(_REJECTED, "")) for id, raw in there}
        return found
