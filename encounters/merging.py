"""Two entries of one person become one, and apart again exactly as they were.

No row moves: all of them keep their patient, and every question about a person asks the survivor's
entry and those merged into it. So a merge is a link, and taking it back is taking the link away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.forms import shown
from clinik.transitions import StaleVersion
from encounters.access import entries_of
from encounters.models import NotSamePerson, Patient, PatientMerge
from encounters.patients import FIELDS
from encounters.person_tables import tables_of_patients
from encounters.steps import require, require_reason


@dataclass(frozen=True)
class Difference:
    """A field that the two entries say differently; `kept` is shown once they are merged."""

    label: str
    kept: str
    gone: str


@dataclass(frozen=True)
class Holding:
    """How many rows of a kind each holds; all of them stand on the survivor's page afterwards."""

    label: str
    kept: int
    gone: int


@dataclass(frozen=True)
class Preview:
    differences: tuple[Difference, ...]
    holdings: tuple[Holding, ...]
    # What speaks against it, in words.
    warnings: tuple[str, ...]


def preview(kept: Patient, gone: Patient) -> Preview:
    """What would be where; a query for each kind of row, whatever there is of each."""
    return Preview(
        differences=tuple(_differences(kept, gone)),
        holdings=tuple(_holdings(_keys(kept), _keys(gone))),
        warnings=tuple(_warnings(kept, gone)),
    )


def preview_undo(merge: PatientMerge) -> Preview:
    """What would stand with each of the two after taking the merge back."""
    apart = {merge.gone_id, *map(UUID, merge.moved)}
    return Preview(
        differences=tuple(_differences(merge.kept, merge.gone)),
        holdings=tuple(_holdings(_keys(merge.kept) - apart, apart)),
        warnings=(),
    )


def _keys(patient: Patient) -> set[UUID]:
    return {row.pk for row in entries_of(patient)}


def _differences(kept: Patient, gone: Patient) -> Iterable[Difference]:
    for column in Patient._meta.concrete_fields:
        if column.name not in FIELDS:
            continue
        ours, theirs = getattr(kept, column.name), getattr(gone, column.name)
        if ours != theirs:
            label = capfirst(str(column.verbose_name))
            display = (_words(row, column) for row in (kept, gone))
            yield Difference(label, *display)


def _words(row: Patient, column: Any) -> str:
    if column.choices:
        return shown(getattr(row, f"get_{column.name}_display")())
    return shown(getattr(row, column.name))


def _holdings(kept: set[UUID], gone: set[UUID]) -> Iterable[Holding]:
    for model in tables_of_patients():
        counted = (
            model._default_manager.order_by()
            .filter(patient__in=kept | gone)
            .values_list("patient")
            .annotate(number=Count("pk"))
        )
        numbers = dict(counted)
        ours, theirs = (sum(numbers.get(key, 0) for key in side) for side in (kept, gone))
        if ours or theirs:
            yield Holding(capfirst(str(model._meta.verbose_name_plural)), ours, theirs)


def _warnings(kept: Patient, gone: Patient) -> Iterable[str]:
    if kept.birth_date != gone.birth_date:
        yield _("The birth dates differ.")
    if kept.gender != gone.gender and "unknown" not in (kept.gender, gone.gender):
        yield _("The genders differ.")
    if kept.deceased != gone.deceased:
        yield _("One is said to have died, the other is not.")
    if kept.restricted != gone.restricted:
        yield _("One chart is restricted: both will be.")
    pair = NotSamePerson.objects.filter(first__in=[kept, gone], second__in=[kept, gone])
    if said := pair.select_related("by").first():
        yield _("%(who)s said that these are two people.") % {"who": said.by or _("Somebody")}


def merge_patients(
    gone: Patient,
    *,
    into: Patient,
    by: Any,
    reason: str,
    version: int,
    into_version: int,
    id: UUID | None = None,
) -> PatientMerge:
    """`gone` leads to `into` from now on; entries merged into `gone` before do too.

    The versions are those the person saw. Raises StaleVersion, PermissionDenied, and
    ValidationError where one of them is merged already, or both are the same.
    """
    require(by, "encounters.merge_patient")
    reason = require_reason(reason)
    if gone.pk == into.pk:
        raise ValidationError(_("This is one and the same entry."))
    with transaction.atomic():
        rows = _locked([gone.pk, into.pk])
        _check(rows[gone.pk], rows[into.pk], version, into_version)
        made = PatientMerge(**({"id": id} if id else {}), by=by, reason=reason)
        _merge(made, rows, gone.pk, into.pk)
    return made


def merge_imported(
    gone: Patient, *, into: Patient, by: Any, reason: str, source: str
) -> list[tuple[Patient, int]]:
    """As merge_patients(), told by an import: no permission is asked for, and `by` may be None.

    Returns the entries that changed, each with its version before. Raises ValidationError and
    StaleVersion.
    """
    with transaction.atomic():
        rows = _locked([gone.pk, into.pk])
        _check(rows[gone.pk], rows[into.pk], gone.version, into.version)
        before = {key: row.version for key, row in rows.items()}
        made = PatientMerge(by=by, reason=reason, source=source)
        _merge(made, rows, gone.pk, into.pk)
    return [(row, before[key]) for key, row in rows.items() if row.version != before[key]]


def _merge(merge: PatientMerge, rows: dict[UUID, Patient], gone: UUID, into: UUID) -> None:
    """Write the links and the merge itself; `rows` are both with all that is merged into them."""
    fresh, kept = rows[gone], rows[into]
    moved = [row.pk for row in rows.values() if row.merged_into_id == fresh.pk]
    changed: dict[UUID, dict[str, Any]] = {key: {"merged_into": kept} for key in (fresh.pk, *moved)}
    restricted = []
    if any(row.restricted for row in rows.values()):
        restricted = [row.pk for row in rows.values() if not row.restricted]
        for key in restricted:
            changed.setdefault(key, {})["restricted"] = True
    for key, values in changed.items():
        _write(rows[key], values, by=merge.by, reason=merge.reason)
    merge.gone, merge.kept, merge.at = fresh, kept, clock.now()
    merge.moved, merge.restricted = (sorted(map(str, keys)) for keys in (moved, restricted))
    merge.save(force_insert=True)
    _write_down("patient.merge", merge, changed, by=merge.by, reason=merge.reason)


def _check(gone: Patient, kept: Patient, version: int, into_version: int) -> None:
    if gone.merged_into_id or kept.merged_into_id:
        raise ValidationError(_("One of the two is merged already: look at it again."))
    for row, seen in ((gone, version), (kept, into_version)):
        if row.version != seen:
            raise StaleVersion(row)


def unmerge_patients(merge: PatientMerge, *, by: Any, reason: str, version: int) -> PatientMerge:
    """Take the merge back: each entry leads where it led before.

    What was recorded since keeps the entry it was recorded with. A restriction that the merge
    brought goes with it, unless somebody has changed the entry's restriction since. Raises
    StaleVersion, PermissionDenied, and ValidationError where a later merge must be taken back
    first.
    """
    require(by, "encounters.merge_patient")
    reason = require_reason(reason)
    with transaction.atomic():
        rows = _locked([merge.gone_id, merge.kept_id])
        fresh = PatientMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
        if fresh.version != version:
            raise StaleVersion(fresh)
        if fresh.undone_at is not None:
            raise ValidationError(_("It is taken back already."))
        gone, kept = rows[fresh.gone_id], rows[fresh.kept_id]
        if kept.merged_into_id is not None or gone.merged_into_id != kept.pk:
            raise ValidationError(_("A later merge stands on it: take that one back first."))
        changed: dict[UUID, dict[str, Any]] = {gone.pk: {"merged_into": None}}
        for key in map(UUID, fresh.moved):
            changed[key] = {"merged_into": gone}
        for key in map(UUID, fresh.restricted):
            if not _restriction_changed(rows[key], fresh):
                changed.setdefault(key, {})["restricted"] = False
        for key, values in changed.items():
            _write(rows[key], values, by=by, reason=reason)
        fresh.undone_at, fresh.undone_by, fresh.undone_reason = clock.now(), by, reason
        fresh.save()
        _write_down("patient.unmerge", fresh, changed, by=by, reason=reason)
    return fresh


def _restriction_changed(row: Patient, merge: PatientMerge) -> bool:
    """Whether the entry was unrestricted at any time since the merge restricted it."""
    return row.history.filter(history_date__gt=merge.created, restricted=False).exists()


def _locked(keys: Iterable[UUID]) -> dict[UUID, Patient]:
    """The entries with all that are merged into them, by key, under a lock."""
    found = Patient.objects.select_for_update(of=("self",)).order_by("pk")
    return {row.pk: row for row in found.filter(Q(pk__in=keys) | Q(merged_into__in=keys))}


def _write(row: Patient, values: dict[str, Any], *, by: Any, reason: str) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row._history_user = by
    row._change_reason = reason
    row.save()


def _write_down(
    act: str, merge: PatientMerge, changed: dict[UUID, Any], *, by: Any, reason: str
) -> None:
    """A line in the trail of each entry that changed, and one of the merge, of the survivor."""
    detail = {"merge": str(merge.pk), "gone": str(merge.gone_id), "kept": str(merge.kept_id)}
    for row in Patient.objects.filter(pk__in=changed).order_by("pk"):
        audit.record(act, row, by=by, fields=changed[row.pk], reason=reason, detail=detail)
    audit.record(act, merge, by=by, reason=reason, detail=detail)


def merges_of(patient: Patient) -> list[PatientMerge]:
    """What was merged into this entry and stands, the newest first."""
    found = PatientMerge.objects.standing().filter(kept=patient)
    return list(found.select_related("gone", "by").order_by("-at"))
