"""Encounter.diagnosis: which condition a visit names, as what, in which rank."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from clinik.imports import ImportReport, Mapped
from clinik.models import ImportedResource
from encounters.models import Diagnosis
from records.bundle.known import Known
from records.bundle.reading import Chunk, Entry
from records.bundle.targets import Target


class DiagnosisUses:
    """Conditions that a visit of this chunk ranks and another file brought, or will bring.

    Those of its own chunk have their use and rank from the reading (`reading.name_uses`).
    """

    def __init__(self, chunk: Chunk, known: Known, report: ImportReport) -> None:
        self.chunk = chunk
        self.known = known
        self.report = report
        # (visit's entry, target) of conditions that nobody has brought yet.
        self.awaited: list[tuple[Entry, Target]] = []

    def apply(self) -> None:
        """After the chunk's rows are written."""
        wanted: dict[uuid.UUID, tuple[Entry, str, int | None]] = {}
        for entry in self.chunk.entries:
            mapped = self.chunk.mapped.get(entry.key)
            for target, use, rank in mapped.conditions if mapped else ():
                if target is None or target.kind != "Condition":
                    self._warn(entry, _("names a diagnosis that is not known"))
                elif target.key in self.chunk.mapped:
                    continue
                elif (row_id := self.known.row_id(target)) is None:
                    self._warn(entry, _("names a diagnosis that is not known"))
                    if target.id:
                        self.awaited.append((entry, target))
                elif row_id in wanted:
                    self._warn(entry, _("names the same condition a second time, left out"))
                else:
                    wanted[row_id] = (entry, use, rank)
        rows = Diagnosis.objects.in_bulk(list(wanted))
        keys = self._keys(list(wanted))
        for row_id, (entry, use, rank) in wanted.items():
            key = keys.get(row_id)
            visit = self.known.row_ids[entry.key]
            if row_id not in rows or key is None:
                continue
            patient = self.known.owners[visit]
            if not rank_diagnosis(rows[row_id], key, visit, patient, use, rank):
                self._warn(entry, _("names a condition of another visit, its use is left out"))

    def _keys(self, row_ids: list[uuid.UUID]) -> dict[uuid.UUID, ImportedResource]:
        found = ImportedResource.objects.filter(
            source=self.known.source, resource_type="Condition", row_id__in=row_ids
        )
        return {key.row_id: key for key in found if key.row_id is not None}

    def _warn(self, entry: Entry, reason: str) -> None:
        self.report.warn(self.chunk.name, f"{entry.place}.diagnosis", reason)


def rank_diagnosis(
    row: Diagnosis,
    key: ImportedResource,
    visit: uuid.UUID,
    patient: uuid.UUID,
    use: str,
    rank: int | None,
) -> bool:
    """Give an imported diagnosis its use and rank; False where it is another visit's.

    Left as it is where staff edited it, or another diagnosis has the rank.
    """
    if row.encounter_id not in (None, visit) or patient != row.patient_id:
        return False
    if (row.use, row.rank, row.encounter_id) == (use, rank, visit):
        return True
    taken = Diagnosis.objects.filter(_takes(visit, use, rank)).exclude(pk=row.pk)
    if row.version != key.row_version or (rank is not None and taken.exists()):
        return True
    row.use, row.rank, row.encounter_id = use, rank, visit
    row._change_reason = "import"
    row.save()
    ImportedResource.objects.filter(row_id=row.pk, row_version=key.row_version).update(
        row_version=row.version
    )
    key.row_version = row.version
    return True


def park_ranks(rows: Sequence[tuple[Diagnosis, Mapped]]) -> None:
    """Two diagnoses may change places: the ranks that will change are given up first."""
    going = [
        row
        for row, mapped in rows
        if row.rank is not None and mapped.fields.get("rank", row.rank) != row.rank
    ]
    Diagnosis.objects.filter(pk__in=[row.pk for row in going]).update(rank=None)
    for row in going:
        row.rank = None


def free_ranks(
    rows: Sequence[tuple[uuid.UUID, str, Mapped]], report: ImportReport, file: str
) -> None:
    """A rank that another diagnosis of the visit has is left empty, and said."""
    ids = [row_id for row_id, _place, _mapped in rows]
    visits = {m.fields.get("encounter_id") for _id, _place, m in rows if m.fields.get("rank")}
    if not visits:
        return
    taken: set[tuple[Any, Any, Any]] = set(
        Diagnosis.objects.filter(encounter__in=visits - {None}, rank__isnull=False)
        .exclude(verification="entered-in-error")
        .exclude(pk__in=ids)
        .values_list("encounter_id", "use", "rank")
    )
    for _id, place, mapped in rows:
        fields = mapped.fields
        if fields.get("rank") is None or fields["verification"] == "entered-in-error":
            continue
        wanted = (fields.get("encounter_id"), fields["use"], fields["rank"])
        if wanted in taken:
            reason = _("its rank is taken by another diagnosis of the visit, left empty")
            report.warn(file, place, reason)
            fields["rank"] = None
        taken.add(wanted)


def _takes(visit: uuid.UUID, use: str, rank: int | None) -> Q:
    return Q(encounter=visit, use=use, rank=rank) & ~Q(verification="entered-in-error")
