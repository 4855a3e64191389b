"""What the mappings of both apps read the same way."""

import datetime as dt
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from clinik.codes import Coded, columns
from clinik.fhir import (
    FhirError,
    FhirTime,
    Reference,
    check_status,
    parse_reference,
    read_codeable,
)
from clinik.fhir.values import EMPTY
from clinik.imports import Mapped, Reading

# In `raw`: elements that were not sent and whose columns an import fills all the same (a recorded
# date is never empty), so that an export does not tell what nobody said.
UNSENT = "$unsent"
# A security label: only those whom the sender lets see the chart.
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESTRICTED = {"system": CONFIDENTIALITY, "code": "R", "display": "restricted"}


def is_restricted(resource: dict[str, Any]) -> bool:
    """Whether a resource bears the label R."""
    meta = resource.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return any(
        isinstance(label, dict)
        and (label.get("system"), label.get("code")) == (CONFIDENTIALITY, RESTRICTED["code"])
        for label in (labels if isinstance(labels, list) else ())
    )


_CODING = frozenset({"system", "code", "display"})


def zone() -> dt.tzinfo:
    return timezone.get_default_timezone()


def timed(name: str, time: FhirTime | None) -> dict[str, Any]:
    """The two columns of a time: the instant (None = not given) and its precision."""
    if time is None:
        return {name: None}
    return {name: time.instant, f"{name}_precision": time.precision}


def period(reading: Reading, key: str) -> dict[str, Any]:
    """`start` and `end` with precisions; raises FhirError where it ends before it starts."""
    value = reading.take(key, known="start end")
    if value is None:
        return {"start": None, "end": None}
    inner = Reading(value, reading.at(key))
    start, end = inner.time("start", zone()), inner.time("end", zone())
    if start and end and end.instant < start.instant and _exact(start) and _exact(end):
        raise FhirError(inner.place, _("ends before it starts"))
    return timed("start", start) | timed("end", end)


def effective(reading: Reading) -> dict[str, Any]:
    """The time, or the beginning of the period."""
    at = reading.time("effectiveDateTime", zone()) or reading.time("effectiveInstant", zone())
    reading.keep("effectiveInstant")
    if at is None and (sent := reading.obj.get("effectivePeriod")) is not None:
        inner = Reading(sent, reading.at("effectivePeriod"))
        at = inner.time("start", zone()) or inner.time("end", zone())
    return timed("effective", at)


def _exact(time: FhirTime) -> bool:
    return time.precision == "instant"


def concept(reading: Reading, key: str) -> Coded:
    if key not in reading.obj:
        return EMPTY
    value = read_codeable(reading.take(key, known="coding text"), reading.at(key))
    _keep_versions(reading, key, reading.obj.get(key))
    return value


def first_concept(reading: Reading, key: str) -> Coded:
    """The first of several; where there are more the whole list stays in the rest."""
    if key not in reading.obj:
        return EMPTY
    sent = reading.first(key, known="coding text")
    value = read_codeable(sent, f"{reading.at(key)}[0]")
    _keep_versions(reading, key, sent)
    return value


def _keep_versions(reading: Reading, key: str, sent: Any) -> None:
    """A coding may say more than our columns hold: its version, that it was chosen."""
    for item in (sent or {}).get("coding") or ():
        if not item.keys() <= _CODING:
            reading.keep(key)


def keep_unless(reading: Reading, key: str, written: Any) -> None:
    """Keep the element as it was sent, unless what columns hold is written just the same."""
    if reading.obj.get(key) not in (None, written):
        reading.keep(key)


def coded(name: str, value: Coded, *, more: bool = True) -> dict[str, Any]:
    if value is EMPTY:
        # Most elements are absent; nobody changes the list that they share.
        return _empty_columns(name, more)
    return columns(name, value, more=more)


@cache
def _empty_columns(name: str, more: bool) -> dict[str, Any]:
    return columns(name, EMPTY, more=more)


def coding(name: str, obj: Any, place: str) -> dict[str, Any]:
    """The columns of a bare Coding (Encounter.class)."""
    value = read_codeable({"coding": [obj]} if obj is not None else None, place)
    return {f"{name}_{part}": getattr(value, part) for part in ("system", "code", "display")}


def code_status(reading: Reading, key: str, kind: str, system: str) -> str:
    """The code of a CodeableConcept with required binding; empty where it is absent. `system` is
    the code system that it is written with.

    Raises FhirError for a code R4 does not know.
    """
    value = concept(reading, key)
    if not value.code:
        reading.keep(key)
        return ""
    keep_unless(reading, key, {"coding": [{"system": system, "code": value.code}]})
    return check_status(kind, value.code, f"{reading.at(key)}.coding[0].code")


def notes(reading: Reading, key: str = "note") -> str:
    """The texts of annotations, one a paragraph."""
    found = []
    for annotation in reading.each(key):
        found.append(annotation.text("text"))
        if annotation.rest():
            reading.keep(key)
    text = "\n\n".join(text for text in found if text)
    keep_unless(reading, key, [{"text": text}])
    return text


def best(items: list[dict[str, Any]], *uses: str) -> dict[str, Any] | None:
    """The item of the first `use` wanted, else the first that is not old; None without any."""
    for use in uses:
        for item in items:
            if item.get("use") == use:
                return item
    return next((item for item in items if item.get("use") != "old"), items[0] if items else None)


def identifiers(reading: Reading) -> list[tuple[str, str, str]]:
    """(system, value, kind in words) of each identifier that has a value, each once."""
    found: dict[tuple[str, str], str] = {}
    for item in reading.each("identifier"):
        system, value = item.text("system"), item.text("value")
        kind = str(concept(item, "type"))
        if item.rest() or item.obj.get("type", {}).keys() - {"text"}:
            reading.keep("identifier")
        if value:
            found.setdefault((system, value), kind)
    return [(system, value, kind) for (system, value), kind in found.items()]


def contact_points(reading: Reading) -> dict[str, str]:
    """`phone` and `email`: of each kind the one for every day."""
    found = reading.take("telecom") or []
    points = {}
    for kind, uses in (("phone", ("mobile", "home", "work")), ("email", ("home", "work"))):
        of_kind = [item for item in found if item.get("system") == kind and item.get("value")]
        chosen = best(of_kind, *uses)
        points[kind] = str(chosen["value"]) if chosen else ""
    keep_unless(reading, "telecom", [{"system": k, "value": v} for k, v in points.items() if v])
    return points


def first_person(reading: Reading, key: str) -> Reference | None:
    """Of a list of references the first that may be a practitioner, else the first."""
    sent = reading.take(key) or []
    found = [parse_reference(item, f"{reading.at(key)}[{n}]") for n, item in enumerate(sent)]
    if len(found) > 1:
        reading.keep(key)
    given = [reference for reference in found if reference]
    people = [reference for reference in given if may_be_practitioner(reference)]
    if any(reference.resource_type == "PractitionerRole" for reference in given):
        # Its practitioner is the author; the role itself has no column.
        reading.keep(key)
    return next(iter(people or given), None)


def may_be_practitioner(reference: Reference) -> bool:
    return reference.resource_type in ("", "Practitioner", "PractitionerRole")


def unsent(reading: Reading, mapped: Mapped, *keys: str) -> None:
    """Remember which of these elements the sender left out; after `raw` is set."""
    if names := [key for key in keys if reading.obj.get(key) is None]:
        mapped.raw[UNSENT] = names


def link(reading: Reading, mapped: Mapped, *, patient: str, author: tuple[str, ...]) -> None:
    """Whose, of which visit, by whom: the author is the first of `author` that is given."""
    mapped.links["patient"] = reading.reference(patient)
    mapped.links["encounter"] = reading.reference("encounter")
    given = {key: reference for key in author if (reference := reading.reference(key))}
    mapped.links["author"] = next(iter(given.values()), None)
    for key, reference in given.items():
        second = key != author[0] or reference is not mapped.links["author"]
        if second or reference.resource_type == "PractitionerRole":
            reading.keep(key)
