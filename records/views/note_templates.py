"""One's own templates for notes: a small page to make, change and remove them."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinik.forms import Repeated, already_made, once
from clinik.pages import add_errors, message_with_undo, words_of
from clinik.transitions import StaleVersion
from records import note_templates, notes
from records.drafts import kept_for
from records.forms.note_templates import NewTemplateForm, TemplateForm
from records.models import Note, NoteTemplate
from records.models.note import Type
from records.recording import is_author, practitioner_of

METHODS = ["GET", "HEAD", "POST"]


@permission_required("records.add_note", raise_exception=True)
@require_GET
def template_list(request: HttpRequest) -> HttpResponse:
    """Mine, by name."""
    rows = note_templates.own_templates(request.user)
    return render(request, "records/template_list.html", {"templates": rows})


@permission_required("records.add_note", raise_exception=True)
@require_http_methods(METHODS)
def template_add(request: HttpRequest) -> HttpResponse:
    """A new one; `?of=note-new&target=...` begins with what is being written there."""
    if request.method != "POST":
        return _page(request, NewTemplateForm(initial=_begun(request)))
    form = NewTemplateForm(request.POST)
    if form.is_valid():
        try:
            _save(form, request.user)
        except Repeated as error:
            form.add_error(None, str(error))
            return _page(request, form, status=409)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("records:template_list")
    return _page(request, form, status=422)


def _save(form: NewTemplateForm, user: Any) -> NoteTemplate:
    written = form.written()
    owner = practitioner_of(user)
    owners = {"practitioner_id": owner.pk if owner else None}
    same = written | {
        "name": written["name"].strip(),
        "body": written["body"].replace("\r\n", "\n"),
    }
    return once(
        lambda: already_made(NoteTemplate, form.row_id, owners=owners, same=same),
        lambda: note_templates.add_template(by=user, id=form.row_id, **written),
    )


def _begun(request: HttpRequest) -> dict[str, str]:
    """The text being typed by this person, as autosaved; else that of their own draft."""
    form, target = (request.GET.get(name, "").replace("\0", "") for name in ("of", "target"))
    kept = kept_for(request.user, form, target)
    if kept is not None:
        return _offered(kept.values.get("type", ""), kept.values.get("content", ""))
    if form == notes.DRAFT_EDIT:
        try:
            key = uuid.UUID(target)
        except ValueError:
            return {}
        note = Note.objects.visible_to(request.user).select_related("author").filter(pk=key).first()
        if note is not None and is_author(note, request.user):
            return _offered(note.type, note.content)
    return {}


def _offered(type: str, content: str) -> dict[str, str]:
    return {"type": type if type in Type.values else "", "body": content, "begun": "1"}


def _mine(request: HttpRequest, pk: uuid.UUID) -> NoteTemplate:
    """Raises 404 for none and PermissionDenied for somebody else's."""
    found = get_object_or_404(NoteTemplate.objects.select_related("practitioner"), pk=pk)
    if found.practitioner.user_id != request.user.pk:
        raise PermissionDenied
    return found


@permission_required("records.add_note", raise_exception=True)
@require_http_methods(METHODS)
def template_edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change one of mine."""
    row = _mine(request, pk)
    if request.method != "POST":
        stored = {name: getattr(row, name) for name in ("name", "type", "body")}
        return _page(request, TemplateForm(instance=row, initial=stored), row)
    form = TemplateForm(request.POST, instance=row)
    if form.is_valid():
        try:
            note_templates.change_template(
                row, by=request.user, version=form.base_version, **form.written()
            )
        except (ValidationError, StaleVersion) as error:
            add_errors(form, error)
        else:
            return redirect("records:template_list")
    return _page(request, form, row, status=409 if form.conflict else 422)


def _page(
    request: HttpRequest, form: Any, row: NoteTemplate | None = None, *, status: int = 200
) -> HttpResponse:
    begun = not form.is_bound and "begun" in form.initial
    context = {"form": form, "template": row, "begun": begun}
    return render(request, "records/template_edit.html", context, status=status)


@permission_required("records.add_note", raise_exception=True)
@require_POST
def template_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Off the list, with Undo."""
    row = note_templates.remove_template(_mine(request, pk), by=request.user)
    url = reverse("records:template_restore", args=[row.pk])
    message_with_undo(request, _("Removed: %(name)s") % {"name": row.name}, url)
    return redirect("records:template_list")


@permission_required("records.add_note", raise_exception=True)
@require_POST
def template_restore(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Back on the list, unless a newer one took its name."""
    try:
        note_templates.remove_template(_mine(request, pk), by=request.user, removed=False)
    except ValidationError as error:
        for text in words_of(error):
            messages.error(request, text)
    return redirect("records:template_list")
