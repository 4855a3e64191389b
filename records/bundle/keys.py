"""The import keys of one chunk: which row each resource became, kept for the next run."""

import uuid
from typing import Any

from clinik import bulk
from clinik.imports import CONFLICT, UNCHANGED, UPDATED, Mapped, storable
from clinik.models import ImportedIdentifier, ImportedResource, ImportRun
from records.bundle.reading import Entry
from records.bundle.targets import BY_IDENTIFIER, Key

# The note that a report carries, beside the report itself.
TEXT_OF_REPORT = "DiagnosticReport.presentedForm"


class KeyBook:
    """Collects what is to be written; `write()` writes it in few statements."""

    def __init__(self, source: str, run: ImportRun) -> None:
        self._source = source
        self._run = run
        self._new: list[dict[str, Any]] = []
        self._identifiers: list[dict[str, Any]] = []
        self._changed: dict[Key, ImportedResource] = {}

    def new(
        self,
        entry: Entry,
        *,
        kind: str = "",
        row_model: str = "",
        row_id: uuid.UUID | None = None,
        row_version: int = 1,
        patient_id: uuid.UUID | None = None,
        encounter_id: uuid.UUID | None = None,
        raw: Any = None,
    ) -> None:
        self._new.append(
            {
                "source": self._source,
                "resource_type": kind or entry.kind,
                "resource_id": entry.id,
                "row_model": row_model,
                "row_id": row_id,
                "row_version": row_version,
                "patient_id": patient_id,
                "encounter_id": encounter_id,
                "digest": entry.digest,
                "raw": raw or {},
                "first_run_id": self._run.pk,
                "run_id": self._run.pk,
            }
        )
        if not kind and entry.kind in BY_IDENTIFIER:
            self._identifiers += [
                {
                    "source": self._source,
                    "resource_type": entry.kind,
                    "system": system,
                    "value": value,
                    "resource_id": entry.id,
                }
                for system, value in dict.fromkeys(entry.identifiers)
            ]

    def seen(
        self, key: ImportedResource, entry: Entry, sent: dict[str, Any], *, first_wins: bool
    ) -> str:
        """Of what no column holds several files may each bring a part, so it is added to.

        UNCHANGED where nothing was new (or new in the same run), UPDATED, or CONFLICT where
        `first_wins` and an earlier file of the run says otherwise.
        """
        if key.digest[32:] == entry.digest[32:]:
            return UNCHANGED
        sent = storable(sent)
        differs = [name for name, value in sent.items() if key.raw.get(name, value) != value]
        if not differs and sent.keys() <= key.raw.keys():
            return UNCHANGED
        self.change(key, {**sent, **key.raw} if first_wins else {**key.raw, **sent})
        if first_wins:
            return CONFLICT if differs else UNCHANGED
        key.digest = key.digest[:32] + entry.digest[32:]
        return UPDATED

    def updated(
        self, key: ImportedResource, *, digest: str, row_version: int, raw: dict[str, Any]
    ) -> None:
        # Other keys that name the row have not been edited by staff either.
        ImportedResource.objects.filter(row_id=key.row_id, row_version=key.row_version).update(
            row_version=row_version
        )
        key.digest, key.row_version = digest, row_version
        self.change(key, storable(raw))

    def becomes(
        self, key: ImportedResource, entry: Entry, mapped: Mapped, row_id: uuid.UUID
    ) -> None:
        """What an earlier version kept whole is a row now."""
        key.row_model, key.row_id, key.row_version = mapped.model._meta.label_lower, row_id, 1
        key.patient_id = mapped.fields.get("patient_id")
        key.encounter_id, key.digest = None, entry.digest
        self.change(key, storable(mapped.raw))

    def change(self, key: ImportedResource, raw: dict[str, Any]) -> None:
        # By its key: the run of a dry run is no row.
        key.raw, key.run_id = raw, self._run.pk
        self._changed[key.resource_type, key.resource_id] = key

    def write(self) -> None:
        bulk.insert(ImportedResource, self._new)
        bulk.insert(ImportedIdentifier, self._identifiers)
        ImportedResource.objects.bulk_update(
            list(self._changed.values()),
            [
                *("raw", "run", "digest", "row_model", "row_id", "row_version"),
                *("patient_id", "encounter_id"),
            ],
            batch_size=200,
        )
