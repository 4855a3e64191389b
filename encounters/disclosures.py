"""What of a record went out of the clinic, to whom and what for: written down, and accounted for.

Prints and exports made here are in the audit trail by themselves; where they went to is known to
people only, who say it here.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.models import AuditEvent
from clinik.transitions import lock
from encounters.access import entries_of, is_closed_to
from encounters.models import Disclosure, Patient
from encounters.models.disclosure import Means, Purpose
from encounters.steps import require, require_reason
from encounters.trail import act_words, kind_words

# What 45 CFR 164.528 lets a patient ask for.
YEARS = 6
# Rows that an accounting lists.
MOST = 500
# Prints and exports that a form offers: the newest of the last days.
MOST_OFFERED = 20
OFFERED_FOR = dt.timedelta(days=30)
TAKEN_OUT = (
    "encounter.print",
    "encounter.export",
    "patient.print",
    "patient.export",
    "patient.export_record",
    "prescription.print",
)


def taken_out(patient: Patient) -> QuerySet[AuditEvent]:
    """The events by which something of this person was printed or exported, newest first."""
    return AuditEvent.objects.filter(
        patient_id__in=[row.pk for row in entries_of(patient)],
        act__in=TAKEN_OUT,
        outcome=AuditEvent.Outcome.SUCCESS,
    ).order_by("-id")


def offered(patient: Patient) -> list[tuple[int, str]]:
    """Those of the last days, in words: what may have gone out just now."""
    since = clock.now() - OFFERED_FOR
    found = taken_out(patient).filter(at__gte=since).select_related("by")[:MOST_OFFERED]
    return [(event.pk, _event_words(event)) for event in found]


def _event_words(event: AuditEvent) -> str:
    when = date_format(localtime(event.at), "DATETIME_FORMAT")
    return f"{kind_words(event.object_type)} {act_words(event.act)} · {when} · {event.by or ''}"


def record_disclosure(
    patient: Patient,
    *,
    by: Any,
    at: dt.datetime,
    recipient: str,
    what: str,
    purpose: str,
    means: str,
    recipient_address: str = "",
    why: str = "",
    event: int | None = None,
    id: UUID | None = None,
) -> Disclosure:
    """Write down that something of the record was given to somebody outside; `event` is the print
    or export of it, by its id in the trail.

    Raises PermissionDenied (also where the chart is closed to `by`), and ValidationError keyed by
    field.
    """
    _require(patient, by)
    if at > clock.now():
        raise ValidationError({"at": _("This time is still to come.")})
    _check_purpose(purpose, means, why)
    if event is not None and not taken_out(patient).filter(pk=event).exists():
        raise ValidationError({"event": _("This is no print or export of this patient.")})
    made = Disclosure(
        **({"id": id} if id else {}),
        patient=patient,
        at=at,
        recipient=require_reason(recipient, field="recipient", limit=200),
        recipient_address=recipient_address.strip()[:300],
        what=require_reason(what, field="what"),
        purpose=purpose,
        why=why.strip()[:500],
        means=means,
        event=event,
        by=by,
    )
    with transaction.atomic():
        made.save(force_insert=True)
        detail = {"purpose": purpose, "means": means} | ({"event": event} if event else {})
        audit.record("disclosure.create", made, by=by, fields=["recipient", "what"], detail=detail)
    return made


def _require(patient: Patient, by: Any) -> None:
    require(by, "encounters.add_disclosure")
    if is_closed_to(patient, by):
        raise PermissionDenied(_("This chart is closed to you."))


def _check_purpose(purpose: str, means: str, why: str) -> None:
    if purpose not in Purpose.values or means not in Means.values:
        raise ValidationError(_("Say what for, and how it went out."))
    if purpose == Purpose.OTHER and not why.strip():
        raise ValidationError({"why": _("Say what it was for.")})


def enter_disclosure_in_error(
    disclosure: Disclosure, *, by: Any, reason: str, version: int
) -> Disclosure:
    """It was written down wrongly, or with the wrong patient: kept, and accounted for no more.

    Raises StaleVersion, PermissionDenied, ValidationError.
    """
    _require(disclosure.patient, by)
    reason = require_reason(reason)
    with transaction.atomic():
        fresh = lock(disclosure, version=version)
        if fresh.is_in_error:
            raise ValidationError(_("It is entered in error already."))
        fresh.error_reason, fresh.error_by, fresh.error_at = reason, by, clock.now()
        fresh.save()
        act = "disclosure.enter_in_error"
        audit.record(act, fresh, by=by, fields=["error_reason"], reason=reason)
    return fresh


def since() -> dt.date:
    """The day YEARS years ago, in the clinic's zone."""
    today = clock.today()
    return dt.date(today.year - YEARS, today.month, min(today.day, 28))


def accounting(patient: Patient, user: Any) -> list[Disclosure]:
    """The person's disclosures of the last YEARS years, newest first, wrong ones with them; at
    most MOST, and one more where there are more."""
    rows = Disclosure.objects.visible_to(user).of_patient(patient)
    rows = rows.filter(at__gte=clock.day_start(since())).select_related("by", "error_by")
    return list(rows.newest_first()[: MOST + 1])
