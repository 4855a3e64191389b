"""Patient.link: what the source has merged is merged here too, as staff would, unless staff have
had a hand in it."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from clinik.models import ImportedResource
from encounters.fhir.people import REPLACED_BY, REPLACES
from encounters.merging import merge_imported
from encounters.models import NotSamePerson, Patient
from records.bundle.known import Known
from records.bundle.reading import Chunk, Entry
from records.bundle.targets import Target

# Names under which a patient waits for the other one (clinik.models.PendingReference.name).
KINDS = (REPLACED_BY, REPLACES)


def linked(chunk: Chunk, known: Known) -> Iterator[tuple[Entry, Target, str, uuid.UUID | None]]:
    """(entry, the other, how they are linked, the other's row where it is here) of a chunk."""
    for entry in chunk.entries:
        mapped = chunk.mapped.get(entry.key)
        for target, kind in mapped.merges if mapped is not None else ():
            if target is not None and target.kind == "Patient":
                yield entry, target, kind, known.row_id(target)


def merge(row_id: uuid.UUID, kind: str, other: uuid.UUID, *, source: str, by: Any) -> str:
    """Merge the two, once; returns why not, in words, or "" where it is done.

    The entry that is replaced leads to the one that stands: of a chain to its last. Not done where
    staff have changed, merged or parted one of them, or said that they are two people.
    """
    wanted = (row_id, other) if kind == REPLACED_BY else (other, row_id)
    rows = Patient.objects.select_related("merged_into").in_bulk(wanted)
    gone, kept = rows[wanted[0]], rows[wanted[1]].survivor
    if gone.survivor.pk == kept.pk:
        return ""
    if gone.merged_into is not None:
        return _("is merged into another entry already, left as it is")
    if not all(_is_as_imported(row, source) for row in (gone, kept)):
        return _("is not merged: staff have changed one of the two entries")
    pair = NotSamePerson.objects.filter(first__in=[gone, kept], second__in=[gone, kept])
    if pair.exists():
        return _("is not merged: staff have said that these are two people")
    reason = _("said by the source of the import")
    try:
        changed = merge_imported(gone, into=kept, by=by, reason=reason, source=source)
    except ValidationError as error:
        # Somebody has merged one of them at this moment.
        return " ".join(error.messages)
    for row, version in changed:
        ImportedResource.objects.filter(row_id=row.pk, row_version=version).update(
            row_version=row.version
        )
    return ""


def _is_as_imported(row: Patient, source: str) -> bool:
    keys = ImportedResource.objects.filter(
        ~Q(row_version__lt=row.version), source=source, resource_type="Patient", row_id=row.pk
    )
    return row.source == source and keys.exists()
