"""Restricted patients: who belongs to the team, and who opens the chart all the same and why.

encounters.models.closed says to whom a chart is closed.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.models import AuditEvent
from clinik.transitions import lock
from encounters.models import EmergencyAccess, Patient
from encounters.models.closed import CHART, closed_to
from encounters.steps import require, require_reason

LASTS = dt.timedelta(minutes=60)
# Events of one access that its page lists.
MOST_READS = 500


def entries_of(patient: Patient) -> Iterable[Patient]:
    """The survivor of a merge and those merged into it, in an order in which all lock them."""
    survivor = patient.merged_into_id or patient.pk
    return Patient.objects.filter(Q(pk=survivor) | Q(merged_into=survivor)).order_by("pk")


def is_closed_to(patient: Patient, user: Any) -> bool:
    """Whether this user may not open the chart; asks the database for restricted patients only."""
    if not (patient.restricted and user.has_perm(CHART)):
        return False
    return closed_to(user).filter(pk=patient.pk).exists()


def restrict(patient: Patient, *, by: Any, version: int, restricted: bool, reason: str) -> Patient:
    """Close the chart to all but the team, or open it again; the reason goes into the trail.

    Raises StaleVersion, PermissionDenied, and ValidationError without a reason. Said of what is so
    already, nothing is written. Whoever the chart is closed to opens it first.
    """
    require(by, "encounters.restrict_patient")
    reason = require_reason(reason)
    with transaction.atomic():
        fresh = lock(patient, version=version)
        if is_closed_to(fresh, by):
            raise PermissionDenied(_("This chart is closed to you."))
        for row in entries_of(fresh):
            row = lock(row)
            if row.restricted == restricted:
                continue
            row.restricted = restricted
            row._history_user = by
            row._change_reason = reason
            row.save()
            act = "patient.restrict" if restricted else "patient.unrestrict"
            audit.record(act, row, by=by, fields=["restricted"], reason=reason)
    return Patient.objects.get(pk=fresh.pk)


def open_chart(
    patient: Patient, *, by: Any, reason: str, id: UUID | None = None
) -> EmergencyAccess:
    """Break the glass: this user reads and writes this patient's chart for an hour.

    Raises PermissionDenied for who sees no charts, ValidationError without a reason, or where the
    patient is not restricted.
    """
    require(by, CHART)
    reason = require_reason(reason)
    if not patient.restricted:
        raise ValidationError(_("This chart is open to all who see charts."))
    now = clock.now()
    access = EmergencyAccess(
        **({"id": id} if id else {}),
        user=by,
        patient_id=patient.merged_into_id or patient.pk,
        reason=reason,
        start=now,
        until=now + LASTS,
    )
    with transaction.atomic():
        access.save(force_insert=True)
        until = access.until.isoformat()
        audit.record("patient.break_glass", access, by=by, reason=reason, detail={"until": until})
    return access


def review_access(access: EmergencyAccess, *, by: Any, words: str, version: int) -> EmergencyAccess:
    """Say of an access that it was looked at, and what came of it. Said once.

    Raises StaleVersion, PermissionDenied (also for one's own access), ValidationError keyed by
    "review".
    """
    require(by, "encounters.review_access")
    if access.user_id == by.pk:
        raise PermissionDenied(_("Somebody else reviews your own access."))
    words = require_reason(words, field="review")
    with transaction.atomic():
        fresh = lock(access, version=version)
        if fresh.reviewed_at is not None:
            raise ValidationError({"review": _("It is reviewed already.")})
        fresh.review, fresh.reviewed_by, fresh.reviewed_at = words, by, clock.now()
        fresh.save()
        audit.record("patient.review_access", fresh, by=by, fields=["review"], reason=words)
    return fresh


def read_during(access: EmergencyAccess) -> list[AuditEvent]:
    """What the user saw and did of this patient while it lasted, the first first; MOST_READS.

    By the trail, which knows the person's entries by their keys.
    """
    keys = [row.pk for row in entries_of(access.patient)]
    return list(
        AuditEvent.objects.filter(by=access.user_id, patient_id__in=keys)
        .filter(at__gte=access.start, at__lt=access.until)
        .select_related("by")
        .order_by("id")[:MOST_READS]
    )
