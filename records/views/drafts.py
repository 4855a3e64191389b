"""The autosave of a note: answers JSON, shows nothing."""

import uuid
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinik import clock
from clinik.pages import key_in, number_in
from records import notes
from records.drafts import ChangedElsewhere, keep, key_of
from records.models import Note
from records.recording import is_author
from records.views.adding import visit_for_chart


@permission_required("records.add_note", raise_exception=True)
@require_POST
def note_draft(request: HttpRequest, form: str, target: uuid.UUID) -> HttpResponse:
    """Keep what is typed: 200 with the new stamp, 409 where it was changed in another window.

    404: no such page, or the form was filled for somebody else. 204: nothing to keep, because the
    note has been saved or signed in the meantime.
    """
    patient_id, done, version = _about(request, form, target)
    if (key := key_in(request.POST.get("patient", ""))) != patient_id:
        words = _("This form is about another patient.")
        return JsonResponse({"error": words}, status=404 if key else 409)
    if done:
        return HttpResponse(status=204)
    try:
        stamp = keep(
            request.user,
            form,
            target,
            data=request.POST.dict(),
            stamp=request.POST.get("draft_version", ""),
            base_version=version,
        )
    except ChangedElsewhere:
        return JsonResponse({"error": _("Changed in another window.")}, status=409)
    return JsonResponse({"version": stamp, "saved": clock.now().isoformat()})


def _about(request: HttpRequest, form: str, target: uuid.UUID) -> tuple[Any, bool, int | None]:
    """(patient, whether there is nothing to keep any more, version of the row typed at)."""
    if form == notes.DRAFT_NEW:
        visit = visit_for_chart(request, target)
        return visit.patient_id, visit.is_in_error or _was_saved(request), None
    if form not in (notes.DRAFT_EDIT, notes.DRAFT_ADDENDUM):
        raise Http404
    visible = Note.objects.visible_to(request.user).select_related("author")
    note = get_object_or_404(visible, pk=target)
    if form == notes.DRAFT_ADDENDUM:
        return note.patient_id, note.is_in_error or _was_saved(request), None
    if not is_author(note, request.user):
        raise PermissionDenied
    seen = number_in(request.POST.get("version", ""))
    outdated = note.is_signed or note.is_in_error
    return note.patient_id, outdated, note.version if seen is None else seen


def _was_saved(request: HttpRequest) -> bool:
    """An autosave that was under way while the form was saved must not bring the text back."""
    key = key_of(request.POST.dict())
    return key is not None and Note.objects.filter(pk=key).exists()
