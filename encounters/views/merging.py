"""Merge two entries of one person: choose, compare, say why; and take it back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinik import audit
from clinik.forms import already_made, once
from clinik.pages import acted
from encounters.banner import for_patient
from encounters.forms.merging import MergeForm, UnmergeForm
from encounters.found import found_patients, sound_alike
from encounters.merging import merge_patients, merges_of, preview, preview_undo, unmerge_patients
from encounters.models import Patient, PatientMerge
from encounters.patients import likely_duplicates

MOST_FOUND = 20


def _entry(request: HttpRequest, pk: UUID) -> Patient:
    """An entry that is not merged, or 404."""
    people = Patient.objects.visible_to(request.user).listed()
    return get_object_or_404(people.select_related("general_practitioner"), pk=pk)


@require_GET
@permission_required("encounters.merge_patient", raise_exception=True)
def patient_merge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which other entry is the same person, and what is merged into this one already."""
    patient = _entry(request, pk)
    text = request.GET.get("q", "").strip()[:200]
    audit.record_view(patient, by=request.user)
    if text:
        people = Patient.objects.visible_to(request.user).listed().exclude(pk=patient.pk)
        rows = found_patients(people.search(text)[:MOST_FOUND])
        audit.record_search(Patient, by=request.user, found=len(rows))
    else:
        rows = found_patients(_alike(patient))
    context = {
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "rows": rows,
        "text": text,
        "alike": sound_alike(rows),
        "merges": merges_of(patient),
    }
    return render(request, "encounters/patient_merge.html", context)


def _alike(patient: Patient) -> list[Patient]:
    return likely_duplicates(
        family=patient.family,
        given=patient.given or patient.known_as,
        birth_date=patient.birth_date,
        birth_date_precision=patient.birth_date_precision,
        identifiers=patient.identifiers.values_list("value", flat=True),
        exclude=patient,
    )


@require_http_methods(["GET", "POST"])
@permission_required("encounters.merge_patient", raise_exception=True)
def patient_merge_with(request: HttpRequest, pk: UUID, other_pk: UUID) -> HttpResponse:
    """The entry `other_pk` side by side with the one that stays; POST merges it into that."""
    people = Patient.objects.visible_to(request.user)
    kept = _entry(request, pk)
    gone = get_object_or_404(people.select_related("general_practitioner"), pk=other_pk)
    if kept.pk == gone.pk:
        raise Http404
    if gone.merged_into_id and request.method == "GET":
        return redirect("encounters:patient_merge", kept.pk)
    form = MergeForm(request.POST if request.method == "POST" else None, row=kept, other=gone)
    if form.is_bound and form.is_valid() and _merged(form, kept, gone, request.user):
        names = {"gone": gone.number, "kept": kept.name}
        messages.success(request, _("%(gone)s is merged into %(kept)s.") % names)
        return redirect("records:patient_detail", kept.pk)
    if not form.is_bound:
        audit.record_view(kept, by=request.user)
        audit.record_view(gone, by=request.user)
    context = {
        "patient": kept,
        "other": gone,
        "banner": for_patient(kept, request.user),
        "other_banner": for_patient(gone, request.user),
        "preview": preview(kept, gone),
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/patient_merge_with.html", context, status=status)


def _merged(form: MergeForm, kept: Patient, gone: Patient, by: Any) -> bool:
    reason = form.cleaned_data["reason"].strip()
    owners = {"gone_id": gone.pk, "kept_id": kept.pk, "by_id": by.pk}
    return acted(
        form,
        lambda: once(
            lambda: already_made(PatientMerge, form.row_id, owners=owners, same={"reason": reason}),
            lambda: merge_patients(
                gone,
                into=kept,
                by=by,
                reason=reason,
                id=form.row_id,
                version=form.cleaned_data["other_version"],
                into_version=form.cleaned_data["version"],
            ),
        ),
    )


@require_http_methods(["GET", "POST"])
@permission_required("encounters.merge_patient", raise_exception=True)
def merge_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a merge back: what each entry holds, and where it leads afterwards."""
    merge = get_object_or_404(
        PatientMerge.objects.filter(kept__in=Patient.objects.visible_to(request.user))
        .select_related("gone", "kept", "by"),
        pk=pk,
    )  # fmt: skip
    form = UnmergeForm(request.POST if request.method == "POST" else None, row=merge)
    if form.is_bound and form.is_valid() and _unmerged(form, merge, request.user):
        names = {"gone": merge.gone.number, "kept": merge.kept.name}
        messages.success(
            request, _("%(gone)s stands by itself again, apart from %(kept)s.") % names
        )
        return redirect("records:patient_detail", merge.kept_id)
    if not form.is_bound:
        audit.record_view(merge.kept, by=request.user)
        audit.record_view(merge.gone, by=request.user)
    context = {
        "merge": merge,
        "patient": merge.kept,
        "banner": for_patient(merge.kept, request.user),
        "other_banner": for_patient(merge.gone, request.user),
        "preview": preview_undo(merge),
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/merge_undo.html", context, status=status)


def _unmerged(form: UnmergeForm, merge: PatientMerge, by: Any) -> bool:
    said = {"reason": form.cleaned_data["reason"], "version": form.cleaned_data["version"]}
    if merge.undone_by_id == by.pk and merge.undone_reason == said["reason"].strip():
        return True  # pressed twice
    return acted(form, lambda: unmerge_patients(merge, by=by, **said))
