"""Observation, DocumentReference, MedicationRequest and ClinicalImpression (FHIR R4) as rows of
the chart: pure functions, no database."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _

from clinik.codes import LOINC, UCUM, Coded
from clinik.fhir import FhirError, Number, check_status, parse_reference, read_quantity
from clinik.imports import Mapped, Reading, Row, storable
from encounters.fhir.common import (
    coded,
    concept,
    first_concept,
    first_person,
    link,
    notes,
    period,
    timed,
    zone,
)
from records.models import (
    Assessment,
    Finding,
    Note,
    Observation,
    ObservationComponent,
    Prescription,
)

_NOTE_TYPES = {
    "11506-3": Note.Type.PROGRESS,
    "18842-5": Note.Type.DISCHARGE,
    "11488-4": Note.Type.CONSULTATION,
    "34117-2": Note.Type.HISTORY,
    "11504-8": Note.Type.OPERATIVE,
    "28570-0": Note.Type.PROCEDURE,
    "57133-1": Note.Type.REFERRAL,
    "18761-7": Note.Type.TRANSFER,
}
# The kinds of value[x] that have no columns of their own; kept as sent in `value_other`.
_OTHER_VALUES = (
    "valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod",
)  # fmt: skip


# -- observation --------------------------------------------------------------------------------


def read_observation(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    fields: dict[str, Any] = {
        "status": check_status("Observation", reading.take("status"), reading.at("status")),
        "category": _category(reading),
        **coded("code", concept(reading, "code")),
        **_effective(reading, "effective"),
        **_value(reading),
        "note": notes(reading),
    }
    if not any(fields[f"code_{part}"] for part in ("code", "display", "text")):
        raise FhirError(reading.at("code"), _("is missing"))
    issued = reading.time("issued", zone())
    fields["issued"] = issued.instant if issued else None
    for name, key in (("body_site", "bodySite"), ("method", "method")):
        value = concept(reading, key)
        fields |= {f"{name}_code": value.code, f"{name}_text": value.text or value.display}
        if value.code:
            reading.keep(key)
    mapped = Mapped(Observation, fields, parent="observation")
    link(reading, mapped, patient="subject", author=())
    mapped.links["author"] = first_person(reading, "performer")
    for position, component in enumerate(reading.each("component")):
        columns = {**coded("code", concept(component, "code")), **_value(component)}
        mapped.parts.append(Row(ObservationComponent, {"position": position, **columns}))
        if component.rest():
            reading.keep("component")
    mapped.raw = reading.rest()
    return mapped


def _category(reading: Reading) -> str:
    value = first_concept(reading, "category")
    return value.code or str(value)


def _effective(reading: Reading, stem: str) -> dict[str, Any]:
    """The time, or the beginning of the period."""
    at = reading.time(f"{stem}DateTime", zone()) or reading.time(f"{stem}Instant", zone())
    if at is None and (sent := reading.obj.get(f"{stem}Period")) is not None:
        inner = Reading(sent, reading.at(f"{stem}Period"))
        at = inner.time("start", zone()) or inner.time("end", zone())
    return timed("effective", at)


def _value(reading: Reading) -> dict[str, Any]:
    """value[x], or why there is none, with interpretation and reference range."""
    boolean = reading.boolean("valueBoolean")
    fields: dict[str, Any] = {
        "value_text": reading.text("valueString"),
        "value_boolean": boolean,
        "value_other": _other_value(reading),
        "absent_reason": str(concept(reading, "dataAbsentReason")),
        **coded("value_coded", concept(reading, "valueCodeableConcept")),
        **_quantity(reading),
    }
    interpretation = first_concept(reading, "interpretation")
    fields["interpretation"] = interpretation.code or str(interpretation)
    return fields | _range(reading)


def _other_value(reading: Reading) -> dict[str, Any] | None:
    for key in _OTHER_VALUES:
        if reading.obj.get(key) is not None:
            return {key: storable(reading.take(key))}
    return None


def _quantity(reading: Reading) -> dict[str, Any]:
    names = ("value", "value_comparator", "value_unit", "value_unit_code")
    empty: dict[str, Any] = {**dict.fromkeys(names, ""), "value_number": None}
    whole = reading.obj.get("valueInteger")
    if whole is not None:
        if not isinstance(whole, Number):
            raise FhirError(reading.at("valueInteger"), _("a number belongs here"))
        reading.take("valueInteger")
        return empty | {"value": whole.text, "value_number": float(whole)}
    sent = reading.take("valueQuantity", known="value comparator unit system code")
    if sent is None:
        return empty
    quantity = read_quantity(sent, reading.at("valueQuantity"))
    if quantity.system not in ("", UCUM):
        reading.keep("valueQuantity")
    return empty | {
        "value": quantity.value,
        "value_number": quantity.value_number,
        "value_comparator": quantity.comparator,
        "value_unit": quantity.unit or quantity.code,
        "value_unit_code": quantity.code if quantity.system in ("", UCUM) else "",
    }


def _range(reading: Reading) -> dict[str, str]:
    sent = reading.first("referenceRange", known="low high text")
    if sent is None:
        return {"range_low": "", "range_high": "", "range_text": ""}
    inner = Reading(sent, f"{reading.at('referenceRange')}[0]")
    ends = {}
    for end in ("low", "high"):
        value = inner.take(end)
        ends[end] = read_quantity(value, inner.at(end)).value if value is not None else ""
        if value is not None and value.keys() - {"value"}:
            # The unit of a bound has no column.
            reading.keep("referenceRange")
    return {"range_low": ends["low"], "range_high": ends["high"], "range_text": inner.text("text")}


# -- note ---------------------------------------------------------------------------------------


def read_note(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    kind = concept(reading, "type")
    fields: dict[str, Any] = {
        "status": _note_status(reading),
        "type": _note_type(kind),
        **coded("type", kind),
        "category": str(first_concept(reading, "category")),
        "title": reading.text("description"),
    }
    mapped = Mapped(Note, fields)
    context = Reading(reading.take("context") or {}, reading.at("context"))
    mapped.links = {
        "patient": reading.reference("subject"),
        "encounter": parse_reference(context.first("encounter"), context.at("encounter[0]")),
        "author": first_person(reading, "author"),
    }
    at = reading.time("date", zone())
    if at is None and context.obj.get("period") is not None:
        at = Reading(context.obj["period"], context.at("period")).time("start", zone())
    if context.rest():
        reading.keep("context")
    fields |= timed("effective", at)
    _content(reading, fields)
    mapped.raw = reading.rest()
    return mapped


def _note_type(kind: Coded) -> str:
    for coding in ({"system": kind.system, "code": kind.code}, *kind.more):
        if coding.get("system") == LOINC and coding.get("code") in _NOTE_TYPES:
            return _NOTE_TYPES[coding["code"]].value
        if coding.get("code") in Note.Type.values:
            return str(coding["code"])
    return Note.Type.OTHER.value


def _note_status(reading: Reading) -> str:
    """docStatus; a current document without one counts as final."""
    status = check_status("DocumentReference", reading.take("status"), reading.at("status"))
    sent = reading.take("docStatus")
    if status == "superseded":
        reading.keep("status")
    if status == "entered-in-error":
        return status
    if sent is None:
        return Note.Status.FINAL.value
    return check_status("DocumentReference.docStatus", sent, reading.at("docStatus"))


def _content(reading: Reading, fields: dict[str, Any]) -> None:
    """The first attachment that is text; what is none (a PDF, an address) stays in the rest."""
    fields |= {"content": "", "content_type": "text/plain"}
    attachments = [
        Reading(content.obj.get("attachment") or {}, content.at("attachment"))
        for content in reading.each("content")
    ]
    if not attachments:
        return
    attachment = next((one for one in attachments if _is_text(one)), attachments[0])
    fields["title"] = fields["title"] or attachment.text("title")
    if len(attachments) > 1 or not _is_text(attachment):
        reading.keep("content")
    if not _is_text(attachment):
        return
    where, data = attachment.place, attachment.text("data")
    kind = attachment.text("contentType")
    charset = kind.partition("charset=")[2].strip(' "') or "utf-8"
    try:
        text = base64.b64decode("".join(data.split()), validate=True).decode(charset)
    except (binascii.Error, UnicodeDecodeError, LookupError) as error:
        if isinstance(error, UnicodeDecodeError) and not kind:
            # Nobody said that it is text.
            reading.keep("content")
            return
        raise FhirError(f"{where}.data", _("no readable base64 text")) from error
    if "\0" in text:
        raise FhirError(f"{where}.data", _("a character that no text may hold"))
    fields |= {"content": text, "content_type": kind.partition(";")[0] or "text/plain"}


def _is_text(attachment: Reading) -> bool:
    kind = attachment.text("contentType") or "text/plain"
    return kind.startswith("text/") and bool(attachment.text("data"))


# -- prescription -------------------------------------------------------------------------------


def read_prescription(
    resource: dict[str, Any], place: str, medication: dict[str, Any] | None = None
) -> Mapped:
    """`medication` is the Medication resource that medicationReference means, where it is known."""
    reading = Reading(resource, place)
    kind = "MedicationRequest"
    fields: dict[str, Any] = {
        "status": check_status(kind, reading.take("status"), reading.at("status")),
        "intent": _intent(reading),
        "priority": _priority(reading),
        **coded("medication", _medication(reading, medication)),
        **coded("reason", first_concept(reading, "reasonCode")),
        **timed("effective", reading.time("authoredOn", zone())),
        "note": notes(reading),
        **_dosage(reading),
        **_dispense(reading),
    }
    mapped = Mapped(Prescription, fields)
    link(reading, mapped, patient="subject", author=("requester",))
    mapped.raw = reading.rest()
    return mapped


def _intent(reading: Reading) -> str:
    sent = reading.take("intent")
    if sent is None:
        return ""
    return check_status("MedicationRequest.intent", sent, reading.at("intent"))


def _priority(reading: Reading) -> str:
    sent = reading.text("priority")
    known = ("", "routine", "urgent", "asap", "stat")
    if sent not in known:
        reason = _("“%(code)s” is no R4 priority") % {"code": sent[:50]}
        raise FhirError(reading.at("priority"), reason)
    return sent


def _medication(reading: Reading, medication: dict[str, Any] | None) -> Coded:
    value = concept(reading, "medicationCodeableConcept")
    if str(value):
        return value
    if medication is not None:
        sent = Reading(medication, reading.at("medicationReference"))
        value = concept(sent, "code")
        if not str(value):
            parts = (concept(part, "itemCodeableConcept") for part in sent.each("ingredient"))
            value = Coded(text=" + ".join(filter(None, map(str, parts))))
    reference = reading.obj.get("medicationReference")
    if not str(value) and isinstance(reference, dict):
        return Coded(text=str(reference.get("display", "")))
    return value


def _dosage(reading: Reading) -> dict[str, Any]:
    """The first instruction in columns, the words of all of them as the dosage."""
    fields: dict[str, Any] = {"dose": "", "route": "", "frequency": "", "as_needed": False}
    fields |= {"start": None, "end": None}
    words = []
    for number, sent in enumerate(reading.each("dosageInstruction")):
        words += [sent.text("text") or sent.text("patientInstruction")]
        reading.keep("dosageInstruction")
        if number:
            continue
        fields["route"] = str(concept(sent, "route"))
        fields["as_needed"] = bool(
            sent.boolean("asNeededBoolean") or sent.obj.get("asNeededCodeableConcept")
        )
        fields["dose"] = _dose(sent)
        timing = Reading(sent.obj.get("timing") or {}, sent.at("timing"))
        fields["frequency"] = str(concept(timing, "code")) or _frequency(timing)
        bounds = Reading(timing.obj.get("repeat") or {}, timing.at("repeat"))
        fields |= period(bounds, "boundsPeriod")
    fields["dosage_text"] = "\n".join(word for word in words if word)
    return fields


def _dose(sent: Reading) -> str:
    rate = sent.first("doseAndRate") or {}
    quantity = rate.get("doseQuantity")
    if quantity is None:
        return ""
    read = read_quantity(quantity, f"{sent.at('doseAndRate')}[0].doseQuantity")
    return " ".join(part for part in (read.value, read.unit or read.code) if part)


def _frequency(timing: Reading) -> str:
    """ "1 / 6 h": how often in which time, as sent."""
    repeat = timing.obj.get("repeat") or {}
    number, span = repeat.get("frequency"), repeat.get("period")
    if not (isinstance(number, Number) and isinstance(span, Number)):
        return ""
    return f"{number.text} / {span.text} {repeat.get('periodUnit', '')}".strip()


def _dispense(reading: Reading) -> dict[str, Any]:
    sent = reading.take("dispenseRequest", known="quantity numberOfRepeatsAllowed")
    fields: dict[str, Any] = {"quantity": "", "quantity_unit": "", "refills": None}
    if sent is None:
        return fields
    inner = Reading(sent, reading.at("dispenseRequest"))
    if (quantity := inner.take("quantity")) is not None:
        read = read_quantity(quantity, inner.at("quantity"))
        fields |= {"quantity": read.value, "quantity_unit": read.unit or read.code}
    fields["refills"] = inner.whole("numberOfRepeatsAllowed")
    return fields


# -- assessment ---------------------------------------------------------------------------------


def read_assessment(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    kind = "ClinicalImpression"
    fields: dict[str, Any] = {
        "status": check_status(kind, reading.take("status"), reading.at("status")),
        "summary": reading.text("summary"),
        "description": reading.text("description"),
        "note": notes(reading),
        **_effective(reading, "effective"),
    }
    if fields["effective"] is None:
        fields |= timed("effective", reading.time("date", zone()))
    mapped = Mapped(Assessment, fields, parent="assessment")
    link(reading, mapped, patient="subject", author=("assessor",))
    mapped.links["previous"] = reading.reference("previous")
    for position, sent in enumerate(reading.each("finding")):
        value = concept(sent, "itemCodeableConcept")
        row = Row(Finding, {"position": position, "basis": sent.text("basis")})
        row.fields |= coded("finding", value, more=False)
        if (reference := sent.reference("itemReference")) and not str(value):
            row.names["finding_text"] = reference
        if reference or value.more or sent.rest():
            reading.keep("finding")
        mapped.parts.append(row)
    mapped.raw = reading.rest()
    return mapped
