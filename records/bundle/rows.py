"""Rows in the database: many created at once, with their history, or one brought up to date."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import models

from clinik import bulk, clock
from clinik.imports import Mapped, Row, storable
from clinik.transitions import move
from encounters.lifecycle import create_imported, update_imported
from encounters.models import Encounter, Patient, Practitioner
from encounters.models.patient import new_mrns

REASON = "import"


def create_rows(rows: Sequence[tuple[uuid.UUID, Mapped]], *, source: str) -> None:
    """Rows of one kind and their parts, each with its first history row."""
    by_model: dict[type[models.Model], list[dict[str, Any]]] = defaultdict(list)
    parts: dict[type[models.Model], list[dict[str, Any]]] = defaultdict(list)
    for row_id, mapped in rows:
        by_model[mapped.model].append({"id": row_id, "source": source, **mapped.fields})
        for part in mapped.parts:
            parts[part.model].append(_part(part, mapped.parent, row_id, source))
    for model, made in by_model.items():
        if model is Encounter:
            create_imported(made, source=source)
        elif model is Patient or model is Practitioner:
            _create_people(model, made)
        else:
            bulk.insert(model, made, reason=REASON)
    for model, made in parts.items():
        bulk.insert(model, made, reason=REASON)


def _create_people(model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """They work out their search columns, and a patient draws a number."""
    made = []
    without = sum(not fields.get("mrn") for fields in rows) if model is Patient else 0
    numbers = iter(new_mrns(without))
    for fields in rows:
        person = model(**fields)
        if model is Patient and not person.mrn:
            person.mrn = next(numbers)
        person.prepare()
        made.append({**fields, **{name: getattr(person, name) for name in model.PREPARED}})
    bulk.insert(model, made, reason=REASON)


def _part(part: Row, parent: str, row_id: uuid.UUID, source: str) -> dict[str, Any]:
    return {f"{part.owner or parent}_id": row_id, "source": source, **part.fields}


def change_row(row: Any, mapped: Mapped, *, source: str) -> Any:
    """The row as the source says it now; a changed status goes through move(). Returns it fresh.

    Parts that the source no longer sends are taken off where their table knows how (`removed`,
    `withdrawn_at`) and kept otherwise: nothing is deleted.
    """
    fields = _storable(row, mapped.fields)
    status = fields.pop("status", None)
    if any(getattr(row, name) != value for name, value in fields.items()):
        for name, value in fields.items():
            setattr(row, name, value)
        row._change_reason = REASON
        row.save()
    if status is not None and status != row.status:
        if isinstance(row, Encounter):
            row = update_imported(row, status=status)
        else:
            act, version = "import.status", row.version
            row = move(row, to=status, by=None, act=act, version=version, reason=REASON)
    for model in {part.model for part in mapped.parts} | _models_of_parts(mapped):
        wanted = [part for part in mapped.parts if part.model is model]
        parent = next((part.owner for part in wanted if part.owner), mapped.parent)
        _change_parts(model, parent, row.pk, wanted, source)
    return row


def _storable(row: models.Model, fields: dict[str, Any]) -> dict[str, Any]:
    """The columns as they are read again from the database, to be compared with what is there."""
    return {
        name: storable(value) if isinstance(value, dict | list) else value
        for name, value in fields.items()
    }


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
        for name, value in _storable(there, part.fields).items():
            setattr(there, name, value)
        there._change_reason = REASON
        there.save()
    bulk.insert(
        model, [_part(part, parent, row_id, source) for part in missing[len(ours) :]], reason=REASON
    )
    for there in ours[len(missing) :]:
        _take_off(there)


def _says(there: models.Model, part: Row) -> bool:
    return all(
        getattr(there, name) == value for name, value in _storable(there, part.fields).items()
    )


def _take_off(there: Any) -> None:
    if getattr(there, "removed", None) is False:
        there.removed = True
        there.save()
    elif getattr(there, "withdrawn_at", there) is None:
        there.withdrawn_at = clock.now()
        there.save()
