"""What this clinic has prescribed: suggestions for the medication box. Nothing of any patient."""

import json
from dataclasses import dataclass

from django.db.models import Count, Q

from clinik.names import normalise_name
from encounters.models import Practitioner
from records.models import Prescription

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
    """The ten that fit best, each word anywhere; what the practitioner prescribes most first."""
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
