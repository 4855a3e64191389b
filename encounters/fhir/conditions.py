"""Condition and AllergyIntolerance (FHIR R4)."""

from typing import Any

from clinik.codes import SNOMED
from clinik.fhir import FhirTime
from clinik.imports import Mapped, Reading
from encounters.fhir.common import (
    code_status,
    coded,
    concept,
    keep_unless,
    link,
    notes,
    timed,
    unsent,
    zone,
)
from encounters.fhir.write_conditions import (
    ALLERGY_CLINICAL,
    ALLERGY_VERIFICATION,
    CONDITION_CATEGORY,
    CONDITION_CLINICAL,
    CONDITION_VERIFICATION,
)
from encounters.fhir.writing import code_of
from encounters.models import Allergy, Diagnosis, NoKnownAllergies
from encounters.models.allergy import Category as AllergyCategory
from encounters.models.allergy import Criticality, Severity
from encounters.models.allergy import Type as AllergyType
from encounters.models.diagnosis import Category
from encounters.models.encounter import DATE_UNKNOWN

# SNOMED CT "No known allergy": a statement of its own here, not an allergy to warn of.
_NONE_KNOWN = (SNOMED, "716186003")
_WORST_FIRST = (Severity.SEVERE, Severity.MODERATE, Severity.MILD)


def read_condition(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    fields: dict[str, Any] = {
        **coded("condition", concept(reading, "code")),
        "clinical_status": code_status(
            reading, "clinicalStatus", "Condition.clinicalStatus", CONDITION_CLINICAL
        ),
        "verification": code_status(
            reading, "verificationStatus", "Condition.verificationStatus", CONDITION_VERIFICATION
        ),
        "category": _category(reading),
        "note": notes(reading),
    }
    for name in ("onset", "abatement"):
        fields |= _moment(reading, name)
    if recorded := reading.time("recordedDate", zone()):
        fields["recorded"] = recorded.instant
        if recorded.precision != "instant":
            reading.keep("recordedDate")
    mapped = Mapped(Diagnosis, fields)
    link(reading, mapped, patient="subject", author=("recorder", "asserter"))
    keep_unless(reading, "category", [code_of(CONDITION_CATEGORY, fields["category"])])
    mapped.raw = reading.rest()
    unsent(reading, mapped, "category", "recordedDate", "recorder")
    return mapped


def _category(reading: Reading) -> str:
    """The category sent; else a diagnosis of its visit, or of none: a problem-list item."""
    for category in reading.obj.get("category") or []:
        for item in category.get("coding") or []:
            if item.get("code") in Category.values:
                reading.first("category", known="coding text")
                return str(item["code"])
    if reading.obj.get("encounter") is None:
        return Category.PROBLEM.value
    return Category.ENCOUNTER.value


def _moment(reading: Reading, name: str) -> dict[str, Any]:
    """onset[x] or abatement[x]: a time, the start of a period, or words."""
    at: FhirTime | None = reading.time(f"{name}DateTime", zone())
    words = reading.text(f"{name}String")
    if at is None and (sent := reading.obj.get(f"{name}Period")) is not None:
        at = Reading(sent, reading.at(f"{name}Period")).time("start", zone())
    if at is None and isinstance(age := reading.obj.get(f"{name}Age"), dict):
        digits = getattr(age.get("value"), "text", "")
        words = " ".join(part for part in (digits, str(age.get("unit", ""))) if part)
    return {**timed(name, at), f"{name}_text": words}


def read_allergy(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    substance = concept(reading, "code")
    recorded = reading.time("recordedDate", zone())
    onset = reading.time("onsetDateTime", zone())
    if (substance.system, substance.code) == _NONE_KNOWN:
        mapped = Mapped(NoKnownAllergies, {"stated_at": recorded.instant} if recorded else {})
        if _is_over(resource):
            # When it ended nobody says; what counts is that it does not stand any more.
            mapped.fields["ended_at"] = recorded.instant if recorded else DATE_UNKNOWN
        link(reading, mapped, patient="patient", author=("asserter", "recorder"))
        mapped.raw = reading.rest()
        unsent(reading, mapped, "recordedDate", "asserter", "verificationStatus")
        return mapped
    reactions = list(reading.each("reaction"))
    if not str(substance):
        substance = next(
            (value for r in reactions if str(value := concept(r, "substance"))), substance
        )
    status, verification = "clinicalStatus", "verificationStatus"
    fields: dict[str, Any] = {
        **coded("substance", substance),
        **_choice(reading, "type", AllergyType.values),
        "category": _first_of(reading, "category", AllergyCategory.values),
        **_choice(reading, "criticality", Criticality.values),
        "clinical_status": code_status(
            reading, status, f"AllergyIntolerance.{status}", ALLERGY_CLINICAL
        ),
        "verification": code_status(
            reading, verification, f"AllergyIntolerance.{verification}", ALLERGY_VERIFICATION
        ),
        **timed("onset", onset),
        **_reactions(reading, reactions),
        "note": notes(reading),
    }
    if recorded:
        fields["recorded"] = recorded.instant
    mapped = Mapped(Allergy, fields)
    link(reading, mapped, patient="patient", author=("recorder", "asserter"))
    mapped.raw = reading.rest()
    unsent(reading, mapped, "recordedDate", "recorder")
    return mapped


def _is_over(resource: dict[str, Any]) -> bool:
    codings = (resource.get("clinicalStatus") or {}).get("coding") or []
    return any(coding.get("code") in ("inactive", "resolved") for coding in codings)


def _choice(reading: Reading, key: str, known: list[str]) -> dict[str, str]:
    value = reading.text(key)
    if value and value not in known:
        reading.keep(key)
        value = ""
    return {key: value}


def _first_of(reading: Reading, key: str, known: list[str]) -> str:
    values = reading.take(key) or []
    if len(values) > 1 or any(value not in known for value in values):
        reading.keep(key)
    return next((value for value in values if value in known), "")


def _reactions(reading: Reading, reactions: list[Reading]) -> dict[str, str]:
    """What happened, in words, and the worst severity told."""
    words, severities = [], set()
    for reaction in reactions:
        severities.add(reaction.text("severity"))
        for item in reaction.take("manifestation") or []:
            words.append(str(concept(Reading({"one": item}, reaction.at("manifestation")), "one")))
        reading.keep("reaction")
    return {
        "reaction": "; ".join(word for word in words if word),
        "severity": next((worst.value for worst in _WORST_FIRST if worst in severities), ""),
    }
