"""Enter one record in error."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.pages import add_errors
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from records.errors import KINDS, enter_record_in_error, may_enter_in_error
from records.forms.errors import RecordErrorForm
from records.views.adding import page_of


@permission_required("encounters.view_chart", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def record_error(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """The record as it is, the question why it is wrong, and the act."""
    if kind not in KINDS:
        raise Http404
    visible = KINDS[kind].objects.visible_to(request.user)  # type: ignore[attr-defined]
    record = get_object_or_404(visible.select_related("patient", "encounter", "author"), pk=pk)
    if not may_enter_in_error(record, request.user):
        raise PermissionDenied
    if record.is_in_error:
        return redirect(page_of(record))
    if request.method == "POST":
        form = RecordErrorForm(request.POST, instance=record, patient=record.patient)
        if form.is_valid():
            try:
                reason = form.cleaned_data["reason"]
                enter_record_in_error(
                    record, by=request.user, reason=reason, version=form.base_version
                )
            except (ValidationError, TransitionError, StaleVersion) as error:
                add_errors(form, error)
            else:
                return redirect(page_of(record))
    else:
        audit.record_view(record, by=request.user)
        form = RecordErrorForm(instance=record, patient=record.patient)
    context = {
        "form": form,
        "record": record,
        "kind": kind,
        "back": page_of(record),
        "banner": for_patient(record.patient, request.user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "records/record_error.html", context, status=status)
