"""Signing a note, and the second signature by somebody the author names."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.pages import add_errors, came_from, wants_fragment
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from records import notes
from records.cosigning import cosign_note, may_cosign, name_cosigner
from records.forms.notes import CosignerForm, CosignForm, SignForm
from records.models import Note
from records.recording import is_author, practitioner_of
from records.views.adding import added, page_of, show
from records.views.note_asking import cosigning_of, signing_of
from records.views.notes import ADDER, METHODS, note_for

REFUSALS = (ValidationError, TransitionError, StaleVersion)


@permission_required("records.change_note", raise_exception=True)
@require_http_methods(METHODS)
def note_sign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """ "Sign as Dr Example, 214 words?": the question, and the signature."""
    note = note_for(request, pk)
    if not is_author(note, request.user):
        raise PermissionDenied
    if request.method != "POST":
        audit.record_view(note, by=request.user)
        if note.is_signed or note.is_in_error:
            return redirect(page_of(note))
        return _sign_page(request, note, signing_of(note, request))
    form = SignForm(request.POST, instance=note, patient=note.patient)
    if note.is_signed or form.is_valid():
        version = None if note.is_signed else form.base_version
        cosigner = None if note.is_signed else form.cleaned_data["cosigner"]
        try:
            notes.sign_note(note, by=request.user, version=version, cosigner=cosigner)
        except REFUSALS as error:
            add_errors(form, error)
        else:
            return _signed(request, note)
    return _sign_page(request, note, signing_of(note, request, form), status=422)


@permission_required("records.change_note", raise_exception=True)
@require_http_methods(METHODS)
def note_cosign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The second signature, by the one who was asked for it."""
    note = note_for(request, pk)
    if not may_cosign(note, practitioner_of(request.user)):
        messages.error(request, _("Your signature is not asked for on this note."))
        return redirect(page_of(note))
    if request.method != "POST":
        audit.record_view(note, by=request.user)
        return _sign_page(request, note, cosigning_of(note, request))
    form = CosignForm(request.POST, instance=note, patient=note.patient)
    if form.is_valid():
        try:
            cosign_note(note, by=request.user, digest=form.cleaned_data["digest"])
        except REFUSALS as error:
            add_errors(form, error)
        else:
            return _signed(request, note)
    return _sign_page(request, note, cosigning_of(note, request, form), status=422)


@permission_required("records.change_note", raise_exception=True)
@require_http_methods(METHODS)
def note_cosigner(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Whom to ask for the second signature of one's signed note."""
    note = note_for(request, pk)
    if not is_author(note, request.user):
        raise PermissionDenied
    if not note.digest or note.is_in_error:
        messages.error(request, _("Only a note that is signed here can be signed a second time."))
        return redirect(page_of(note))
    if request.method != "POST":
        form = CosignerForm(
            instance=note, patient=note.patient, initial={"cosigner": note.cosigner}
        )
        return _cosigner_page(request, note, form)
    form = CosignerForm(request.POST, instance=note, patient=note.patient)
    if form.is_valid():
        try:
            name_cosigner(
                note,
                by=request.user,
                cosigner=form.cleaned_data["cosigner"],
                version=form.base_version,
            )
        except REFUSALS as error:
            add_errors(form, error)
        else:
            return redirect(f"{page_of(note)}#{ADDER.section.anchor}")
    return _cosigner_page(request, note, form, status=422)


def _signed(request: HttpRequest, note: Note) -> HttpResponse:
    if back := came_from(request):
        return redirect(back)
    if note.encounter is not None:
        return added(request, note.encounter, ADDER)
    return redirect(page_of(note))


def _sign_page(
    request: HttpRequest, note: Note, signing: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    if wants_fragment(request) and note.encounter is not None:
        return show(request, note.encounter, ADDER, None, status=status, signing=signing)
    context = {
        "signing": signing,
        "note": note,
        "back": page_of(note),
        "banner": for_patient(note.patient, request.user),
    }
    return render(request, "records/note_sign.html", context, status=status)


def _cosigner_page(
    request: HttpRequest, note: Note, form: Any, *, status: int = 200
) -> HttpResponse:
    context = {
        "note": note,
        "form": form,
        "back": page_of(note),
        "banner": for_patient(note.patient, request.user),
    }
    return render(request, "records/note_cosigner.html", context, status=status)
