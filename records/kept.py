"""What came with an import for a patient and is not modelled: kept whole, and shown as it was sent.

FHIR kinds such as Procedure or Immunization; their content is JSON of any shape, so that reading it
takes nothing for granted.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from clinik.fhir import FhirError, parse_datetime
from clinik.models import ImportedResource
from encounters import search
from encounters.models import Encounter, Patient
from encounters.models.encounter import ErrorAbout
from encounters.models.encounter import Status as EncounterStatus
from records.models.base import ENTERED_IN_ERROR

SHOWN = 50
# How many kinds the line on the patient's page names.
KINDS_NAMED = 6
# Where FHIR's kinds say what it is and when it was, the likeliest first.
_WORDS = (
    "code",
    "vaccineCode",
    "type",
    "title",
    "description",
    "category",
    "medication",
    "procedureCode",
    "modality",
)
_WHEN = (
    *("performed", "occurrence", "effective", "date", "period", "started", "created", "issued"),
    *("authoredOn", "recordedDate", "billablePeriod", "servicedPeriod", "assertedDate"),
)


@dataclass(frozen=True)
class KeptRow:
    """One resource as the list shows it; each text is empty where it says nothing readable."""

    pk: int
    kind: str
    words: str
    code: str
    when: str
    status: str
    source: str

    @property
    def is_in_error(self) -> bool:
        return self.status == ENTERED_IN_ERROR


@dataclass(frozen=True)
class KeptPage:
    rows: tuple[KeptRow, ...]
    # The key after which older ones go on; None at the end.
    after: int | None


def kinds_of(patient: Patient, user: Any) -> list[tuple[str, int]]:
    """How many of each kind, the most first: one query."""
    return _counted(_kept_of(patient, user))


def _counted(kept: Any) -> list[tuple[str, int]]:
    counted = kept.order_by().values_list("resource_type").annotate(number=Count("pk"))
    return list(counted.order_by("-number", "resource_type"))


def _kept_of(patient: Patient, user: Any) -> Any:
    """The person's resources that became no row, those of merged entries included."""
    if not user.has_perm("encounters.view_chart"):
        return ImportedResource.objects.none()
    survivor = patient.merged_into_id or patient.pk
    people = Patient.objects.order_by().filter(Q(pk=survivor) | Q(merged_into=survivor))
    kept = ImportedResource.objects.filter(row_id=None, patient_id__in=people.values("pk"))
    return kept.exclude(of_visits_about_somebody_else())


def of_visits_about_somebody_else() -> Q:
    """Those of visits that were about somebody else than the patient they stand with."""
    wrong = Encounter.objects.filter(
        status=EncounterStatus.ENTERED_IN_ERROR, error_about=ErrorAbout.SOMEBODY_ELSE
    )
    return Q(encounter_id__in=wrong.values("pk"))


def page_of_kept(
    patient: Patient, user: Any, *, kind: str = "", after: int | None = None
) -> KeptPage:
    """A page of them, the last that came first."""
    kept = _kept_of(patient, user)
    kept = kept.order_by("-pk")
    if kind:
        kept = kept.filter(resource_type=kind)
    if after is not None:
        kept = kept.filter(pk__lt=after)
    rows = list(kept[: SHOWN + 1])
    more = len(rows) > SHOWN
    return KeptPage(tuple(map(_row, rows[:SHOWN])), rows[SHOWN - 1].pk if more else None)


def _row(row: ImportedResource) -> KeptRow:
    raw = row.raw if isinstance(row.raw, dict) else {}
    words, code = _what(raw)
    return KeptRow(
        pk=row.pk,
        kind=row.resource_type,
        words=words,
        code=code,
        when=_when(raw),
        status=_text(raw.get("status")) or _coding(raw.get("clinicalStatus"))[1],
        source=row.source,
    )


def _what(raw: dict[str, Any]) -> tuple[str, str]:
    """(what it is in words, its code) by the first element that says it."""
    for name in _WORDS:
        for found in (raw.get(name), raw.get(f"{name}CodeableConcept")):
            words, code = (_text(found), "") if isinstance(found, str) else _coding(found)
            if words or code:
                return words, code
    return "", ""


def _coding(value: Any) -> tuple[str, str]:
    """(text, code) of a CodeableConcept or Coding, or of the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return "", ""
    codings = value.get("coding")
    coded = codings[0] if isinstance(codings, list) and codings else value
    coded = coded if isinstance(coded, dict) else {}
    return _text(value.get("text")) or _text(coded.get("display")), _text(coded.get("code"))


def _when(raw: dict[str, Any]) -> str:
    for name in _WHEN:
        for key in (name, f"{name}DateTime", f"{name}Period", f"{name}Date"):
            found = raw.get(key)
            found = found.get("start") if isinstance(found, dict) else found
            if isinstance(found, str) and found:
                return _time(found)
    return ""


def _time(text: str) -> str:
    try:
        time = parse_datetime(text, "", timezone.get_default_timezone())
        return search.when_words(time.instant, time.precision)
    except (FhirError, OverflowError, ValueError):
        return text[:40]


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""
