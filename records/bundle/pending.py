"""References whose target no file has brought yet, and what happens when it comes."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.db import models

from clinik import bulk
from clinik.fhir import parse_reference
from clinik.models import ImportedResource, PendingReference
from encounters.fhir import name_of
from encounters.models import Diagnosis, Encounter
from encounters.models.diagnosis import Use
from records.bundle import merges
from records.bundle.diagnoses import rank_diagnosis
from records.bundle.known import Known
from records.bundle.reading import Entry
from records.bundle.targets import LINK_KINDS, Target, elsewhere
from records.fhir import medication_columns
from records.models import Note

_AT_ONCE = 500
# Of an Encounter whose diagnosis list names a condition nobody has brought.
DIAGNOSIS = "diagnosis"


def wait(source: str, awaited: Iterable[tuple[type[models.Model], uuid.UUID, str, Target]]) -> None:
    """Remember which column of which row waits for which target."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for model, row_id, name, target in awaited:
        kind, wanted = _wanted(target)
        key = (kind, wanted, row_id, name)
        rows[key] = {
            "source": source,
            "target_type": kind,
            "target_id": wanted,
            "row_model": model._meta.label_lower,
            "row_id": row_id,
            "name": name,
        }
    present = set(
        PendingReference.objects.filter(
            source=source, row_id__in={row_id for _k, _w, row_id, _n in rows}
        ).values_list("target_type", "target_id", "row_id", "name")
        if rows
        else ()
    )
    bulk.insert(PendingReference, [row for key, row in rows.items() if key not in present])


def _wanted(target: Target) -> tuple[str, str]:
    if target.id:
        return target.key
    system, value = target.sent[2] or (target.system or "", target.number or target.value)
    return target.kind, f"{system}|{value}"


def fill(
    source: str,
    entries: Iterable[Entry],
    known: Known,
    *,
    by: Any = None,
    warn: Callable[[Entry, str], None] = lambda entry, reason: None,
) -> int:
    """Fill the columns that waited for what these entries brought; returns how many.

    Patients who waited for the one they were merged with are merged, by `by`; `warn` hears why not.
    """
    if not PendingReference.objects.filter(source=source).exists():
        return 0
    wanted: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        wanted[entry.kind][entry.id] = entry
        for system, value in entry.identifiers:
            wanted[entry.kind].setdefault(f"{system}|{value}", entry)
    filled = 0
    for kind, by_id in wanted.items():
        ids = sorted(by_id)
        for at in range(0, len(ids), _AT_ONCE):
            found = PendingReference.objects.filter(
                source=source, target_type=kind, target_id__in=ids[at : at + _AT_ONCE]
            )
            for pending in found:
                entry = by_id[pending.target_id]
                if pending.name in merges.KINDS:
                    filled += _merge(pending, entry, known, by=by, warn=warn)
                else:
                    filled += _fill(pending, entry, known)
    return filled


def _fill(pending: PendingReference, entry: Entry, known: Known) -> int:
    """One column; the row keeps its history, and counts as not edited by staff."""
    model = apps.get_model(pending.row_model)
    row: Any = model._default_manager.filter(pk=pending.row_id).first()
    done = 0
    if row is None:
        pass
    elif pending.name == DIAGNOSIS:
        done = _rank(row, pending, known)
    else:
        columns = _columns(row, pending, entry, known)
        if columns is None:
            return 0
        if columns:
            before = row.version
            for name, value in columns.items():
                setattr(row, name, value)
            row._change_reason = "import"
            row.save()
            ImportedResource.objects.filter(row_id=row.pk, row_version=before).update(
                row_version=row.version
            )
            done = 1
    pending.delete()
    return done


def _merge(
    pending: PendingReference,
    entry: Entry,
    known: Known,
    *,
    by: Any,
    warn: Callable[[Entry, str], None],
) -> int:
    other = known.row_ids.get(entry.key)
    if other is None:
        return 0
    why = merges.merge(pending.row_id, pending.name, other, source=pending.source, by=by)
    warn(entry, why)
    pending.delete()
    return int(not why)


def _columns(
    row: Any, pending: PendingReference, entry: Entry, known: Known
) -> dict[str, Any] | None:
    """What is to be written into the row; nothing where staff have filled it; None: wait on."""
    name = pending.name
    if name == "medication":
        columns = medication_columns(entry.whole())
        taken = any(getattr(row, f"medication_{part}") for part in ("code", "display"))
        return {} if taken else columns
    if name not in LINK_KINDS:
        return {name: name_of(entry.whole())} if not getattr(row, name) else {}
    if getattr(row, f"{name}_id") is not None:
        return {}
    if entry.kind == "PractitionerRole":
        found = known.row_id(entry.through) if entry.through is not None else None
        if found is None and entry.through is not None:
            wait(pending.source, [(type(row), row.pk, name, entry.through)])
    else:
        found = known.row_ids.get(entry.key)
    if found is None or not _belongs(row, name, found):
        return {}
    columns = {f"{name}_id": found}
    if name == "practitioner" and hasattr(row, "name"):
        columns["name"] = ""
    return columns


def _belongs(row: Any, name: str, found: uuid.UUID) -> bool:
    """A visit or a note that comes later must be the same patient's."""
    if name == "about":
        return Note.objects.filter(pk=found, patient_id=row.patient_id).exists()
    if name not in ("encounter", "part_of"):
        return True
    return Encounter.objects.filter(pk=found, patient_id=row.patient_id).exists()


def _rank(visit: Encounter, pending: PendingReference, known: Known) -> int:
    """The use and rank that the visit's list gives to a condition that has come."""
    key = ImportedResource.objects.filter(
        source=pending.source, resource_type="Encounter", row_id=visit.pk
    ).first()
    condition = ImportedResource.objects.filter(
        source=pending.source, resource_type="Condition", resource_id=pending.target_id
    ).first()
    if key is None or condition is None or condition.row_id is None:
        return 0
    row = Diagnosis.objects.get(pk=condition.row_id)
    for item in key.raw.get("diagnosis", ()):
        reference = parse_reference(item.get("condition"), "")
        target = elsewhere(reference, "Condition") if reference else None
        if target is None or target.id != pending.target_id:
            continue
        codes = [coding.get("code") for coding in (item.get("use") or {}).get("coding", ())]
        use = next((code for code in codes if code in Use.values), "")
        rank = item.get("rank")
        return int(rank_diagnosis(row, condition, visit.pk, visit.patient_id, use, rank))
    return 0
