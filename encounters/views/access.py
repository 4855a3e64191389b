"""Restricted charts: mark them, open one all the same, and review who did."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinik import audit, keyset
from clinik.forms import Repeated, already_made, once
from clinik.pages import add_errors, came_from, next_url
from clinik.transitions import StaleVersion
from encounters.access import (
    MOST_READS,
    is_closed_to,
    open_chart,
    read_during,
    restrict,
    review_access,
)
from encounters.banner import for_patient
from encounters.forms.access import OpenChartForm, RestrictForm, ReviewForm
from encounters.found import found_patients
from encounters.models import EmergencyAccess, Patient
from encounters.trail import lines_of

QUEUE = 50


@require_http_methods(["GET", "POST"])
@permission_required("encounters.view_chart", raise_exception=True)
def patient_access(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Break the glass. Says of the patient what lists say, which tells one from another."""
    named = Patient.objects.named_to(request.user).select_related("merged_into")
    patient = get_object_or_404(named, pk=pk).survivor
    back = next_url(request, "records:patient_detail", patient.pk)
    if not patient.restricted:
        return redirect(back)
    form = OpenChartForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_bound and form.is_valid():
        access = _opened(form, patient, request)
        if access is not None:
            until = date_format(timezone.localtime(access.until), "TIME_FORMAT")
            messages.warning(
                request,
                _("This chart is open to you until %(until)s. What you read is listed.")
                % {"until": until},
            )
            return redirect(back)
    if not form.is_bound:
        audit.record_view(patient, by=request.user)
    standing = EmergencyAccess.objects.of_patient(patient).filter(user=request.user.pk).standing()
    context = {
        "patient": found_patients([patient])[0],
        "form": form,
        "next": came_from(request),
        "standing": standing.order_by("-until").first(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/patient_access.html", context, status=status)


def _opened(form: OpenChartForm, patient: Patient, request: HttpRequest) -> EmergencyAccess | None:
    """What this form makes, or made before; None with the reason on the form."""
    reason = form.cleaned_data["reason"].strip()
    owners = {"user_id": request.user.pk, "patient_id": patient.pk}
    try:
        return once(
            lambda: already_made(
                EmergencyAccess, form.row_id, owners=owners, same={"reason": reason}
            ),
            lambda: open_chart(patient, by=request.user, reason=reason, id=form.row_id),
        )
    except Repeated as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        add_errors(form, error)
    return None


@require_http_methods(["GET", "POST"])
@permission_required("encounters.restrict_patient", raise_exception=True)
def patient_restrict(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Close the chart to all but the team, or open it again, saying why."""
    named = Patient.objects.named_to(request.user).select_related("merged_into")
    patient = get_object_or_404(named, pk=pk).survivor
    if is_closed_to(patient, request.user):
        # Whoever is not of the team has just shut the door on themselves; pressed twice is once.
        own = request.POST.get("patient") == str(patient.pk)
        if own and request.POST.get("wanted") == "on":
            return redirect("records:patient_detail", patient.pk)
        raise Http404
    form = RestrictForm(request.POST if request.method == "POST" else None, row=patient)
    if not form.is_bound:
        audit.record_view(patient, by=request.user)
    elif form.is_valid() and _restricted(form, patient, request.user):
        said = (
            _("The chart of %s is restricted to the team.")
            if form.cleaned_data["wanted"] == "on"
            else _("The chart of %s is no longer restricted.")
        )
        messages.success(request, said % patient)
        return redirect("records:patient_detail", patient.pk)
    context = {"patient": patient, "banner": for_patient(patient, request.user), "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "encounters/patient_restrict.html", context, status=status)


def _restricted(form: RestrictForm, patient: Patient, by: Any) -> bool:
    wanted = form.cleaned_data["wanted"] == "on"
    if patient.restricted == wanted:
        return True  # pressed twice
    try:
        restrict(
            patient,
            by=by,
            version=form.cleaned_data["version"],
            restricted=wanted,
            reason=form.cleaned_data["reason"],
        )
    except (ValidationError, StaleVersion) as error:
        add_errors(form, error)
        return False
    return True


@require_GET
@permission_required("encounters.review_access", raise_exception=True)
def access_list(request: HttpRequest) -> HttpResponse:
    """Accesses nobody has looked at yet, the oldest first; `?reviewed=1`: the others, newest first.

    `?at=` is the place from which the list goes on.
    """
    reviewed = request.GET.get("reviewed") == "1"
    found = EmergencyAccess.objects.select_related("user", "patient", "reviewed_by")
    page = keyset.page(
        found.reviewed() if reviewed else found.unreviewed(),
        size=QUEUE,
        cursor=keyset.Cursor.read(request.GET.get("at", "")),
        moment="start",
        place=lambda row: (row.start, row.pk),
        descending=reviewed,
    )
    audit.record_list("access", by=request.user, found=len(page.rows))
    context = {"page": page, "reviewed": reviewed}
    return render(request, "encounters/access_list.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("encounters.review_access", raise_exception=True)
def access_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One access: who, whose chart, why, what was read while it lasted; and what came of it."""
    rows = EmergencyAccess.objects.select_related("user", "patient__merged_into", "reviewed_by")
    access = get_object_or_404(rows, pk=pk)
    form = ReviewForm(request.POST if request.method == "POST" else None, row=access)
    if form.is_bound and form.is_valid():
        again = access.reviewed_by_id == request.user.pk
        if (again and access.review == form.cleaned_data["review"].strip()) or _reviewed(
            form, access, request.user
        ):
            messages.success(request, _("Marked as reviewed."))
            return redirect("encounters:access_list")
    if not form.is_bound:
        audit.record_view(access, by=request.user)
    reads = read_during(access)
    context = {
        "access": access,
        "form": form,
        "lines": lines_of(reads, request.user),
        "cut": len(reads) == MOST_READS,
        "own": access.user_id == request.user.pk,
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/access_review.html", context, status=status)


def _reviewed(form: ReviewForm, access: EmergencyAccess, by: Any) -> bool:
    try:
        review_access(
            access,
            by=by,
            words=form.cleaned_data["review"],
            version=form.cleaned_data["version"],
        )
    except (ValidationError, StaleVersion) as error:
        add_errors(form, error)
        return False
    except PermissionDenied as error:
        form.add_error(None, str(error))
        return False
    return True
