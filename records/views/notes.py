"""Notes: write, write on, add to; signing is in views/note_signing.py."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.forms import Repeated, already_made, once
from clinik.pages import add_errors, wants_fragment
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from encounters.models import Encounter
from records import notes
from records.drafts import Kept, kept_for
from records.forms.notes import AddendumForm, NoteEditForm, NoteForm
from records.models import Note
from records.models.note import Relation
from records.note_section import NotesSection
from records.note_templates import menu
from records.recording import is_author
from records.views.adding import (
    Adder,
    Adding,
    add_view,
    page_of,
    show,
    visit_for_chart,
)
from records.views.note_asking import signing_of
from records.views.note_inserting import asks_for_text, insert_text

METHODS = ["GET", "HEAD", "POST"]


def _form(encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict) -> NoteForm:
    if data is not None:
        return NoteForm(data, patient=encounter.patient)
    kept = kept_for(user, notes.DRAFT_NEW, encounter.pk)
    form = NoteForm(initial=_initial(kept, query), patient=encounter.patient)
    form.kept = kept if "fresh" not in query else None  # type: ignore[attr-defined]
    return form


def _initial(kept: Kept | None, query: QueryDict) -> dict[str, Any]:
    """What was autosaved comes back, unless an empty form was asked for; its stamp always."""
    if kept is None:
        return {}
    return {"draft_version": kept.stamp} if "fresh" in query else dict(kept.values)


def _draft_of(encounter: Encounter, user: Any, form: NoteForm) -> Mapping[str, Any]:
    return {
        "kept": getattr(form, "kept", None),
        "draft_url": reverse("records:note_draft", args=[notes.DRAFT_NEW, encounter.pk]),
        "menu": menu(user),
        "inserted": getattr(form, "inserted", None),
        "template_of": f"?of={notes.DRAFT_NEW}&target={encounter.pk}",
    }


def _save(form: NoteForm, encounter: Encounter, user: Any) -> Note:
    owners = {"encounter_id": encounter.pk, "entered_by_id": user.pk, "about_id": None}
    written = form.written()
    same = written | {"content": written["content"].replace("\r\n", "\n")}
    return once(
        lambda: already_made(Note, form.row_id, owners=owners, same=same),
        lambda: notes.add_note(encounter, by=user, id=form.row_id, **written),
    )


ADDER = Adder(
    NotesSection,
    "records:note_add",
    _form,
    _save,
    _draft_of,
)


@permission_required("records.add_note", raise_exception=True)
@require_http_methods(METHODS)
def note_add(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    """Save a draft; "Save and sign" goes on to the question of signing."""
    encounter = visit_for_chart(request, encounter_pk)
    if asks_for_text(request):
        return _insert_into_new(request, encounter)
    response = add_view(request, encounter, ADDER)
    if (
        request.method == "POST"
        and request.POST.get("act") == "sign"
        and response.status_code < 400
    ):
        made = Note.objects.filter(pk=request.POST["id"]).select_related("author").first()
        if made is not None and not made.is_signed:
            return _go_sign(request, encounter, made)
    return response


def _insert_into_new(request: HttpRequest, encounter: Encounter) -> HttpResponse:
    found = insert_text(request, encounter)
    if isinstance(found, HttpResponse):
        return found
    form = NoteForm(initial=found.values, patient=encounter.patient)
    form.inserted = found  # type: ignore[attr-defined]
    url = reverse(ADDER.url_name, args=[encounter.pk])
    more = _draft_of(encounter, request.user, form)
    return show(request, encounter, ADDER, Adding(ADDER.section.kind, form, url, more))


def _go_sign(request: HttpRequest, encounter: Encounter, note: Note) -> HttpResponse:
    if wants_fragment(request):
        return show(request, encounter, ADDER, None, signing=signing_of(note, request))
    return redirect("records:note_sign", pk=note.pk)


def note_for(request: HttpRequest, pk: uuid.UUID) -> Note:
    """The note, for those who see charts; else 404."""
    found = Note.objects.visible_to(request.user)
    return get_object_or_404(
        found.select_related(
            "patient", "encounter", "encounter__patient", "author", "cosigner", "about"
        ),
        pk=pk,
    )


@permission_required("records.change_note", raise_exception=True)
@require_http_methods(METHODS)
def note_edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write on at one's own draft; a signed note is only shown."""
    note = note_for(request, pk)
    if not is_author(note, request.user):
        raise PermissionDenied
    if note.is_signed or note.is_in_error:
        return redirect(page_of(note))
    if request.method != "POST":
        audit.record_view(note, by=request.user)
        kept = kept_for(request.user, notes.DRAFT_EDIT, note.pk)
        stored = {name: getattr(note, name) for name in notes.WRITTEN}
        form = NoteEditForm(
            instance=note, patient=note.patient, initial=stored | _initial(kept, request.GET)
        )
        return _edit_page(request, note, form, kept=kept if "fresh" not in request.GET else None)
    if asks_for_text(request) and note.encounter is not None:
        found = insert_text(request, note.encounter)
        if isinstance(found, HttpResponse):
            return found
        form = NoteEditForm(instance=note, patient=note.patient, initial=found.values)
        return _edit_page(request, note, form, inserted=found)
    form = NoteEditForm(request.POST, instance=note, patient=note.patient)
    if form.is_valid():
        try:
            notes.change_note(note, by=request.user, version=form.base_version, **form.written())
        except (ValidationError, TransitionError, StaleVersion) as error:
            add_errors(form, error)
        else:
            if request.POST.get("act") == "sign":
                return redirect("records:note_sign", pk=note.pk)
            return redirect(f"{page_of(note)}#{ADDER.section.anchor}")
    return _edit_page(request, note, form, status=409 if form.conflict else 422)


def _edit_page(
    request: HttpRequest,
    note: Note,
    form: Any,
    *,
    kept: Kept | None = None,
    inserted: Any = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "note": note,
        "form": form,
        "kept": kept,
        "back": page_of(note),
        "draft_url": reverse("records:note_draft", args=[notes.DRAFT_EDIT, note.pk]),
        "menu": menu(request.user) if note.encounter is not None else [],
        "inserted": inserted,
        "template_of": f"?of={notes.DRAFT_EDIT}&target={note.pk}",
        "banner": for_patient(note.patient, request.user),
    }
    return render(request, "records/note_edit.html", context, status=status)


@permission_required("records.add_note", raise_exception=True)
@require_http_methods(METHODS)
def note_addendum(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """More about a signed note, as a draft of its own."""
    note = note_for(request, pk)
    if request.method != "POST":
        audit.record_view(note, by=request.user)
        kept = kept_for(request.user, notes.DRAFT_ADDENDUM, note.pk)
        begun = _initial(kept, request.GET) or _amended(note, request.GET)
        form = AddendumForm(initial=begun, patient=note.patient)
        return _addendum_page(request, note, form, kept)
    form = AddendumForm(request.POST, patient=note.patient)
    status = 422
    if form.is_valid():
        try:
            made = _add_to(note, form, request.user)
        except Repeated as error:
            form.add_error(None, str(error))
            status = 409
        except (ValidationError, TransitionError, StaleVersion) as error:
            add_errors(form, error)
        else:
            if request.POST.get("act") == "sign":
                return redirect("records:note_sign", pk=made.pk)
            return redirect(f"{page_of(note)}#{ADDER.section.anchor}")
    return _addendum_page(request, note, form, None, status=status)


def _amended(note: Note, query: QueryDict) -> dict[str, Any]:
    """An amendment begins with the words it amends."""
    if query.get("relation") != Relation.AMENDMENT:
        return {}
    return {
        "relation": Relation.AMENDMENT,
        "content": note.content,
        "content_type": note.content_type,
    }


def _add_to(note: Note, form: AddendumForm, user: Any) -> Note:
    written = form.written()
    same = {"content": written["content"].replace("\r\n", "\n")}
    owners = {"about_id": note.pk, "entered_by_id": user.pk}
    return once(
        lambda: already_made(Note, form.row_id, owners=owners, same=same),
        lambda: notes.add_addendum(note, by=user, id=form.row_id, **written),
    )


def _addendum_page(
    request: HttpRequest, note: Note, form: Any, kept: Kept | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "note": note,
        "form": form,
        "kept": kept,
        "back": page_of(note),
        "draft_url": reverse("records:note_draft", args=[notes.DRAFT_ADDENDUM, note.pk]),
        "banner": for_patient(note.patient, request.user),
    }
    return render(request, "records/note_addendum.html", context, status=status)
