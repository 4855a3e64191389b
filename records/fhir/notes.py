"""DocumentReference (FHIR R4): a note."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _

from clinik.codes import LOINC, Coded
from clinik.fhir import FhirError, check_status, parse_reference
from clinik.imports import Mapped, Reading
from encounters.fhir.common import (
    coded,
    concept,
    first_concept,
    first_person,
    keep_unless,
    timed,
    unsent,
    zone,
)
from records.fhir.error_reasons import read_error_reason
from records.fhir.signatures import signing_time
from records.models import Note
from records.models.note import Relation

NOTE_TYPES = {
    "11506-3": Note.Type.PROGRESS,
    "18842-5": Note.Type.DISCHARGE,
    "11488-4": Note.Type.CONSULTATION,
    "34117-2": Note.Type.HISTORY,
    "11504-8": Note.Type.OPERATIVE,
    "28570-0": Note.Type.PROCEDURE,
    "57133-1": Note.Type.REFERRAL,
    "18761-7": Note.Type.TRANSFER,
}


# DocumentReference.relatesTo.code: how a note adds to another one.
RELATIONS = {"appends": Relation.ADDENDUM, "replaces": Relation.AMENDMENT}


def read_note(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    kind = concept(reading, "type")
    fields: dict[str, Any] = {
        "status": _note_status(reading),
        "type": note_type(kind),
        **coded("type", kind),
        "category": category(reading),
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
    fields |= read_error_reason(reading, fields["status"])
    _relation(reading, mapped)
    if fields["status"] in (Note.Status.FINAL, Note.Status.AMENDED):
        signed = signing_time(resource)
        fields |= {"signed_at": signed} if signed else {}
    mapped.raw = reading.rest()
    unsent(reading, mapped, "docStatus", "description", "date")
    return mapped


def _relation(reading: Reading, mapped: Mapped) -> None:
    """The first note that this one adds to or amends. The list also stays in the rest, for those
    that nobody ever brings."""
    for item in reading.each("relatesTo"):
        relation = RELATIONS.get(str(item.obj.get("code")))
        if relation is not None:
            mapped.fields["relation"] = relation.value
            mapped.links["about"] = item.reference("target")
            break
    reading.keep("relatesTo")


def category(reading: Reading) -> str:
    """The first category in words; what its codes say stays in the rest."""
    text = str(first_concept(reading, "category"))
    keep_unless(reading, "category", [{"text": text}])
    return text


def note_type(kind: Coded) -> str:
    for coding in ({"system": kind.system, "code": kind.code}, *kind.more):
        if coding.get("system") == LOINC and coding.get("code") in NOTE_TYPES:
            return NOTE_TYPES[coding["code"]].value
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
    sent = reading.take("content") or []
    attachments = [
        Reading(one.get("attachment") or {}, f"{reading.at('content')}[{n}].attachment")
        for n, one in enumerate(sent)
    ]
    chosen = read_text(attachments, fields)
    if any(one.keys() - {"attachment"} for one in sent) or _says_more(attachments, chosen):
        reading.keep("content")
        if chosen is not None:
            rest = [dict(one) for one in sent]
            rest[chosen]["attachment"] = without_text(sent[chosen]["attachment"])
            reading.replace("content", rest)


def read_text(attachments: list[Reading], fields: dict[str, Any]) -> int | None:
    """Title, content and content type of the first attachment that is text, and which it was.

    Raises FhirError where it says that it is text and is not.
    """
    fields |= {"content": "", "content_type": Note.Format.PLAIN.value}
    fields.setdefault("title", "")
    if not attachments:
        return None
    chosen = next((n for n, one in enumerate(attachments) if _is_text(one)), None)
    attachment = attachments[chosen or 0]
    fields["title"] = fields["title"] or attachment.text("title")
    if chosen is None:
        return None
    where, data = attachment.place, attachment.text("data")
    kind = attachment.text("contentType")
    charset = kind.partition("charset=")[2].strip(' "') or "utf-8"
    try:
        text = base64.b64decode("".join(data.split()), validate=True).decode(charset)
    except (binascii.Error, UnicodeDecodeError, LookupError) as error:
        if isinstance(error, UnicodeDecodeError) and not kind:
            # Nobody said that it is text.
            return None
        raise FhirError(f"{where}.data", _("no readable base64 text")) from error
    if "\0" in text:
        raise FhirError(f"{where}.data", _("a character that no text may hold"))
    fields |= {"content": text, "content_type": kind.partition(";")[0] or fields["content_type"]}
    return chosen


# Stands in the rest for the base64 text of an attachment that became a note's content.
IN_NOTE = "$content"


def without_text(attachment: dict[str, Any]) -> dict[str, Any]:
    """The attachment without the text, which is not kept twice."""
    return {**attachment, "data": IN_NOTE}


def _says_more(attachments: list[Reading], chosen: int | None) -> bool:
    """Whether there is more than one plain text with its type."""
    if chosen is None:
        return bool(attachments)
    return len(attachments) > 1 or not attachments[0].obj.keys() <= {"contentType", "data"}


def _is_text(attachment: Reading) -> bool:
    kind = attachment.text("contentType") or Note.Format.PLAIN
    return kind.startswith("text/") and bool(attachment.text("data"))
