"""move(): the only writer of any status.

It locks the row, compares status and version, saves so that the history row arises with its author,
lets the row keep its own status history, and writes the audit row: all in one transaction.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.utils.translation import gettext as _

T = TypeVar("T", bound=models.Model)


class TransitionError(Exception):
    """The row is in a status from which this step does not lead; the message is for people."""

    def __init__(self, message: str, *, current: str = "") -> None:
        super().__init__(message)
        self.current = current


class StaleVersion(Exception):
    """Somebody saved the row after it was read; nothing was written."""

    def __init__(self, row: models.Model) -> None:
        super().__init__(
            _("This was changed by somebody else in the meantime. Nothing of yours was saved yet.")
        )
        self.row = row


def lock(row: T, *, version: int | None = None) -> T:
    """The row read anew under a lock. Call inside a transaction; raises StaleVersion."""
    locked = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
    if version is not None and locked.version != version:  # type: ignore[attr-defined]
        raise StaleVersion(locked)
    return locked


def move(
    row: T,
    *,
    to: str,
    by: Any,
    act: str,
    allowed: Collection[str] | None = None,
    at: dt.datetime | None = None,
    version: int | None = None,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    field: str = "status",
) -> T:
    """Set `field` to `to` and `changes` with it; returns the fresh row (the given one is stale).

    `allowed` are the statuses the step may start from (None = any), `at` when it happened (may be
    before now), `version` the one the person saw. The row's `moved(...)`, if it has one, writes its
    status history inside the same transaction; `changed` gives it the former values. Raises
    TransitionError and StaleVersion.
    """
    from clinik import audit

    with transaction.atomic():
        fresh = lock(row, version=version)
        before = getattr(fresh, field)
        if allowed is not None and before not in allowed:
            raise TransitionError(_not_possible(fresh, field), current=before)
        old = {name: getattr(fresh, name) for name in changes or {}}
        _save(fresh, {**(changes or {}), field: to}, by=by, reason=reason)
        if hasattr(fresh, "moved"):
            fresh.moved(act=act, before=before, changed=old, at=at, by=by, reason=reason)
        audit.record(
            act,
            fresh,
            by=by,
            fields=[field, *old],
            reason=reason,
            detail={"from": before, "to": to, **(detail or {})},
        )
    return fresh


def _save(row: Any, values: Mapping[str, Any], *, by: Any, reason: str) -> None:
    """Write the values and the history row with its author."""
    for name, value in values.items():
        setattr(row, name, value)
    row._history_user = by
    row._change_reason = reason
    row.save()


def _not_possible(row: models.Model, field: str) -> str:
    try:
        model_field = row._meta.get_field(field)
        label = dict(model_field.flatchoices).get(getattr(row, field), "")  # type: ignore[union-attr]
    except FieldDoesNotExist:
        label = ""
    return _("This is not possible now: it is “%(status)s”.") % {
        "status": label or getattr(row, field)
    }
