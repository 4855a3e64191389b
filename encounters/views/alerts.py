"""Alerts about a patient: add one, end one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinik import audit, clock
from clinik.forms import already_made, once
from clinik.pages import acted, next_url, wants_fragment
from encounters.alerts import add_alert, end_alert
from encounters.banner import for_patient
from encounters.forms.alerts import AlertForm
from encounters.forms.steps import RowPressForm
from encounters.models import Patient, PatientAlert


def alerts_context(patient: Patient, user: Any) -> dict[str, Any]:
    """What encounters/_alerts.html shows: alerts that hold or are to come; one query."""
    standing = PatientAlert.objects.of_patient(patient).standing()
    return {
        "patient": patient,
        "alerts": standing.select_related("author", "by"),
        "now": clock.now(),
        "can_add_alert": user.has_perm("encounters.add_patientalert"),
        "can_end_alert": user.has_perm("encounters.change_patientalert"),
    }


@require_http_methods(["GET", "POST"])
@permission_required("encounters.add_patientalert", raise_exception=True)
def alert_add(request: HttpRequest, patient_pk: UUID) -> HttpResponse:
    patients = Patient.objects.visible_to(request.user).select_related("merged_into")
    patient = get_object_or_404(patients, pk=patient_pk).survivor
    form = AlertForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_bound and form.is_valid() and _added(form, patient, request):
        return _done(request, patient, _("Alert saved."))
    return _form_page(request, patient, {"form": form}, "alert_add")


def _added(form: AlertForm, patient: Patient, request: HttpRequest) -> bool:
    """Make the alert once; False with the reason on the form."""
    fields = {name: form.cleaned_data[name] for name in ("text", "start", "end")}
    owners = {"patient_id": patient.pk, "by_id": request.user.pk}
    # Without a beginning it began when it was first sent.
    same = {name: value for name, value in fields.items() if name != "start" or value}
    return acted(
        form,
        lambda: once(
            lambda: already_made(PatientAlert, form.row_id, owners=owners, same=same),
            lambda: add_alert(patient, by=request.user, id=form.row_id, **fields),
        ),
    )


@require_http_methods(["GET", "POST"])
@permission_required("encounters.change_patientalert", raise_exception=True)
def alert_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks once, since the banner loses it for everybody."""
    alerts = PatientAlert.objects.visible_to(request.user)
    alert = get_object_or_404(alerts.select_related("patient__merged_into"), pk=pk)
    form = RowPressForm(request.POST if request.method == "POST" else None, instance=alert)
    if form.is_bound and form.is_valid():
        version = form.cleaned_data["version"]
        if acted(form, lambda: end_alert(alert, by=request.user, version=version)):
            said = _("Ended: %(alert)s") % {"alert": alert}
            return _done(request, alert.patient.survivor, said)
    return _form_page(request, alert.patient.survivor, {"form": form, "ending": alert}, "alert_end")


def _done(request: HttpRequest, patient: Patient, said: str) -> HttpResponse:
    """Back to where the form came from; for htmx the section and the banner anew."""
    if wants_fragment(request):
        context = alerts_context(patient, request.user)
        context |= {"banner": for_patient(patient, request.user), "banner_anew": True}
        return render(request, "encounters/_alerts.html", context)
    messages.success(request, said)
    return redirect(next_url(request, "records:patient_detail", patient.pk))


def _form_page(
    request: HttpRequest, patient: Patient, context: dict[str, Any], page: str
) -> HttpResponse:
    """The page with the form, or for htmx the section with the form in it."""
    bad = context["form"].is_bound
    if not bad:
        audit.record_view(patient, by=request.user)
    context = {**context, **alerts_context(patient, request.user)}
    context["next"] = next_url(request, "records:patient_detail", patient.pk)
    status = 422 if bad else 200
    if wants_fragment(request):
        return render(request, "encounters/_alerts.html", context, status=status)
    context["banner"] = for_patient(patient, request.user)
    return render(request, f"encounters/{page}.html", context, status=status)
