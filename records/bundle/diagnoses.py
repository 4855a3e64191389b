"""Encounter.diagnosis: which condition a visit names, as what, in which rank."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from clinik.imports import Mapped, storable
from clinik.models import ImportedResource
from encounters.models import Diagnosis
from records.bundle.finishing import Finisher
from records.bundle.known import Known
from records.bundle.reading import Entry, Key, ResourceFile
from records.bundle.targets import find_target


class DiagnosisUses:
    """One Diagnosis per Condition: a second use of the same one is reported, not stored."""

    def __init__(self, file: ResourceFile, known: Known, finisher: Finisher) -> None:
        self.file = file
        self.known = known
        self.finisher = finisher
        self._elsewhere: dict[Key, tuple[Entry, str, int | None]] = {}

    def apply(self) -> None:
        """Write use and rank into the file's conditions; remember those imported before."""
        named: set[Key] = set()
        for entry in self.file.entries:
            mapped = self.file.mapped.get(entry.key)
            for reference, use, rank in mapped.conditions if mapped else ():
                target = find_target(self.file, reference, "Condition", entry)
                if target is None or target.kind != "Condition":
                    self._unknown(entry, mapped)
                elif target.key in named:
                    self._warn(entry, _("names the same condition a second time, left out"))
                elif target.key in self.file.mapped:
                    named.add(target.key)
                    self._use(entry, self.file.mapped[target.key], use, rank)
                elif target.key in self.known.row_ids:
                    named.add(target.key)
                    self._elsewhere[target.key] = (entry, use, rank)
                else:
                    self._unknown(entry, mapped)

    def _unknown(self, entry: Entry, mapped: Mapped | None) -> None:
        """In words only, a procedure, or elsewhere: the list stays as it was sent."""
        self._warn(entry, _("names a diagnosis that is not known"))
        if mapped is not None:
            mapped.raw["diagnosis"] = storable(entry.resource["diagnosis"])

    def _use(self, entry: Entry, condition: Mapped, use: str, rank: int | None) -> None:
        own = condition.links.get("encounter")
        if own is None:
            condition.fields |= {"encounter_id": self.known.row_ids[entry.key]}
            condition.links.pop("encounter", None)
        else:
            place = find_target(self.file, own, "Encounter", entry)
            if place is None or place.key != entry.key:
                self._warn(entry, _("names a condition of another visit, its use is left out"))
                return
        condition.fields |= {"use": use, "rank": rank}

    def apply_elsewhere(self) -> None:
        """Conditions that an earlier file brought and this one ranks."""
        ids = {key: self.known.row_ids[key] for key in self._elsewhere}
        rows = Diagnosis.objects.in_bulk(list(ids.values()))
        for key, (entry, use, rank) in self._elsewhere.items():
            row, visit = rows[ids[key]], self.known.row_ids[entry.key]
            if row.encounter_id not in (None, visit) or self.known.owners[visit] != row.patient_id:
                self._warn(entry, _("names a condition of another visit, its use is left out"))
            elif (row.use, row.rank, row.encounter_id) != (use, rank, visit):
                self._rank_elsewhere(key, row, visit, use, rank)

    def _rank_elsewhere(
        self, key: Key, row: Diagnosis, visit: uuid.UUID, use: str, rank: int | None
    ) -> None:
        imported = self.known.keys[key]
        taken = Diagnosis.objects.filter(_takes(visit, use, rank)).exclude(pk=row.pk)
        if row.version != imported.row_version or (rank is not None and taken.exists()):
            return
        row.use, row.rank, row.encounter_id = use, rank, visit
        row.save()
        ImportedResource.objects.filter(pk=imported.pk).update(row_version=row.version)

    def park_ranks(self, rows: Sequence[tuple[Diagnosis, Mapped]]) -> None:
        """Two diagnoses may change places: the ranks that will change are given up first."""
        going = [
            row
            for row, mapped in rows
            if row.rank is not None and mapped.fields.get("rank", row.rank) != row.rank
        ]
        Diagnosis.objects.filter(pk__in=[row.pk for row in going]).update(rank=None)
        for row in going:
            row.rank = None

    def free_ranks(self, rows: Sequence[tuple[uuid.UUID, str, Mapped]]) -> None:
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
                self.finisher.report.warn(self.file.name, place, reason)
                fields["rank"] = None
            taken.add(wanted)

    def _warn(self, entry: Entry, reason: str) -> None:
        self.finisher.report.warn(self.file.name, f"{entry.place}.diagnosis", reason)


def _takes(visit: uuid.UUID, use: str, rank: int | None) -> Q:
    return Q(encounter=visit, use=use, rank=rank) & ~Q(verification="entered-in-error")
