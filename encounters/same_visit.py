"""The same visit once more, at the patient whose it really is."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from clinik import audit
from clinik.ids import uuid7
from clinik.transitions import TransitionError, lock
from encounters.models import (
    ClassPeriod,
    Encounter,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    Patient,
    StatusPeriod,
)
from encounters.models.encounter import OPEN, Status
from encounters.opening import refuse_second_open
from encounters.steps import require

_BESIDE: tuple[type[Any], ...] = (
    ClassPeriod,
    LocationPeriod,
    EncounterParticipant,
    Hospitalization,
)
# What a new row has of its own. `date` is the database's.
_OWN = frozenset({"id", "created", "updated", "version", "date"})


def columns_of(row: models.Model) -> dict[str, Any]:
    """What a copy of a row repeats: every column but those that each row has for itself."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in _OWN
    }


def open_same(
    encounter: Encounter,
    *,
    patient: Patient,
    by: Any,
    id: uuid.UUID | None = None,
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """The visit with its times, status history, rooms, participants and stay, at `patient`.

    The given one stays as it is. Part of another visit it is no more: that one is the other
    person's. Call inside the transaction that enters the given one in error. Raises SecondOpen,
    StaleVersion, TransitionError, and ValidationError for an import, which would come again.
    """
    require(by, "encounters.add_encounter")
    with transaction.atomic():
        fresh = lock(encounter, version=version)
        if fresh.source:
            raise ValidationError(
                _("This visit came with an import. Enter it in error and open one by hand.")
            )
        if fresh.status in (Status.ENTERED_IN_ERROR, Status.UNKNOWN):
            raise TransitionError(
                _("This is not possible now: the visit is “%(status)s”.")
                % {"status": fresh.get_status_display()},
                current=fresh.status,
            )
        patient = lock(patient)
        if patient.merged_into is not None:
            patient = lock(patient.merged_into)
        if patient.pk in (fresh.patient_id, fresh.patient.merged_into_id):
            raise ValidationError({"to": _("The visit is this patient's already.")})
        if fresh.status in OPEN and not confirmed_second:
            refuse_second_open(patient)
        own = {"id": id or uuid7(), "patient_id": patient.pk, "part_of_id": None}
        made = Encounter(**{**columns_of(fresh), **own})
        made._history_user = by
        made.save(force_insert=True)
        audit.record("encounter.open_moved", made, by=by, action="C", detail={"to": made.status})
        _copy_histories(fresh, made, by=by)
    return made


def _copy_histories(fresh: Encounter, made: Encounter, *, by: Any) -> None:
    for period in StatusPeriod.objects.filter(encounter=fresh).standing():
        StatusPeriod(**{**columns_of(period), "encounter_id": made.pk}).save(force_insert=True)
    for model in _BESIDE:
        for row in model._default_manager.filter(encounter=fresh):
            copy = model(**{**columns_of(row), "encounter_id": made.pk})
            copy._history_user = by
            copy.save(force_insert=True)
