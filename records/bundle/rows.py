"""Rows in the database: many created at once, with their history, or one brought up to date."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import models
from simple_history.utils import bulk_create_with_history

from clinik import clock
from clinik.imports import Mapped, Row
from clinik.transitions import move
from encounters.lifecycle import create_imported
from encounters.models import Encounter, Patient, Practitioner

_AT_ONCE = 500
REASON = "import"


def create_rows(rows: Sequence[tuple[uuid.UUID, Mapped]], *, source: str) -> None:
    """Rows of one kind and their parts, each with its first history row."""
    if not rows:
        return
    if rows[0][1].model is Encounter:
        _create_encounters(rows, source)
    else:
        _create_others(rows, source)
    parts: dict[type[models.Model], list[models.Model]] = defaultdict(list)
    for row_id, mapped in rows:
        for part in mapped.parts:
            parts[part.model].append(_part(part, mapped.parent, row_id, source))
    for model, made in parts.items():
        _insert(model, made)


def _create_encounters(rows: Sequence[tuple[uuid.UUID, Mapped]], source: str) -> None:
    patients = Patient.objects.in_bulk({mapped.fields["patient_id"] for _id, mapped in rows})
    for row_id, mapped in rows:
        fields = dict(mapped.fields)
        create_imported(
            source=source,
            status=fields.pop("status"),
            patient=patients[fields.pop("patient_id")],
            id=row_id,
            **fields,
        )


def _create_others(rows: Sequence[tuple[uuid.UUID, Mapped]], source: str) -> None:
    by_model: dict[type[models.Model], list[models.Model]] = defaultdict(list)
    for row_id, mapped in rows:
        row = mapped.model(id=row_id, source=source, **mapped.fields)
        if isinstance(row, Patient | Practitioner):
            # They work out their search columns, and a patient draws a number, as they are saved.
            row._change_reason = REASON
            row.save(force_insert=True)
        else:
            by_model[mapped.model].append(row)
    for model, made in by_model.items():
        _insert(model, made)


def _part(part: Row, parent: str, row_id: uuid.UUID, source: str) -> models.Model:
    fields: dict[str, Any] = {f"{parent}_id": row_id, "source": source, **part.fields}
    return part.model(**fields)


def _insert(model: type[models.Model], rows: list[models.Model]) -> None:
    if hasattr(model, "history"):
        bulk_create_with_history(rows, model, batch_size=_AT_ONCE, default_change_reason=REASON)
    else:
        model._default_manager.bulk_create(rows, batch_size=_AT_ONCE)


def change_row(row: Any, mapped: Mapped, *, source: str) -> Any:
    """The row as the source says it now; a changed status goes through move(). Returns it fresh.

    Parts that the source no longer sends are taken off where their table knows how (`removed`,
    `withdrawn_at`) and kept otherwise: nothing is deleted.
    """
    fields = dict(mapped.fields)
    status = fields.pop("status", None)
    if any(getattr(row, name) != value for name, value in fields.items()):
        for name, value in fields.items():
            setattr(row, name, value)
        row._change_reason = REASON
        row.save()
    if status is not None and status != row.status:
        at = fields.get("end") if isinstance(row, Encounter) else None
        row = move(
            row,
            to=status,
            by=None,
            act="import.status",
            at=at,
            version=row.version,
            reason=REASON,
        )
    for model in {part.model for part in mapped.parts} | _models_of_parts(mapped):
        wanted = [part for part in mapped.parts if part.model is model]
        _change_parts(model, mapped.parent, row.pk, wanted, source)
    return row


def _models_of_parts(mapped: Mapped) -> set[type[models.Model]]:
    """Tables whose rows may have to go although the source sends none any more."""
    if not mapped.parent:
        return set()
    related = (
        relation.related_model
        for relation in mapped.model._meta.related_objects
        if relation.field.name == mapped.parent
    )
    return {
        model
        for model in related
        if not isinstance(model, str)
        and {"removed", "withdrawn_at"} & {column.name for column in model._meta.fields}
    }


def _change_parts(
    model: type[models.Model],
    parent: str,
    row_id: uuid.UUID,
    wanted: list[Row],
    source: str,
) -> None:
    present = list(model._default_manager.filter(**{parent: row_id}).order_by("created", "id"))
    missing = []
    for part in wanted:
        same = next((there for there in present if _says(there, part)), None)
        if same is None:
            missing.append(part)
        else:
            present.remove(same)
    # Of those typed in here none is touched.
    ours: list[Any] = [there for there in present if there.source == source]  # type: ignore[attr-defined]
    for part, there in zip(missing, ours, strict=False):
        for name, value in part.fields.items():
            setattr(there, name, value)
        there.save()
    _insert(model, [_part(part, parent, row_id, source) for part in missing[len(ours) :]])
    for there in ours[len(missing) :]:
        _take_off(there)


def _says(there: models.Model, part: Row) -> bool:
    return all(getattr(there, name) == value for name, value in part.fields.items())


def _take_off(there: Any) -> None:
    if getattr(there, "removed", None) is False:
        there.removed = True
        there.save()
    elif getattr(there, "withdrawn_at", there) is None:
        there.withdrawn_at = clock.now()
        there.save()
