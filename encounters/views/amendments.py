"""Requests for amendments: written down, answered, and listed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinik import audit
from clinik.forms import already_made, once
from clinik.pages import acted, key_in
from encounters.amendments import (
    decide_amendment,
    find_row,
    places_for,
    request_amendment,
    row_of,
    rows_to_choose,
    words_of,
)
from encounters.banner import for_patient
from encounters.forms.amendments import AmendmentForm, DecisionForm
from encounters.models import AmendmentRequest, Encounter, Patient
from encounters.models.amendment import Kind

# Requests and visits that a page lists.
MOST = 100
VISITS = 20
DECIDE = "encounters.decide_amendmentrequest"


def _patient(request: HttpRequest, pk: UUID) -> Patient:
    people = Patient.objects.visible_to(request.user).select_related("merged_into")
    return get_object_or_404(people, pk=pk).survivor


@require_GET
@permission_required(DECIDE, raise_exception=True)
def amendment_list(request: HttpRequest) -> HttpResponse:
    """Requests that wait for an answer, the oldest first."""
    found = AmendmentRequest.objects.visible_to(request.user).open()
    rows = list(found.select_related("patient", "by").order_by("asked_on", "id")[: MOST + 1])
    audit.record_list("amendments", by=request.user, found=len(rows[:MOST]))
    context = {"rows": rows[:MOST], "more": len(rows) > MOST}
    return render(request, "encounters/amendment_list.html", context)


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def patient_amendments(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What this person asked to have amended, the newest first."""
    patient = _patient(request, pk)
    audit.record_view(patient, by=request.user)
    found = AmendmentRequest.objects.visible_to(request.user).of_patient(patient)
    rows = list(found.select_related("by", "decided_by").order_by("-asked_on", "-id")[: MOST + 1])
    context = {
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "rows": rows[:MOST],
        "more": len(rows) > MOST,
    }
    return render(request, "encounters/patient_amendments.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("encounters.add_amendmentrequest", raise_exception=True)
def amendment_add(request: HttpRequest, patient_pk: UUID) -> HttpResponse:
    """`?visit=`: about a record of that visit; without it, about what is the person's itself.
    `?record=kind:id` chooses one."""
    patient = _patient(request, patient_pk)
    visit = _visit(request, patient)
    groups = rows_to_choose(patient, visit, request.user)
    asked = request.GET.get("record", "")
    form = AmendmentForm(
        request.POST if request.method == "POST" else None,
        patient=patient,
        groups=groups,
        initial={"record": asked},
    )
    sent = form.data.get("record", "") if form.is_bound else ""
    row = find_row(sent, patient, request.user) if sent else None
    if sent and row is None:
        raise Http404
    if form.is_bound and form.is_valid() and _added(form, row, request):
        messages.success(request, _("The request is written down."))
        return redirect("encounters:amendment_detail", form.row_id)
    if not form.is_bound:
        audit.record_view(patient, by=request.user)
    visits = Encounter.objects.visible_to(request.user).of_patient(patient).listed()
    context = {
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "form": form,
        "visit": visit,
        "visits": [] if visit else visits.newest_first()[:VISITS],
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/amendment_add.html", context, status=status)


def _visit(request: HttpRequest, patient: Patient) -> Encounter | None:
    """The visit of the address, which is this person's, or 404."""
    asked = request.GET.get("visit", "")
    if not asked:
        return None
    visits = Encounter.objects.visible_to(request.user).of_patient(patient)
    return get_object_or_404(visits, pk=key_in(asked))


def _added(form: AmendmentForm, row: Any, request: HttpRequest) -> bool:
    """Make the request once; False with the reason on the form."""
    said = {"asked_on": form.cleaned_data["asked_on"], "text": form.cleaned_data["text"].strip()}
    whose = row.pk if isinstance(row, Patient) else row.patient_id
    owners = {"by_id": request.user.pk, "patient_id": whose}
    same = said | {"row_id": row.pk}
    return acted(
        form,
        lambda: once(
            lambda: already_made(AmendmentRequest, form.row_id, owners=owners, same=same),
            lambda: request_amendment(row, by=request.user, id=form.row_id, **said),
        ),
    )


@require_http_methods(["GET", "POST"])
@permission_required("encounters.view_chart", raise_exception=True)
def amendment_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request, the record it is about, and the answer, or the question for it."""
    requests = AmendmentRequest.objects.visible_to(request.user)
    found = requests.select_related("patient__merged_into", "encounter", "by", "decided_by")
    asked = get_object_or_404(found, pk=pk)
    may = request.user.has_perm(DECIDE)
    if request.method == "POST" and not may:
        raise PermissionDenied
    places = places_for(asked, request.user) if may and asked.is_open else []
    form = DecisionForm(
        request.POST if request.method == "POST" else None, row=asked, places=places
    )
    if form.is_bound and _answered(form, asked, request):
        messages.success(request, _("Answered: %(words)s.") % {"words": asked.get_kind_display()})
        return redirect("encounters:patient_amendments", asked.patient.survivor.pk)
    if not form.is_bound:
        audit.record_view(asked, by=request.user)
    patient = asked.patient.survivor
    context = {
        "asked": asked,
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "form": form if may and asked.is_open else None,
        "about": _place(asked.kind, asked.row_id, request.user),
        "amended": _place(asked.amended_kind, asked.amended_id, request.user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/amendment_detail.html", context, status=status)


def _place(kind: str, pk: UUID | None, user: Any) -> dict[str, str] | None:
    """A row in words, and the addresses of its page and of its versions; None without one."""
    row = row_of(kind, pk, user) if kind and pk else None
    if row is None:
        return None
    if kind == Kind.VISIT:
        url = reverse("records:encounter_detail", args=[row.pk])
    elif visit := getattr(row, "encounter_id", None):
        url = reverse("records:encounter_detail", args=[visit])
    else:
        url = reverse("records:patient_detail", args=[getattr(row, "patient_id", row.pk)])
    versions = "" if kind == Kind.PATIENT else reverse("records:row_versions", args=[kind, row.pk])
    return {"words": words_of(row), "url": url, "versions": versions}


def _answered(form: DecisionForm, asked: AmendmentRequest, request: HttpRequest) -> bool:
    """Whether this answer stands now, by this press or an earlier one of the same person."""
    pressed = form.data.get("decision"), form.data.get("reason", "").strip()
    mine = asked.decided_by_id == request.user.pk
    if mine and pressed == (asked.decision, asked.reason):
        return True
    if not form.is_valid():
        return False
    said = {name: form.cleaned_data[name] for name in ("decision", "reason", "version")}
    amended = find_row(form.cleaned_data["amended"], asked.patient, request.user)
    return acted(form, lambda: decide_amendment(asked, by=request.user, amended=amended, **said))
