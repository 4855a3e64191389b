"""DiagnosticReport (FHIR R4): which results belong together, and the text that goes with them."""

from typing import Any

from clinik.fhir import check_status
from clinik.imports import Mapped, Reading
from encounters.fhir.common import (
    coded,
    concept,
    effective,
    first_person,
    link,
    zone,
)
from records.fhir.error_reasons import read_error_reason
from records.fhir.notes import category, note_type, read_text, without_text
from records.fhir.observations import references
from records.models import Note, Report, ReportResult


def read_report(resource: dict[str, Any], place: str) -> Mapped:
    """The report; its `text` is the note that presentedForm carries, where that is text."""
    reading = Reading(resource, place)
    kind = "DiagnosticReport"
    code = concept(reading, "code")
    fields: dict[str, Any] = {
        "status": check_status(kind, reading.take("status"), reading.at("status")),
        "category": category(reading),
        **coded("code", code),
        **effective(reading),
        "conclusion": reading.text("conclusion"),
    }
    issued = reading.time("issued", zone())
    fields["issued"] = issued.instant if issued else None
    fields |= read_error_reason(reading, fields["status"])
    mapped = Mapped(Report, fields, parent="report")
    link(reading, mapped, patient="subject", author=())
    mapped.links["author"] = first_person(reading, "performer")
    mapped.parts = references(reading, "result", ReportResult, "report")
    mapped.text = _text(reading, mapped, code)
    mapped.raw = reading.rest()
    return mapped


def _text(reading: Reading, report: Mapped, code: Any) -> Mapped | None:
    """presentedForm as a note: whose, of which visit, by whom and when is the report's."""
    sent = reading.take("presentedForm") or []
    if not sent:
        return None
    reading.keep("presentedForm")
    at = reading.at("presentedForm")
    fields: dict[str, Any] = {
        "status": _note_status(report.fields["status"]),
        "type": note_type(code),
        **coded("type", code),
        "category": report.fields["category"],
        "effective": report.fields["effective"],
        "effective_precision": report.fields.get("effective_precision", "instant"),
    }
    attachments = [Reading(one, f"{at}[{number}]") for number, one in enumerate(sent)]
    chosen = read_text(attachments, fields)
    if chosen is None:
        return None
    rest = list(sent)
    rest[chosen] = without_text(sent[chosen])
    reading.replace("presentedForm", rest)
    note = Mapped(Note, fields)
    note.links = dict(report.links)
    return note


def _note_status(status: str) -> str:
    if status == Report.Status.ENTERED_IN_ERROR:
        return Note.Status.ENTERED_IN_ERROR.value
    if status in (Report.Status.AMENDED, Report.Status.CORRECTED, Report.Status.APPENDED):
        return Note.Status.AMENDED.value
    if status in (
        Report.Status.REGISTERED,
        Report.Status.PARTIAL,
        Report.Status.PRELIMINARY,
    ):
        return Note.Status.PRELIMINARY.value
    return Note.Status.FINAL.value
