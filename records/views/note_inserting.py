"""A template or a part of the chart for the note being written, without saving anything.

With script the page asks for the text and puts it where the caret is; without, the form comes back
with the text under what was typed. Either way typed words stay, and Undo takes the text out again.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from clinik.forms import OtherPatient
from clinik.pages import key_in, words_of
from encounters.models import Encounter
from records.note_templates import insertion, joined

ACTS = ("template", "undo-template")


@dataclass(frozen=True)
class Inserted:
    """The form's values with the text in or out, and what to say of it."""

    values: dict[str, Any]
    said: str = ""
    refused: str = ""
    # What Undo takes out, and the type it puts back.
    text: str = ""
    type_before: str = ""


def asks_for_text(request: HttpRequest) -> bool:
    """Whether this form was sent by "Insert" or its Undo."""
    return request.method == "POST" and request.POST.get("act") in ACTS


def insert_text(request: HttpRequest, encounter: Encounter) -> Inserted | HttpResponse:
    """The values to show the form with; the bare text as JSON for the page's script."""
    sent = request.POST.dict()
    found = _changed(request, encounter, sent)
    if request.headers.get("X-Requested-With") != "fetch":
        return found
    if found.refused:
        return JsonResponse({"error": found.refused}, status=422)
    return JsonResponse({"text": found.text, "said": found.said, "type": found.values["type"]})


def _changed(request: HttpRequest, encounter: Encounter, sent: dict[str, Any]) -> Inserted:
    typed = str(sent.get("content", "")).replace("\r\n", "\n")
    if sent.get("patient") != str(encounter.patient_id):
        key = key_in(str(sent.get("patient", "")))
        if key is not None:
            raise OtherPatient(key, encounter.patient, [(_("Note"), typed)])
        return Inserted(sent, refused=_("This form is about another patient."))
    if sent["act"] == "undo-template":
        return _taken_out(sent, typed)
    type = str(sent.get("type", ""))
    try:
        found = insertion(
            str(sent.get("template", "")), encounter=encounter, user=request.user, type=type
        )
    except ValidationError as error:
        return Inserted(sent | {"content": typed}, refused=" ".join(words_of(error)))
    values = sent | {"content": joined(typed, found.text), "type": found.type or type}
    said = _("Inserted: %(name)s") % {"name": found.name}
    return Inserted(values, said=said, text=found.text, type_before=type)


def _taken_out(sent: dict[str, Any], typed: str) -> Inserted:
    text = str(sent.get("undo_text", "")).replace("\r\n", "\n")
    if not text or text not in typed:
        refused = _("It was written into since, so nothing was taken out.")
        return Inserted(sent | {"content": typed}, refused=refused)
    before, _found, after = typed.rpartition(text)
    values = sent | {
        "content": (before.rstrip("\n") + after) if before.strip() else after,
        "type": sent.get("undo_type") or sent.get("type", ""),
    }
    return Inserted(values, said=_("Taken out again."))
