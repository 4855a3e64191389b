"""MedicationRequest (FHIR R4): a prescription."""

from typing import Any

from django.utils.translation import gettext as _

from clinik.codes import Coded
from clinik.fhir import FhirError, Number, check_status, read_quantity
from clinik.imports import Mapped, Reading
from encounters.fhir.common import (
    coded,
    concept,
    first_concept,
    link,
    notes,
    period,
    timed,
    zone,
)
from records.fhir.error_reasons import read_error_reason
from records.models import (
    Prescription,
)


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
    fields |= read_error_reason(reading, fields["status"])
    mapped = Mapped(Prescription, fields)
    link(reading, mapped, patient="subject", author=("requester",))
    if medication is None and not fields["medication_code"]:
        # From another file or an earlier run: `medication_columns` when it is found.
        mapped.links["medication"] = reading.reference("medicationReference")
        reading.keep("medicationReference")
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
        value = _what(Reading(medication, reading.at("medicationReference")))
    reference = reading.obj.get("medicationReference")
    if not str(value) and isinstance(reference, dict):
        return Coded(text=str(reference.get("display", "")))
    return value


def medication_columns(medication: dict[str, Any]) -> dict[str, Any]:
    """What a Medication resource, as it was kept, says of the drug; empty where it says nothing."""
    value = _what(Reading(medication, "Medication"))
    return coded("medication", value) if str(value) else {}


def _what(sent: Reading) -> Coded:
    value = concept(sent, "code")
    if not str(value):
        parts = (concept(part, "itemCodeableConcept") for part in sent.each("ingredient"))
        value = Coded(text=" + ".join(filter(None, map(str, parts))))
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
        if quantity.keys() - {"value", "unit"}:
            reading.keep("dispenseRequest")
        fields |= {"quantity": read.value, "quantity_unit": read.unit or read.code}
    fields["refills"] = inner.whole("numberOfRepeatsAllowed")
    return fields
