"""Beside the medication box: what this clinic has prescribed, and what a dose depends on."""

import json
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import clock
from clinik.names import normalise_name
from encounters.models import Patient, Practitioner
from records.models import Observation, Prescription
from records.observations import shown_unit
from records.readings import pregnant_at
from records.vitals import PREGNANCY_DUE, PREGNANCY_STATUS, VITALS

SHOWN = 10
# Of the newest that fit: a habit shows in them, and a big table is not counted.
LOOKED_AT = 1_000


@dataclass(frozen=True)
class Prescribed:
    """A medication as it was written, with a dosage it was given in."""

    name: str
    dosage: str

    @property
    def fill(self) -> str:
        """What taking it fills in beside the medication, as the combobox reads it."""
        return json.dumps({"dosage_text": self.dosage}) if self.dosage else "{}"


def prescribed_before(text: str, *, practitioner: Practitioner | None) -> tuple[Prescribed, ...]:
    """The ten that fit best, each word anywhere; what the practitioner prescribes most first.

    Nothing of any patient.
    """
    words = normalise_name(text).split()[:8]
    fitting = Prescription.objects.listed().filter(source="").exclude(medication_text="")
    for word in words:
        fitting = fitting.filter(medication_text__icontains=word)
    newest = fitting.order_by("-id").values("pk")[:LOOKED_AT]
    mine = Q(author=practitioner) if practitioner else Q(pk=None)
    found = (
        Prescription.objects.filter(pk__in=newest)
        .values("medication_text", "dosage_text")
        .annotate(mine=Count("pk", filter=mine), often=Count("pk"))
        .order_by("-mine", "-often", "medication_text", "dosage_text")
    )
    return tuple(Prescribed(row["medication_text"], row["dosage_text"]) for row in found[:SHOWN])


# Under this age the weight stands beside a prescription.
CHILD_UNDER = 16


def facts_for(patient: Patient) -> tuple[str, ...]:
    """Under 16 the last weight and when it was taken, and a pregnancy; one query."""
    weights = VITALS["weight"].codes
    noted = list(
        Observation.objects.of_patient(patient)
        .listed()
        .with_codes([*weights, PREGNANCY_STATUS, PREGNANCY_DUE])
        .exclude(status="cancelled")
        .filter(effective__isnull=False)
        .newest_first()[:50]
    )
    found = []
    age = patient.age_at()
    if age is not None and age.at_least(CHILD_UNDER) is not True:
        weighed = next((one for one in noted if one.code_code in weights), None)
        found.append(_weight_words(weighed) if weighed else _("Weight: never taken"))
    if pregnant_at([one for one in noted if one.code_code not in weights], clock.today()):
        found.append(_("Pregnant"))
    return tuple(found)


def _weight_words(weighed: Observation) -> str:
    taken = localtime(weighed.effective)
    days = (clock.today() - taken.date()).days
    return _("Weight %(value)s %(unit)s, %(when)s (%(days)d days ago)") % {
        "value": weighed.value_words,
        "unit": shown_unit(weighed.value_unit_code) or weighed.value_unit,
        "when": date_format(taken, "DATE_FORMAT"),
        "days": days,
    }
