"""What every verb that writes a record shares: may this person, whose is it, when was it."""

import datetime as dt
import uuid
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.ids import uuid7
from clinik.models import ClinikModel
from clinik.transitions import lock
from encounters.models import Encounter, Practitioner
from encounters.models.encounter import Status as EncounterStatus
from records.models import ClinicalRecord

R = TypeVar("R", bound=ClinicalRecord)

CLOSED = (EncounterStatus.FINISHED, EncounterStatus.CANCELLED)


def require(by: Any, permission: str) -> None:
    """Raises PermissionDenied."""
    if not by.has_perm(permission):
        raise PermissionDenied


def practitioner_of(user: Any) -> Practitioner | None:
    """The practitioner whose login this is; None for a login without one."""
    return Practitioner.objects.filter(user=user).first()


def authors(record: ClinicalRecord) -> frozenset[int]:
    """Logins of who typed the record and of the practitioner it is by.

    Read a list with select_related("author"), or each row costs a query.
    """
    author = record.author.user_id if record.author is not None else None
    return frozenset(key for key in (record.entered_by_id, author) if key is not None)


def is_author(record: ClinicalRecord, user: Any) -> bool:
    """Whether this user typed the record or is the practitioner it is by."""
    return user.pk in authors(record)


def open_for_records(encounter: Encounter) -> Encounter:
    """The visit under a lock; raises ValidationError where it takes no records any more.

    Call inside a transaction, so that closing the visit at the same moment waits.
    """
    fresh = lock(encounter)
    if fresh.is_in_error:
        raise ValidationError(
            _("This visit was entered in error: nothing can be added to it any more.")
        )
    return fresh


def fill(
    record: R,
    encounter: Encounter,
    *,
    by: Any,
    id: uuid.UUID | None = None,
    author: Practitioner | None = None,
    effective: dt.datetime | None = None,
) -> R:
    """Set whose, of which visit, by whom and when; `encounter` comes from open_for_records().

    `author` is the login's own practitioner where none is named. Raises ValidationError for a time
    that has not come yet.
    """
    when = effective or clock.now()
    if when > clock.now() + dt.timedelta(minutes=1):
        raise ValidationError({"effective": _("This time has not come yet.")})
    record.id = id or uuid7()
    record.patient_id = encounter.patient_id
    record.encounter = encounter
    record.author = author or practitioner_of(by)
    record.entered_by = by
    record.effective = when
    record.after_closing = _after_closing(encounter, when)
    return record


def _after_closing(encounter: Encounter, when: dt.datetime) -> bool:
    """A visit recorded afterwards as a whole takes what belongs to its time without the mark."""
    if encounter.status not in CLOSED:
        return False
    within = encounter.end is not None and when <= encounter.end
    return not (encounter.entered_late and within)


def save_by(row: ClinikModel, *, by: Any, force_insert: bool = False) -> None:
    """Save so that the row's history names `by`."""
    row._history_user = by
    row.save(force_insert=force_insert)


def insert(record: R, *, by: Any) -> R:
    """Save a new record with its history and audit row; call inside a transaction."""
    save_by(record, by=by, force_insert=True)
    audit.record(f"{record._meta.model_name}.create", record, by=by)
    return record


def cut(label: str, text: str, limit: int) -> str:
    """The text without surrounding blanks; raises ValidationError keyed by `label` if too long."""
    text = text.strip()
    if len(text) > limit:
        raise ValidationError(
            {
                label: _("This has %(length)d characters; up to %(limit)d are kept.")
                % {"length": len(text), "limit": limit}
            }
        )
    return text
