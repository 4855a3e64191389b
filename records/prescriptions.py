"""The verbs of a prescription. Only its prescriber, logged in, makes it active."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import audit
from clinik.transitions import TransitionError, lock, move
from encounters.models import Encounter, Practitioner
from records.drug_warnings import require_reason
from records.models import Prescription
from records.models.prescription import Status
from records.recording import (
    fill,
    insert,
    is_author,
    open_for_records,
    practitioner_of,
    require,
    save_by,
)

# Columns a form may write; the dates are instants of the clinic's midnight, to the day.
FIELDS = (
    "medication_text",
    "medication_system",
    "medication_code",
    "medication_display",
    "dosage_text",
    "dose",
    "route",
    "frequency",
    "as_needed",
    "start",
    "end",
    "quantity",
    "quantity_unit",
    "refills",
    "controlled",
    "reason_text",
    "note",
    "priority",
    "override_reason",
)


def add_prescription(
    encounter: Encounter,
    *,
    by: Any,
    prescriber: Practitioner | None = None,
    activate: bool = False,
    id: uuid.UUID | None = None,
    effective: dt.datetime | None = None,
    renews: Prescription | None = None,
    **fields: Any,
) -> Prescription:
    """Write a prescription: active at once by its prescriber, else a draft for a named one.

    `renews` is the one whose place it takes: still running, of the same person, and completed in
    the moment in which this one becomes active.

    Raises PermissionDenied, and ValidationError keyed by field: what records.drug_warnings warns of
    needs an `override_reason` before it becomes active.
    """
    require(by, "records.add_prescription")
    own = practitioner_of(by)
    author = prescriber or (own if by.has_perm("records.prescribe") else None)
    _require_prescriber(author)
    if activate:
        _require_own(author, by)
    row = Prescription(status=Status.DRAFT, renews=renews)
    _write(row, fields)
    with transaction.atomic():
        fresh = open_for_records(encounter)
        if renews is not None:
            _require_renewable(renews, fresh)
        fill(row, fresh, by=by, id=id, author=author, effective=effective)
        insert(row, by=by)
        return take_step(row, "activate", by=by) if activate else row


def change_prescription(
    prescription: Prescription,
    *,
    by: Any,
    version: int | None,
    prescriber: Practitioner | None = None,
    **fields: Any,
) -> Prescription:
    """Change a draft; an active one is stopped and written anew. Its prescriber or who typed it.

    `prescriber` names another one for whom it waits from now on; None leaves it as it is.
    """
    require(by, "records.change_prescription")
    with transaction.atomic():
        row = lock(prescription, version=version)
        if not is_author(row, by):
            raise PermissionDenied
        if row.status != Status.DRAFT:
            raise TransitionError(
                _("Only a draft can be changed: stop this one and write a new one."),
                current=row.status,
            )
        before = {name: getattr(row, name) for name in (*fields, "author")}
        _write(row, fields)
        if prescriber is not None and prescriber != row.author:
            _require_prescriber(prescriber)
            row.author = prescriber
        changed = [name for name, value in before.items() if getattr(row, name) != value]
        if changed:
            save_by(row, by=by)
            audit.record("prescription.change", row, by=by, fields=changed)
    return row


def _write(row: Prescription, fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"no such field: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    if not (row.medication_text or row.medication_display or row.medication_code):
        raise ValidationError({"medication_text": _("Name the medication.")})
    if row.start and row.end and row.end < row.start:
        raise ValidationError({"end": _("It ends before it starts.")})
    if row.controlled and row.refills is None:
        row.refills = 0


def _require_prescriber(author: Practitioner | None) -> None:
    if author is None:
        raise ValidationError({"prescriber": _("Name the prescriber who is to make it active.")})
    login = author.user
    if login is None or not login.is_active or not login.has_perm("records.prescribe"):
        raise ValidationError(
            {"prescriber": _("%(name)s cannot prescribe here.") % {"name": author}}
        )


def _require_own(author: Practitioner | None, by: Any) -> None:
    """Only the prescriber's own login, and only with the right to prescribe."""
    require(by, "records.prescribe")
    if author is None or author.user_id != by.pk:
        raise PermissionDenied


def _require_renewable(old: Prescription, encounter: Encounter) -> None:
    theirs = Prescription.objects.of_patient(encounter.patient).listed()
    if not theirs.filter(pk=old.pk, status__in=RENEWABLE).exists():
        raise ValidationError(
            _("What is renewed must be active or on hold, and this patient’s: write a new one.")
        )


@dataclass(frozen=True)
class Step:
    """One step in a prescription's life."""

    to: str
    allowed: tuple[str, ...]
    label: Any
    needs_reason: bool = False


RENEWABLE = (Status.ACTIVE, Status.ON_HOLD)

STEPS: dict[str, Step] = {
    "activate": Step(Status.ACTIVE, (Status.DRAFT,), gettext_lazy("Make active")),
    "hold": Step(Status.ON_HOLD, (Status.ACTIVE,), gettext_lazy("Hold"), needs_reason=True),
    "resume": Step(Status.ACTIVE, (Status.ON_HOLD,), gettext_lazy("Resume")),
    "stop": Step(
        Status.STOPPED, (Status.ACTIVE, Status.ON_HOLD), gettext_lazy("Stop"), needs_reason=True
    ),
    "cancel": Step(Status.CANCELLED, (Status.DRAFT,), gettext_lazy("Cancel")),
}


def allowed_verbs(prescription: Prescription, user: Any) -> tuple[str, ...]:
    """The steps this user may take now, likeliest first; no query if `author` was read with it."""
    found = [verb for verb, step in STEPS.items() if prescription.status in step.allowed]
    return tuple(verb for verb in found if _may(verb, prescription, user))


def _may(verb: str, prescription: Prescription, user: Any) -> bool:
    if verb == "activate":
        own = prescription.author is not None and prescription.author.user_id == user.pk
        return own and user.has_perm("records.prescribe")
    if verb == "cancel" and is_author(prescription, user):
        return user.has_perm("records.change_prescription")
    return user.has_perm("records.prescribe")


def take_step(
    prescription: Prescription,
    verb: str,
    *,
    by: Any,
    reason: str = "",
    override_reason: str = "",
    version: int | None = None,
) -> Prescription:
    """activate, hold, resume, stop or cancel; a step already taken answers as success.

    Raises PermissionDenied, ValidationError (`reason`, `override_reason`), TransitionError,
    StaleVersion.
    """
    step = STEPS[verb]
    why = reason.strip()
    with transaction.atomic():
        row = lock(prescription)
        if not _may(verb, row, by):
            raise PermissionDenied
        if row.status == step.to and version != row.version:
            return row
        if step.needs_reason and not why:
            raise ValidationError({"reason": _("Say why.")})
        changes: dict[str, Any] = {}
        if verb == "activate" and row.status in step.allowed:
            row.override_reason = override_reason.strip() or row.override_reason
            warned = require_reason(row, row.patient)
            changes["override_reason"] = row.override_reason if warned else ""
            _complete_renewed(row, by)
        return move(
            row,
            to=step.to,
            by=by,
            act=f"prescription.{verb}",
            allowed=step.allowed,
            version=version,
            changes=changes,
            reason=why,
        )


def _complete_renewed(row: Prescription, by: Any) -> None:
    """The one whose place this takes is over, unless somebody has ended it meanwhile."""
    if row.renews_id is None:
        return
    found = Prescription.objects.of_patient(row.patient).filter(pk=row.renews_id).first()
    if found is None:
        return
    old = lock(found)
    if old.status in RENEWABLE:
        move(
            old,
            to=Status.COMPLETED,
            by=by,
            act="prescription.complete",
            allowed=RENEWABLE,
            reason=_("Renewed"),
        )


def _verb(name: str) -> Callable[..., Prescription]:
    def take(prescription: Prescription, *, by: Any, **options: Any) -> Prescription:
        return take_step(prescription, name, by=by, **options)

    take.__name__ = name
    return take


activate, hold, resume, stop, cancel = (_verb(name) for name in STEPS)
