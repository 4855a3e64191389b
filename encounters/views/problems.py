"""The problem list on the patient's page: add without a visit, resolve, take that back."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinik import audit
from clinik.forms import already_made, once
from clinik.pages import acted, add_errors, message_with_undo, wants_fragment
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from encounters.diagnosis_list import load_problems
from encounters.forms.problems import ProblemForm
from encounters.forms.steps import RowPressForm
from encounters.models import Diagnosis, Patient
from encounters.models.diagnosis import Category
from encounters.problems import add_problem, resolve_problem, unresolve_problem


def problems_context(patient: Patient, user: Any) -> dict[str, Any]:
    """What encounters/_problems.html shows on the patient's page; one query."""
    return {
        "patient": patient,
        "problems": load_problems(patient, user),
        "can_add_problem": user.has_perm("encounters.add_diagnosis"),
        "can_change_problem": user.has_perm("encounters.change_diagnosis"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.add_diagnosis", raise_exception=True)
def problem_add(request: HttpRequest, patient_pk: UUID) -> HttpResponse:
    patients = Patient.objects.visible_to(request.user).select_related("merged_into")
    patient = get_object_or_404(patients, pk=patient_pk).survivor
    form = ProblemForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_bound and form.is_valid() and _added(form, patient, request):
        if wants_fragment(request):
            return _section(request, patient)
        messages.success(request, _("Saved."))
        return redirect(problems_url(patient))
    if not form.is_bound:
        audit.record_view(patient, by=request.user)
    status = 422 if form.is_bound else 200
    if wants_fragment(request):
        return _section(request, patient, {"form": form}, status=status)
    context = {"patient": patient, "banner": for_patient(patient, request.user), "form": form}
    return render(request, "encounters/problem_add.html", context, status=status)


def _added(form: ProblemForm, patient: Patient, request: HttpRequest) -> bool:
    """Make the problem once; False with the reason on the form."""
    fields = form.verb_fields()
    owners = {"patient_id": patient.pk, "author": getattr(request.user, "practitioner", None)}
    condition = {f"condition_{name}": fields[name] for name in ("text", "code")}
    same = {**condition, "onset": fields["onset"], "clinical_status": fields["clinical_status"]}
    return acted(
        form,
        lambda: once(
            lambda: already_made(Diagnosis, form.row_id, owners=owners, same=same),
            lambda: add_problem(patient, by=request.user, id=form.row_id, **fields),
        ),
    )


@require_POST
@permission_required("encounters.change_diagnosis", raise_exception=True)
def problem_resolve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """In one press, with Undo."""
    return _press(request, pk, resolve_problem, _("Resolved: %(problem)s"), undo=True)


@require_POST
@permission_required("encounters.change_diagnosis", raise_exception=True)
def problem_unresolve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Back among those that stand; the Undo of a message says the patient in its address."""
    return _press(request, pk, unresolve_problem, _("Not resolved: %(problem)s"))


def _press(
    request: HttpRequest,
    pk: UUID,
    verb: Callable[..., Diagnosis],
    said: str,
    *,
    undo: bool = False,
) -> HttpResponse:
    found = Diagnosis.objects.visible_to(request.user).filter(category=Category.PROBLEM)
    problem = get_object_or_404(found.select_related("patient__merged_into"), pk=pk)
    patient = problem.patient.survivor
    sent = request.POST if "version" in request.POST else request.GET
    form = RowPressForm(sent, instance=problem)
    if form.is_valid():
        try:
            problem = verb(problem, by=request.user, version=form.cleaned_data["version"])
        except (StaleVersion, TransitionError) as error:
            add_errors(form, error)
    if not form.is_valid():
        words = [str(text) for errors in form.errors.values() for text in errors]
        if wants_fragment(request):
            return _section(request, patient, {"refused": words}, status=409)
        for text in words:
            messages.error(request, text)
        return redirect(problems_url(patient))
    text = said % {"problem": problem}
    undo_url = _undo_url(problem) if undo else ""
    if wants_fragment(request):
        return _section(request, patient, {"said": text, "undo_url": undo_url})
    if undo:
        message_with_undo(request, text, undo_url)
    else:
        messages.success(request, text)
    return redirect(problems_url(patient))


def problems_url(patient: Patient) -> str:
    return reverse("records:patient_detail", args=[patient.pk]) + "#section-problems"


def _undo_url(problem: Diagnosis) -> str:
    query = {"version": problem.version, "patient": problem.patient_id}
    address = reverse("encounters:problem_unresolve", args=[problem.pk])
    return f"{address}?{urlencode(query)}"


def _section(
    request: HttpRequest,
    patient: Patient,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The section anew, for htmx."""
    context = {**problems_context(patient, request.user), **(context or {})}
    return render(request, "encounters/_problems.html", context, status=status)
