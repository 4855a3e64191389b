"""Typing in progress of a note: kept as it is typed, offered again, gone when it becomes a row."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from clinik.models import Draft

# What of the form is kept; its key with it, so that sending the form later still acts once.
FIELDS = ("id", "type", "title", "content", "content_type", "relation")
LONGEST = 200_000


class ChangedElsewhere(Exception):
    """The kept text was written in another window since this one read it."""


@dataclass(frozen=True)
class Kept:
    """What was kept of one form, when, and the stamp that the next autosave must bring."""

    at: dt.datetime
    stamp: str
    values: Mapping[str, Any]


def kept_for(user: Any, form: str, target: Any) -> Kept | None:
    """This user's kept text of a form about a visit or a note; None where there is none."""
    draft = Draft.objects.of(user, form, target).first()
    if draft is None:
        return None
    stamp = _stamp(draft)
    return Kept(draft.updated, stamp, {**draft.payload, "draft_version": stamp})


def keep(
    user: Any,
    form: str,
    target: Any,
    *,
    data: Mapping[str, str],
    stamp: str,
    base_version: int | None = None,
) -> str:
    """Keep what is typed; answers the new stamp. Raises ChangedElsewhere, keeping nothing."""
    # No database text or JSON holds a NUL, and no key of a keyboard types one.
    payload = {name: data[name][:LONGEST].replace("\0", "") for name in FIELDS if name in data}
    with transaction.atomic():
        draft = Draft.objects.select_for_update().of(user, form, target).first()
        if draft is not None and stamp != _stamp(draft):
            raise ChangedElsewhere
        if draft is None:
            draft = Draft(user=user, form=form, target=str(target))
        draft.payload, draft.base_version = payload, base_version
        draft.save()
    return _stamp(draft)


def key_of(data: Mapping[str, str]) -> uuid.UUID | None:
    """The new row's key that a form carries; None where it carries none."""
    try:
        return uuid.UUID(data.get("id", ""))
    except ValueError:
        return None


def _stamp(draft: Draft) -> str:
    return draft.updated.isoformat()
