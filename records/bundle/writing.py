"""One chunk becomes rows, in one transaction: found again, created, updated or left alone."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Set
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from clinik import audit
from clinik.fhir import FhirError
from clinik.ids import uuid7
from clinik.imports import (
    CONFLICT,
    CREATED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    ImportReport,
    Mapped,
)
from clinik.models import ImportedResource, ImportRun
from encounters.models import Encounter, Patient
from records.bundle import merges, pending, reports
from records.bundle.diagnoses import DiagnosisUses, free_ranks, park_ranks
from records.bundle.finishing import Finisher
from records.bundle.keys import KeyBook
from records.bundle.known import Known
from records.bundle.reading import KEPT, READERS, Chunk, Entry
from records.bundle.rows import change_row, create_rows
from records.bundle.targets import Key, Target


class ChunkWriter:
    """Writes one chunk: `prepare()` looks everything up, then `write()` writes, in a transaction
    that holds SQLite's lock only while rows go in. Both raise FhirError, with nothing written,
    where the chunk cannot be taken whole."""

    def __init__(
        self,
        chunk: Chunk,
        *,
        source: str,
        run: ImportRun,
        taken: Set[Key] = frozenset(),
        will_be: Callable[[Key], uuid.UUID | None] = lambda key: None,
    ) -> None:
        """`taken` are the resources that other files of the run have brought, `will_be` gives a key
        to those that other files of a dry run would bring."""
        self.chunk = chunk
        self.source = source
        self.run = run
        self.taken = taken
        self.will_be = will_be
        self.report = ImportReport()
        self.report.add(chunk.remarks)
        # Row and column of what waits for a target, known once the rows have their ids.
        self.awaited: list[tuple[type[models.Model], uuid.UUID, str, Target]] = []
        self._touched: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)

    def prepare(self) -> None:
        """Nothing is written yet. Whoever writes the same meanwhile is found by the unique keys,
        and by the versions of the rows."""
        self.known = Known(self.chunk, self.source, will_be=self.will_be)
        self.keys = KeyBook(self.source, self.run)
        self.finisher = Finisher(self.chunk, self.known, self.report)
        self.uses = DiagnosisUses(self.chunk, self.known, self.report)
        self._keep()
        self._drop_without_patient()
        self._new: dict[str, list[tuple[Entry, Mapped]]] = {}
        self._changed: dict[str, list[tuple[Entry, Mapped]]] = {}
        for kind in READERS:
            self._sort_out(kind)
        self._keep_of_patients()

    def write(self) -> ImportReport:
        """In a transaction, where there is one in that: an error takes all of it back."""
        with transaction.atomic(savepoint=False):
            for kind in READERS:
                self._write_kind(kind)
            self._wait()
            self.keys.write()
            self.uses.apply()
            self._wait_for_conditions()
            self._merge()
            pending.fill(
                self.source, self.chunk.entries, self.known, by=self.run.by, warn=self._warn
            )
            self._audit()
        return self.report

    # -- what becomes no row --------------------------------------------------------------------

    def _keep(self) -> None:
        """Organisations, places, roles and medications are kept whole: others refer to them."""
        for entry in self.chunk.entries:
            if entry.kind in KEPT:
                self._keep_whole(entry, None, None)

    def _keep_of_patients(self) -> None:
        """Resources that are not modelled are kept whole where they are an imported patient's."""
        for entry in self.chunk.entries:
            if entry.kind in KEPT or entry.kind in READERS:
                continue
            self.report.unmodelled[entry.kind] += 1
            patient = self.known.row_id(entry.owner) if entry.owner is not None else None
            visit = self.known.row_id(entry.owner_visit) if entry.owner_visit is not None else None
            if patient is None and visit is not None:
                patient = self.known.owners.get(visit)
            if patient is not None:
                self._keep_whole(entry, patient, visit)
            else:
                self.report.count(entry.kind, SKIPPED)

    def _keep_whole(self, entry: Entry, patient: uuid.UUID | None, visit: uuid.UUID | None) -> None:
        key = self.known.keys.get(entry.key)
        if key is None:
            self.keys.new(entry, patient_id=patient, encounter_id=visit, raw=entry.raw)
            self.report.count(entry.kind, CREATED)
        elif entry.create_only:
            self.report.count(entry.kind, UNCHANGED)
        else:
            key.patient_id, key.encounter_id = patient, visit
            self._see(key, entry, entry.whole)

    # -- rows -----------------------------------------------------------------------------------

    def _drop_without_patient(self) -> None:
        """A resource that names no patient (R4 allows it) cannot stand in a chart: left out."""
        for entry in self.chunk.entries:
            mapped = self.chunk.mapped.get(entry.key)
            if mapped is None or "patient" not in mapped.links:
                continue
            if not self.finisher.has_patient(mapped):
                del self.chunk.mapped[entry.key]
                self.known.forget(entry.key)
                self.report.count(entry.kind, SKIPPED)
                self.report.warn(self.chunk.name, entry.place, _("about no patient, left out"))

    def _sort_out(self, kind: str) -> None:
        """Which resources of a type are new, which say something new."""
        new = self._new[kind] = []
        changed = self._changed[kind] = []
        for entry in self.chunk.entries:
            if entry.kind != kind or entry.key not in self.chunk.mapped:
                continue
            mapped = self.chunk.mapped[entry.key]
            self.finisher.finish(entry, mapped)
            key = self.known.keys.get(entry.key)
            if self._is_new(entry, key):
                new.append((entry, mapped))
            elif key is None:
                self._join(entry, mapped)
            elif key.digest[:32] == entry.digest[:32] or entry.create_only:
                self._same(key, entry, mapped)
            elif entry.key in self.taken:
                # Taking both in turn would change the row to and fro in every run.
                self._conflict(entry, _("another file of this run says otherwise and came first"))
            else:
                changed.append((entry, mapped))
            self._await(entry, is_new=key is None or self._is_new(entry, key))

    def _is_new(self, entry: Entry, key: ImportedResource | None) -> bool:
        """No row is known; its type may have been kept whole when it came first."""
        if key is None:
            return entry.key not in self.known.joined
        return key.row_id is None and not entry.create_only

    def _write_kind(self, kind: str) -> None:
        new, changed = self._new[kind], self._changed[kind]
        if kind == "DocumentReference":
            new = reports.join_documents(self, new)
        elif kind == "DiagnosticReport":
            reports.write_texts(self, [*new, *changed])
        self._create(kind, new)
        self._change(kind, changed)

    def _same(self, key: ImportedResource, entry: Entry, mapped: Mapped) -> None:
        if entry.create_only:
            self.report.count(entry.kind, UNCHANGED)
        else:
            self._see(key, entry, lambda: mapped.raw)

    def _see(self, key: ImportedResource, entry: Entry, rest: Callable[[], dict[str, Any]]) -> None:
        if key.digest[32:] == entry.digest[32:]:
            self.report.count(entry.kind, UNCHANGED)
            return
        outcome = self.keys.seen(key, entry, rest(), first_wins=entry.key in self.taken)
        if outcome == CONFLICT:
            self._conflict(entry, _("another file of this run says otherwise and came first"))
        else:
            self.report.count(entry.kind, outcome)

    def _create(self, kind: str, new: list[tuple[Entry, Mapped]]) -> None:
        if not new:
            return
        rows = [(self.known.row_ids[entry.key], mapped) for entry, mapped in new]
        if kind == "Condition":
            places = [(row_id, e.place, m) for (row_id, _), (e, m) in zip(rows, new, strict=True)]
            free_ranks(places, self.report, self.chunk.name)
        create_rows(rows, source=self.source)
        for entry, mapped in new:
            row_id = self.known.row_ids[entry.key]
            if (key := self.known.keys.get(entry.key)) is not None:
                self.keys.becomes(key, entry, mapped, row_id)
                continue
            self.keys.new(
                entry,
                row_model=mapped.model._meta.label_lower,
                row_id=row_id,
                patient_id=mapped.fields.get("patient_id"),
                raw=mapped.raw,
            )
        self.report.count(kind, CREATED, len(new))
        for row_id, mapped in rows:
            self._touch(row_id, mapped, CREATED)

    def _change(self, kind: str, changed: list[tuple[Entry, Mapped]]) -> None:
        if not changed:
            return
        if kind == "Condition":
            free_ranks(
                [(self.known.row_ids[e.key], e.place, m) for e, m in changed],
                self.report,
                self.chunk.name,
            )
        untouched = []
        for entry, mapped, row in self._rows_of(changed):
            key = self.known.keys[entry.key]
            if row is None or row.version != key.row_version or row.source != self.source:
                # By staff, or the row is of another source, or has become another kind.
                self._conflict(entry, _("changed here since it was imported, left as it is"))
            else:
                self._check_same_patient(entry, mapped, row)
                untouched.append((entry, mapped, row))
        if kind == "Condition":
            park_ranks([(row, mapped) for _entry, mapped, row in untouched])
        for entry, mapped, row in untouched:
            key = self.known.keys[entry.key]
            fresh = change_row(row, mapped, source=self.source)
            self.keys.updated(key, digest=entry.digest, row_version=fresh.version, raw=mapped.raw)
            self.report.count(kind, UPDATED)
            self._touch(row.pk, mapped, UPDATED)

    def _conflict(self, entry: Entry, reason: str) -> None:
        self.report.count(entry.kind, CONFLICT)
        self.report.warn(self.chunk.name, entry.place, reason)

    def _rows_of(self, changed: list[tuple[Entry, Mapped]]) -> Iterator[tuple[Entry, Mapped, Any]]:
        """With the present row of each, read in one query a table; None where it is not there."""
        ids = [self.known.row_ids[entry.key] for entry, _mapped in changed]
        tables = {mapped.model for _entry, mapped in changed}
        found = {model: model._default_manager.in_bulk(ids) for model in tables}
        for entry, mapped in changed:
            yield entry, mapped, found[mapped.model].get(self.known.row_ids[entry.key])

    def _check_same_patient(self, entry: Entry, mapped: Mapped, row: Any) -> None:
        patient = mapped.fields.get("patient_id")
        if patient is not None and row.patient_id != patient:
            raise FhirError(entry.place, _("names another patient than when it was imported"))

    def _join(self, entry: Entry, mapped: Mapped) -> None:
        """A second id of somebody known by NPI or clinic number: the row stays as it is."""
        row_id, version = self.known.joined[entry.key]
        self.keys.new(
            entry,
            row_model=mapped.model._meta.label_lower,
            row_id=row_id,
            row_version=version,
            patient_id=mapped.fields.get("patient_id"),
            raw=mapped.raw,
        )
        self.report.count(entry.kind, UNCHANGED)

    # -- what waits -----------------------------------------------------------------------------

    def _await(self, entry: Entry, *, is_new: bool) -> None:
        """Remember which column of which row waits. Of what is there already the parts wait since
        they were made; a part and a text that are new get their ids now."""
        for row, name, target in self.finisher.awaited:
            if row is self.chunk.mapped[entry.key]:
                self.awaited.append((row.model, self.known.row_ids[entry.key], name, target))
            elif is_new:
                row_id = row.fields.setdefault("id", uuid7())
                self.awaited.append((row.model, row_id, name, target))
        self.finisher.awaited.clear()

    def _wait(self) -> None:
        pending.wait(self.source, self.awaited)

    def _wait_for_conditions(self) -> None:
        awaited = [
            (Encounter, self.known.row_ids[entry.key], pending.DIAGNOSIS, target)
            for entry, target in self.uses.awaited
        ]
        pending.wait(self.source, awaited)

    def _merge(self) -> None:
        """What the source has merged, where both are here; else it waits for the other."""
        awaited = []
        for entry, target, kind, other in merges.linked(self.chunk, self.known):
            row_id = self.known.row_ids[entry.key]
            if other is not None:
                why = merges.merge(row_id, kind, other, source=self.source, by=self.run.by)
                self._warn(entry, why)
            elif target.is_known_of:
                awaited.append((Patient, row_id, kind, target))
        pending.wait(self.source, awaited)

    def _warn(self, entry: Entry, reason: str) -> None:
        if reason:
            self.report.warn(self.chunk.name, f"{entry.place}.link", reason)

    # -- the trail ------------------------------------------------------------------------------

    def _touch(self, row_id: uuid.UUID, mapped: Mapped, outcome: str) -> None:
        patient = row_id if mapped.model is Patient else mapped.fields.get("patient_id")
        if patient is not None:
            self._touched[patient][outcome] += 1

    def _audit(self) -> None:
        """One entry a patient; each visit created has its own besides."""
        of_run = {"run": self.run.pk, "source": self.source}
        rows = (
            {"id": patient, "patient_id": patient, "detail": {**of_run, **outcomes}}
            for patient, outcomes in self._touched.items()
        )
        audit.record_many("patient.import", Patient, rows, by=self.run.by, action="E")
