"""Coded values: what FHIR calls a CodeableConcept, in four columns and a remainder.

`<x>_system, <x>_code, <x>_display, <x>_text` hold the first coding and the text as given; further
codings from imports stand in `<x>_more`. A person reads the text, else the display, else the code.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_PRIORITY = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
NPI = "http://hl7.org/fhir/sid/us-npi"

_CODE = _("code")
_TEXT = _("text")


def system_field() -> models.CharField:
    return models.CharField(_("code system"), max_length=300, blank=True, default="")


def code_field(label: Any = _CODE, *, db_index: bool = False) -> models.CharField:
    return models.CharField(label, max_length=100, blank=True, default="", db_index=db_index)


def display_field() -> models.TextField:
    return models.TextField(_("name in the code system"), blank=True, default="")


def text_field(label: Any = _TEXT) -> models.TextField:
    """Without a limit in the database: limits bind forms, imports keep everything they are sent."""
    return models.TextField(label, blank=True, default="")


def more_field() -> models.JSONField:
    return models.JSONField(_("further codings"), blank=True, default=list)


@dataclass(frozen=True)
class Coded:
    """One coded value, free of the row it stands in."""

    system: str = ""
    code: str = ""
    display: str = ""
    text: str = ""
    more: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return self.text or self.display or self.code


def read(row: models.Model, name: str) -> Coded:
    """The coded value `name` of a row."""
    parts = {
        part: getattr(row, f"{name}_{part}")
        for part in ("system", "code", "display", "text", "more")
        if hasattr(row, f"{name}_{part}")
    }
    return Coded(**parts)


def columns(name: str, value: Coded, *, more: bool = True) -> dict[str, Any]:
    """The columns that store `value` under `name`, for a model's constructor."""
    parts: dict[str, Any] = {
        f"{name}_system": value.system,
        f"{name}_code": value.code,
        f"{name}_display": value.display,
        f"{name}_text": value.text,
    }
    if more:
        parts[f"{name}_more"] = value.more
    return parts
