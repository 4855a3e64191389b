"""The versions of a row, for people: who changed what, from which words to which."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models

from clinik.admin.history import entries_of
from encounters.models import Allergy, Diagnosis, Encounter
from records.errors import KINDS as RECORDS
from records.word_diff import Piece, words_between

# The word in the URL -> the model.
KINDS: dict[str, type[models.Model]] = {
    "visit": Encounter,
    "diagnosis": Diagnosis,
    "allergy": Allergy,
    **RECORDS,
}
_KIND_OF = {model._meta.label_lower: kind for kind, model in KINDS.items()}
# Texts longer than this are shown with their differing words marked, instead of one after another.
LONG = 60


@dataclass(frozen=True)
class Change:
    """One field; `pieces` is set for a long text, `before` and `after` for others."""

    label: str
    before: str = ""
    after: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Version:
    at: dt.datetime
    who: str
    what: str
    why: str
    changes: tuple[Change, ...]


def versions_of(row: models.Model) -> list[Version]:
    """Newest first: each version with its act, and acts that left no version; two queries."""
    return [
        Version(
            at=entry.at,
            who=entry.who,
            what=entry.what,
            why=entry.why,
            changes=tuple(_change(each.label, each.before, each.after) for each in entry.changes),
        )
        for entry in entries_of(row)
    ]


def _change(label: str, before: str, after: str) -> Change:
    if max(len(before), len(after)) <= LONG:
        return Change(label, before, after)
    return Change(label, pieces=tuple(words_between(before, after)))


def kind_of(object_type: str) -> str:
    """The word in the URL of rows of a table ("records.note"); "" where they have no page."""
    return _KIND_OF.get(object_type, "")


def visit_of(row: Any) -> Any:
    """The key of the visit whose page leads back; None for a row without one."""
    return row.pk if isinstance(row, Encounter) else getattr(row, "encounter_id", None)
