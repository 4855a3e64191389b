"""The last step before writing: references become foreign keys and names, texts are made to fit."""

import hashlib
import json
import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from clinik.fhir import FhirError, Reference
from clinik.imports import ImportReport, Mapped, Row, storable
from encounters.fhir import name_of
from records.bundle.known import Known
from records.bundle.reading import Entry, ResourceFile
from records.bundle.targets import LINK_KINDS, NAME_KINDS, Target, find_target

# Cutting these would change what they say.
_NEVER_CUT = ("value", "_code", "_system", "range_low", "range_high", "quantity")


class Finisher:
    def __init__(self, file: ResourceFile, known: Known, report: ImportReport) -> None:
        self.file = file
        self.known = known
        self.report = report

    def has_patient(self, entry: Entry, mapped: Mapped) -> bool:
        """False where it is about nobody or about no person (a device, a group)."""
        reference = mapped.links["patient"]
        if reference is None or reference.kind == "display":
            return False
        target = find_target(self.file, reference, "Patient", entry)
        return target is None or target.kind == "Patient"

    def finish(self, entry: Entry, mapped: Mapped) -> str:
        """Fill in what was only referred to; returns the digest of all that is modelled.

        Raises FhirError where the patient is not known, or the visit is another patient's.
        """
        for row in (mapped, *mapped.parts):
            self._link(entry, mapped, row)
            self._name(entry, row)
        self._check_patient(entry, mapped)
        if entry.kind == "MedicationRequest" and not any(
            mapped.fields[f"medication_{part}"] for part in ("code", "display", "text")
        ):
            reason = _("names no medication that is known, left empty")
            self.report.warn(self.file.name, f"{entry.place}.medication", reason)
        content = [_content(row) for row in (mapped, *mapped.parts)]
        written = json.dumps(content, sort_keys=True, default=str)
        for row in (mapped, *mapped.parts):
            self._fit(entry, mapped, row)
        return hashlib.sha256(written.encode()).hexdigest()

    def row_id(self, entry: Entry, reference: Reference, wanted: str) -> uuid.UUID | None:
        """The row behind a reference; None where it is not known or of another kind."""
        target = find_target(self.file, reference, wanted, entry)
        if target is None or target.kind != wanted:
            return None
        if target.number:
            return self.known.by_number.get((target.kind, target.number), (None, 0))[0]
        return self.known.row_ids.get(target.key)

    def _link(self, entry: Entry, mapped: Mapped, row: Row) -> None:
        for name, reference in row.links.items():
            found = None
            if reference is not None:
                found = self.row_id(entry, reference, LINK_KINDS[name])
                if found is None:
                    self._unresolved(entry, name, reference)
                    if not row.names.get("name"):
                        # Whom it names, in the sender's words, where no column says it.
                        mapped.raw[f"${row.model._meta.model_name}.{name}"] = _as_sent(reference)
                elif name == "part_of" and found == self.known.row_ids[entry.key]:
                    found = None
                    reason = _("is part of itself, left empty")
                    self.report.warn(self.file.name, f"{entry.place}.{name}", reason)
            row.fields[f"{name}_id"] = found

    def _unresolved(self, entry: Entry, name: str, reference: Reference) -> None:
        place = f"{entry.place}.{name}"
        if name == "patient":
            reason = _("the patient it is about is neither in these files nor imported before")
            raise FhirError(place, reason)
        if reference.kind == "display" or reference.resource_type not in ("", LINK_KINDS[name]):
            return  # In words only, or somebody who is no such row here: nothing is missing.
        reason = _("refers to something that is not known, left empty")
        self.report.warn(self.file.name, place, reason)

    def _name(self, entry: Entry, row: Row) -> None:
        for name, reference in row.names.items():
            # A participant who is a practitioner here needs no name of their own.
            linked = name == "name" and row.fields.get("practitioner_id") is not None
            row.fields[name] = (
                "" if reference is None or linked else self._words(entry, name, reference)
            )

    def _words(self, entry: Entry, name: str, reference: Reference) -> str:
        target = find_target(self.file, reference, NAME_KINDS.get(name, ""), entry)
        return (self._title(target) if target else "") or reference.display

    def _title(self, target: Target) -> str:
        if target.resource is not None:
            return name_of(target.resource)
        key = self.known.keys.get(target.key)
        return str(key.raw.get("name", "")) if key and not key.row_model else ""

    def _check_patient(self, entry: Entry, mapped: Mapped) -> None:
        """A record belongs to the patient of its visit."""
        encounter = mapped.fields.get("encounter_id")
        patient = mapped.fields.get("patient_id")
        if entry.kind == "Encounter" and patient is not None:
            owner = self.known.owners.setdefault(self.known.row_ids[entry.key], patient)
            if owner != patient:
                raise FhirError(entry.place, _("names another patient than when it was imported"))
        elif encounter is not None and self.known.owners.get(encounter) != patient:
            raise FhirError(entry.place, _("names another patient than its visit does"))

    def _fit(self, entry: Entry, mapped: Mapped, row: Row) -> None:
        """What a column cannot hold is cut, said, and kept whole beside what is not modelled."""
        for name, value in row.fields.items():
            if isinstance(value, dict | list):
                row.fields[name] = storable(value)
            if not isinstance(value, str):
                continue
            column = row.model._meta.get_field(name)
            most = column.max_length if isinstance(column, models.CharField) else None
            if most is None or len(value) <= most:
                continue
            if name.endswith(_NEVER_CUT):
                reason = _("%(name)s is longer than %(most)s characters")
                raise FhirError(entry.place, reason % {"name": name, "most": most})
            row.fields[name] = value[:most]
            mapped.raw[f"${row.model._meta.model_name}.{name}"] = value
            reason = _("%(name)s is cut to %(most)s characters")
            self.report.warn(self.file.name, entry.place, reason % {"name": name, "most": most})


def _as_sent(reference: Reference) -> dict[str, Any]:
    identifier = reference.identifier if not reference.raw else None
    parts = {
        "reference": reference.raw,
        "display": reference.display,
        "identifier": identifier and {"system": identifier.system, "value": identifier.value},
    }
    return {name: value for name, value in parts.items() if value}


def _content(row: Row) -> list[Any]:
    return [row.model._meta.label_lower, row.fields]
