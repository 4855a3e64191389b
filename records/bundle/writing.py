"""One file becomes rows, in one transaction: found again, created, updated or left alone."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit
from clinik.fhir import FhirError
from clinik.imports import (
    CONFLICT,
    CREATED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    ImportReport,
    Mapped,
)
from clinik.models import ImportRun
from encounters.fhir import name_of
from encounters.models import Patient
from records.bundle.diagnoses import DiagnosisUses
from records.bundle.finishing import Finisher
from records.bundle.keys import KeyBook
from records.bundle.known import Known
from records.bundle.reading import NAMED, READERS, Entry, Key, ResourceFile
from records.bundle.rows import change_row, create_rows


class FileWriter:
    """Writes one file. `write()` raises FhirError, with nothing written, where it cannot be taken
    whole."""

    def __init__(
        self, file: ResourceFile, *, source: str, run: ImportRun, taken: Set[Key] = frozenset()
    ) -> None:
        """`taken` are the resources that other files of the run have brought."""
        self.file = file
        self.source = source
        self.run = run
        self.taken = taken
        self.report = ImportReport(files_read=1)
        self._touched: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)

    def write(self) -> ImportReport:
        with transaction.atomic():
            self.known = Known(self.file, self.source)
            self.keys = KeyBook(self.known.keys, self.source, self.run)
            self.finisher = Finisher(self.file, self.known, self.report)
            self.uses = DiagnosisUses(self.file, self.known, self.finisher)
            self._name_only()
            self._drop_without_patient()
            self.uses.apply()
            for kind in READERS:
                self._write_kind(kind)
            self.keys.write()
            self.uses.apply_elsewhere()
            self._audit()
        self.report.unmodelled = self.file.unmodelled()
        return self.report

    def _name_only(self) -> None:
        """Organisations and places are kept for their names."""
        for entry in self.file.entries:
            if entry.kind in NAMED:
                self.keys.name(entry, name_of(entry.resource))

    def _drop_without_patient(self) -> None:
        """A resource that names no patient (R4 allows it) cannot stand in a chart: left out."""
        for entry in self.file.entries:
            mapped = self.file.mapped.get(entry.key)
            if mapped is None or "patient" not in mapped.links:
                continue
            if not self.finisher.has_patient(entry, mapped):
                del self.file.mapped[entry.key]
                self.known.forget(entry.key)
                self.report.count(entry.kind, SKIPPED)
                self.report.warn(self.file.name, entry.place, _("about no patient, left out"))

    def _write_kind(self, kind: str) -> None:
        new: list[tuple[Entry, Mapped]] = []
        changed: list[tuple[Entry, Mapped, str]] = []
        for entry in self.file.entries:
            if entry.kind != kind or entry.key not in self.file.mapped:
                continue
            mapped = self.file.mapped[entry.key]
            digest = self.finisher.finish(entry, mapped)
            key = self.known.keys.get(entry.key)
            if key is None and entry.key not in self.known.joined:
                new.append((entry, mapped))
                label, row_id = mapped.model._meta.label_lower, self.known.row_ids[entry.key]
                self.keys.new(entry, label, row_id, 1, digest, mapped.raw)
            elif key is None:
                self._join(entry, mapped, digest)
            elif key.digest == digest or entry.create_only:
                self.keys.seen(key, mapped.raw)
                self.report.count(kind, UNCHANGED)
            elif entry.key in self.taken:
                # Taking both in turn would change the row to and fro in every run.
                self._conflict(entry, _("another file of this run says otherwise and came first"))
            else:
                changed.append((entry, mapped, digest))
        self._create(kind, new)
        self._change(kind, changed)

    def _create(self, kind: str, new: list[tuple[Entry, Mapped]]) -> None:
        if not new:
            return
        if kind == "Condition":
            self.uses.free_ranks([(self.known.row_ids[e.key], e.place, m) for e, m in new])
        rows = [(self.known.row_ids[entry.key], mapped) for entry, mapped in new]
        create_rows(rows, source=self.source)
        self.report.count(kind, CREATED, len(new))
        for row_id, mapped in rows:
            self._touch(row_id, mapped, CREATED)

    def _change(self, kind: str, changed: list[tuple[Entry, Mapped, str]]) -> None:
        if not changed:
            return
        if kind == "Condition":
            self.uses.free_ranks([(self.known.row_ids[e.key], e.place, m) for e, m, _d in changed])
        untouched = []
        for entry, mapped, digest, row in self._rows_of(changed):
            key = self.known.keys[entry.key]
            if row is None or row.version != key.row_version or row.source != self.source:
                # By staff, or the row is of another source, or has become another kind.
                self._conflict(entry, _("changed here since it was imported, left as it is"))
            else:
                self._check_same_patient(entry, mapped, row)
                untouched.append((entry, mapped, digest, row))
        if kind == "Condition":
            self.uses.park_ranks([(row, mapped) for _e, mapped, _d, row in untouched])
        for entry, mapped, digest, row in untouched:
            key = self.known.keys[entry.key]
            fresh = change_row(row, mapped, source=self.source)
            self.keys.updated(key, digest=digest, row_version=fresh.version, raw=mapped.raw)
            self.report.count(kind, UPDATED)
            self._touch(row.pk, mapped, UPDATED)

    def _conflict(self, entry: Entry, reason: str) -> None:
        self.report.count(entry.kind, CONFLICT)
        self.report.warn(self.file.name, entry.place, reason)

    def _rows_of(
        self, changed: list[tuple[Entry, Mapped, str]]
    ) -> Iterator[tuple[Entry, Mapped, str, Any]]:
        """With the present row of each, read in one query a table; None where it is not there."""
        ids = [self.known.row_ids[entry.key] for entry, _mapped, _digest in changed]
        models = {mapped.model for _entry, mapped, _digest in changed}
        found = {model: model._default_manager.in_bulk(ids) for model in models}
        for entry, mapped, digest in changed:
            yield entry, mapped, digest, found[mapped.model].get(self.known.row_ids[entry.key])

    def _check_same_patient(self, entry: Entry, mapped: Mapped, row: Any) -> None:
        patient = mapped.fields.get("patient_id")
        if patient is not None and row.patient_id != patient:
            raise FhirError(entry.place, _("names another patient than when it was imported"))

    def _join(self, entry: Entry, mapped: Mapped, digest: str) -> None:
        """A second id of somebody known by NPI or clinic number: the row stays as it is."""
        row_id, version = self.known.joined[entry.key]
        label = mapped.model._meta.label_lower
        self.keys.new(entry, label, row_id, version, digest, mapped.raw)
        self.report.count(entry.kind, UNCHANGED)

    def _touch(self, row_id: uuid.UUID, mapped: Mapped, outcome: str) -> None:
        patient = row_id if mapped.model is Patient else mapped.fields.get("patient_id")
        if patient is not None:
            self._touched[patient][outcome] += 1

    def _audit(self) -> None:
        """One entry a patient; each visit created has its own besides."""
        for patient in Patient.objects.in_bulk(list(self._touched)).values():
            detail = {"run": self.run.pk, "source": self.source, **self._touched[patient.pk]}
            audit.record("patient.import", patient, by=None, detail=detail)
