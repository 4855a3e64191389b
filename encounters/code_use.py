"""Which codes were used lately, by one practitioner and in the clinic: two small queries."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from clinik.codes import ICD10CM
from encounters.models import Diagnosis
from encounters.models.diagnosis import Verification

# How many of the newest diagnoses tell what is used: enough for some months, and soon read.
LATELY = 300

# code -> (how often I used it, how often all did)
Uses = Mapping[str, tuple[int, int]]


def uses_of(user: Any) -> Uses:
    """What the user (None, or a login that treats nobody: only the clinic) diagnosed lately."""
    rows = Diagnosis.objects.filter(condition_system=ICD10CM).exclude(condition_code="")
    rows = rows.exclude(verification=Verification.ENTERED_IN_ERROR).order_by("-id")
    codes = rows.values_list("condition_code", flat=True)
    ours = Counter(codes[:LATELY])
    practitioner = getattr(user, "practitioner", None)
    mine = Counter(codes.filter(author=practitioner)[:LATELY] if practitioner else ())
    return {code: (mine[code], ours[code]) for code in {*mine, *ours}}
