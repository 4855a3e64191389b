"""The versions of one row."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from clinik import audit
from encounters.banner import for_patient
from records.versions import KINDS, versions_of, visit_of


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def row_versions(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Who changed it, when, why, and from what to what."""
    if kind not in KINDS:
        raise Http404
    visible = KINDS[kind].objects.visible_to(request.user)  # type: ignore[attr-defined]
    row = get_object_or_404(visible.select_related("patient"), pk=pk)
    audit.record_view(row, by=request.user)
    visit = visit_of(row)
    back = (
        reverse("records:encounter_detail", args=[visit])
        if visit
        else reverse("records:patient_detail", args=[row.patient_id])
    )
    context = {
        "row": row,
        "kind_words": row._meta.verbose_name,
        "versions": versions_of(row),
        "back": back,
        "banner": for_patient(row.patient, request.user),
    }
    return render(request, "records/row_versions.html", context)
