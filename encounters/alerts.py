"""What everybody must know before the door opens: said of a patient by somebody, for a time."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.transitions import lock
from encounters.models import Patient, PatientAlert, Practitioner
from encounters.steps import require

MOST_TEXT = 300


def add_alert(
    patient: Patient,
    *,
    by: Any,
    text: str,
    id: UUID | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> PatientAlert:
    """A new alert from `start` (None = now, may be to come) to `end` (None = until it is ended)."""
    require(by, "encounters.add_patientalert")
    text = text.strip()
    if not text or len(text) > MOST_TEXT:
        limit = {"limit": MOST_TEXT}
        raise ValidationError({"text": _("Say it in at most %(limit)d characters.") % limit})
    start = start or clock.now()
    if end is not None and end <= max(start, clock.now()):
        raise ValidationError({"end": _("Give a time to come, after the beginning.")})
    alert = PatientAlert(
        **({"id": id} if id else {}), patient=patient, text=text, start=start, end=end, by=by
    )
    alert.author = Practitioner.objects.filter(user=by.pk).first()
    alert._history_user = by
    with transaction.atomic():
        alert.save(force_insert=True)
        audit.record("alert.create", alert, by=by, fields=["text", "start", "end"])
    return alert


def end_alert(alert: PatientAlert, *, by: Any, version: int | None = None) -> PatientAlert:
    """It holds no more, from now; one still to come never begins. Said twice, it is said once."""
    require(by, "encounters.change_patientalert")
    with transaction.atomic():
        fresh = lock(alert)
        if fresh.is_over:
            return fresh
        fresh = lock(alert, version=version)
        fresh.end = max(clock.now(), fresh.start)
        fresh._history_user = by
        fresh.save()
        audit.record("alert.end", fresh, by=by, fields=["end"])
    return fresh
