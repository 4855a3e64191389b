"""The last step before writing: what rows refer to becomes foreign keys and names."""

import uuid
from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir import FhirError
from clinik.imports import ImportReport, Mapped, Row, limits
from encounters.fhir import name_of
from records.bundle.known import Known
from records.bundle.reading import Chunk, Entry
from records.bundle.targets import LINK_KINDS, Target
from records.fhir import medication_columns
from records.models import Note


class Finisher:
    """Finishes the rows of a chunk; `awaited` are columns that wait for their target."""

    def __init__(self, chunk: Chunk, known: Known, report: ImportReport) -> None:
        self.chunk = chunk
        self.known = known
        self.report = report
        self.awaited: list[tuple[Row, str, Target]] = []
        self._rows: dict[tuple[Target, str], uuid.UUID | None] = {}

    def has_patient(self, mapped: Mapped) -> bool:
        """False where it is about nobody or about no person (a device, a group)."""
        target: Target | None = mapped.links["patient"]
        if target is None or not (target.is_known_of or target.sent[0]):
            return False
        return target.kind in ("", "Patient")

    def finish(self, entry: Entry, mapped: Mapped) -> None:
        """Fill in what was only referred to.

        Raises FhirError where the patient is not known, or the visit is another patient's.
        """
        for row in (mapped, *mapped.parts):
            for name, target in row.links.items():
                self._link(entry, mapped, row, name, target)
            for name, target in row.names.items():
                self._name(mapped, row, name, target)
        self._check_patient(entry, mapped)
        if entry.kind == "MedicationRequest" and not any(
            mapped.fields[f"medication_{part}"] for part in ("code", "display", "text")
        ):
            reason = _("names no medication that is known, left empty")
            self.report.warn(self.chunk.name, f"{entry.place}.medication", reason)
        if mapped.text is not None:
            self.finish(entry, mapped.text)

    def row_id(self, target: Target, wanted: str) -> uuid.UUID | None:
        """The row behind a target; None where it is not known or of another kind."""
        asked = (target, wanted)
        if asked not in self._rows:
            followed = self.known.followed(target) if wanted == "Practitioner" else target
            of_kind = followed.kind in ("", wanted)
            self._rows[asked] = self.known.row_id(followed) if of_kind else None
        return self._rows[asked]

    def _link(
        self, entry: Entry, mapped: Mapped, row: Row, name: str, target: Target | None
    ) -> None:
        if name == "medication":
            if target is not None:
                self._medicate(mapped, target)
            return
        found = None
        if target is not None:
            found = self.row_id(target, LINK_KINDS[name])
            if found is None:
                self._unresolved(entry, mapped, row, name, target)
            elif name in ("part_of", "about"):
                found = self._of_its_kind(entry, mapped, name, target, found)
        row.fields[f"{name}_id"] = found

    def _of_its_kind(
        self, entry: Entry, mapped: Mapped, name: str, target: Target, found: uuid.UUID
    ) -> uuid.UUID | None:
        """A visit is part of another one, a note adds to another one of the same patient."""
        reason = ""
        if found == self.known.row_ids[entry.key]:
            reason = _("refers to itself, left empty")
        elif name == "about" and not self._same_patient(mapped, target, found):
            reason = _("adds to a note of another patient, left empty")
        if not reason:
            return found
        self.report.warn(self.chunk.name, f"{entry.place}.{name}", reason)
        return None

    def _same_patient(self, mapped: Mapped, target: Target, note: uuid.UUID) -> bool:
        own = self.row_id(mapped.links["patient"], "Patient")
        of_chunk = self.chunk.mapped.get(target.key)
        if of_chunk is not None:
            return self.row_id(of_chunk.links["patient"], "Patient") == own
        return own is not None and Note.objects.filter(pk=note, patient_id=own).exists()

    def _unresolved(
        self, entry: Entry, mapped: Mapped, row: Row, name: str, target: Target
    ) -> None:
        place = f"{entry.place}.{name}"
        if name == "patient":
            reason = _("the patient it is about is neither in these files nor imported before")
            raise FhirError(place, reason)
        if not row.names.get("name") and name != "observation":
            # Whom it names, in the sender's words, where no column says it.
            mapped.raw[f"${row.model._meta.model_name}.{name}"] = target.as_sent()
        wanted = LINK_KINDS[name]
        of_kind = target.kind == wanted or (
            target.kind == "PractitionerRole" and wanted == "Practitioner"
        )
        if not target.is_known_of or not of_kind:
            return  # In words only, or somebody who is no such row here: nothing is missing.
        self.awaited.append((row, name, target))
        reason = _("refers to something that is not known yet, left empty until it comes")
        self.report.warn(self.chunk.name, place, reason)

    def _medicate(self, mapped: Mapped, target: Target) -> None:
        key = self.known.key(target)
        columns = medication_columns(key.raw) if key is not None else {}
        if columns:
            mapped.fields |= columns
        elif target.is_known_of:
            self.awaited.append((mapped, "medication", target))

    def _name(self, mapped: Mapped, row: Row, name: str, target: Target | None) -> None:
        # A participant who is a practitioner here needs no name of their own.
        linked = name == "name" and row.fields.get("practitioner_id") is not None
        if target is None or linked:
            row.fields[name] = ""
            return
        words = self._title(target) or target.display
        row.fields[name] = words
        most = limits(row.model).get(name, len(words))
        if len(words) > most:
            mapped.raw[f"${row.model._meta.model_name}.{name}"] = words
            row.fields[name] = words[:most]
        if not words and target.is_known_of and name not in row.links:
            self.awaited.append((row, name, target))

    def _title(self, target: Target) -> str:
        if target.name:
            return target.name
        key = self.known.key(target) if target.is_known_of or target.sent[2] else None
        return name_of(key.raw) if key is not None and key.row_id is None else ""

    def _check_patient(self, entry: Entry, mapped: Mapped) -> None:
        """A record belongs to the patient of its visit."""
        encounter: Any = mapped.fields.get("encounter_id")
        patient: Any = mapped.fields.get("patient_id")
        owners = self.known.owners
        if entry.kind == "Encounter" and patient is not None:
            owner = owners.setdefault(self.known.row_ids[entry.key], patient)
            if owner != patient:
                raise FhirError(entry.place, _("names another patient than when it was imported"))
        elif encounter is not None and owners.get(encounter, patient) != patient:
            raise FhirError(entry.place, _("names another patient than its visit does"))
