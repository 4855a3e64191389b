"""The import keys of one file: which row each resource became, kept for the next run."""

import uuid
from collections.abc import Mapping
from typing import Any

from clinik.models import ImportedResource, ImportRun
from records.bundle.reading import Entry, Key


class KeyBook:
    """Collects what is to be written; `write()` writes it in few statements."""

    def __init__(self, known: Mapping[Key, ImportedResource], source: str, run: ImportRun) -> None:
        self._known = known
        self._source = source
        self._run = run
        self._new: list[ImportedResource] = []
        self._changed: dict[Key, ImportedResource] = {}

    def name(self, entry: Entry, name: str) -> None:
        """An organisation or a place: no row, only what it is called."""
        key = self._known.get(entry.key)
        if key is None:
            self.new(entry, "", None, 1, "", {"name": name})
        elif key.raw != {"name": name}:
            self._change(key, {"name": name})

    def new(
        self,
        entry: Entry,
        row_model: str,
        row_id: uuid.UUID | None,
        row_version: int,
        digest: str,
        raw: dict[str, Any],
    ) -> None:
        self._new.append(
            ImportedResource(
                source=self._source,
                resource_type=entry.kind,
                resource_id=entry.id,
                row_model=row_model,
                row_id=row_id,
                row_version=row_version,
                digest=digest,
                raw=raw,
                first_run=self._run,
                run=self._run,
            )
        )

    def seen(self, key: ImportedResource, raw: dict[str, Any]) -> None:
        """Unchanged; of what is not modelled two files may each bring a part, so it is added to."""
        merged = {**key.raw, **raw}
        if merged != key.raw:
            self._change(key, merged)

    def updated(
        self, key: ImportedResource, *, digest: str, row_version: int, raw: dict[str, Any]
    ) -> None:
        # Other keys that name the row have not been edited by staff either.
        ImportedResource.objects.filter(row_id=key.row_id, row_version=key.row_version).update(
            row_version=row_version
        )
        key.digest, key.row_version = digest, row_version
        self._change(key, raw)

    def write(self) -> None:
        ImportedResource.objects.bulk_create(self._new, batch_size=500)
        ImportedResource.objects.bulk_update(
            list(self._changed.values()), ["raw", "run", "digest", "row_version"], batch_size=200
        )

    def _change(self, key: ImportedResource, raw: dict[str, Any]) -> None:
        key.raw, key.run = raw, self._run
        self._changed[key.resource_type, key.resource_id] = key
