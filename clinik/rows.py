"""Add or change a row of a table without rules of its own: codes, practitioners, users.

The verbs below are what those tables have instead of a module of verbs: permission, version,
history and audit, in one transaction.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from clinik import audit
from clinik.transitions import lock

T = TypeVar("T", bound=models.Model)


def add_row(row: T, *, by: Any, fields: Iterable[str] = ()) -> T:
    """Save a new row, with its author; `fields` are the names that were filled."""
    _may(by, row, "add")
    row.full_clean()
    with transaction.atomic():
        row._history_user = by  # type: ignore[attr-defined]
        row.save(force_insert=True)
        audit.record(f"{row._meta.model_name}.create", row, by=by, fields=fields)
    return row


def change_row(row: T, *, by: Any, version: int, **fields: Any) -> T:
    """The row with other values; nothing is written where nothing differs.

    Raises StaleVersion, ValidationError keyed by field and PermissionDenied.
    """
    _may(by, row, "change")
    with transaction.atomic():
        fresh = lock(row, version=version)
        changed = [name for name, value in fields.items() if getattr(fresh, name) != value]
        if not changed:
            return fresh
        for name in changed:
            setattr(fresh, name, fields[name])
        fresh.full_clean()
        fresh._history_user = by  # type: ignore[attr-defined]
        fresh.save()
        audit.record(f"{row._meta.model_name}.change", fresh, by=by, fields=changed)
    return fresh


def _may(by: Any, row: models.Model, action: str) -> None:
    if not by.has_perm(f"{row._meta.app_label}.{action}_{row._meta.model_name}"):
        raise PermissionDenied
