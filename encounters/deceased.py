"""When a patient dies: the register says so, and planned visits are cancelled with it."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from encounters.lifecycle import cancel
from encounters.models import Encounter, Hospitalization, Patient
from encounters.models.encounter import CancelReason, EncounterQuerySet, Status
from encounters.patients import change_patient

DIED = Hospitalization.Disposition.DIED


def ended_in_death(encounter: Encounter) -> bool:
    """Whether the visit's discharge disposition says that the patient died."""
    return Hospitalization.objects.filter(encounter=encounter, disposition_code=DIED).exists()


def time_of_death(patient: Patient) -> dt.datetime | None:
    """As the register has it, else the end of the last visit that ended in death."""
    if patient.deceased_at is not None:
        return patient.deceased_at
    ended = Encounter.objects.of_patient(patient).listed().filter(status=Status.FINISHED)
    ended = ended.filter(hospitalization__disposition_code=DIED).newest_first()
    return ended.values_list("end", flat=True).first()


def planned_visits(patient: Patient) -> EncounterQuerySet:
    """What is planned for the person, soonest first."""
    planned = Encounter.objects.of_patient(patient).filter(status=Status.PLANNED)
    return planned.select_related("practitioner").order_by("date", "id")


def say_deceased(
    patient: Patient,
    *,
    by: Any,
    version: int,
    at: dt.datetime | None,
    cancelled: Iterable[Encounter] = (),
) -> Patient:
    """Mark the patient deceased (`at` None = time not known) and cancel these planned visits.

    All or nothing. Raises what change_patient and lifecycle.cancel raise.
    """
    with transaction.atomic():
        fresh = change_patient(patient, by=by, version=version, deceased=True, deceased_at=at)
        for visit in cancelled:
            cancel(visit, by=by, reason=CancelReason.OTHER, text=_("The patient has died."))
    return fresh
