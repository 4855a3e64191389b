"""The question before a signature, asked in place: who signs how many words."""

from typing import Any

from django.http import HttpRequest

from records import notes
from records.forms.notes import CosignForm, SignForm
from records.models import Note


def signing_of(note: Note, request: HttpRequest, form: Any = None) -> dict[str, Any]:
    """For one's own draft."""
    return _asked(note, request, form or SignForm(instance=note, patient=note.patient))


def cosigning_of(note: Note, request: HttpRequest, form: Any = None) -> dict[str, Any]:
    """For a note of somebody who asked for a second signature."""
    asked = form or CosignForm(instance=note, patient=note.patient, initial={"digest": note.digest})
    return _asked(note, request, asked) | {"second": True}


def _asked(note: Note, request: HttpRequest, form: Any) -> dict[str, Any]:
    return {
        "note": note,
        "form": form,
        "words": notes.words_in(note.content),
        "name": getattr(request.user, "practitioner", None) or request.user,
    }
