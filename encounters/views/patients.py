"""The register of patients: find, list, register, edit, tell apart."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinik import audit
from clinik.forms import PressForm
from clinik.pages import add_errors, key_in
from clinik.transitions import StaleVersion
from encounters.banner import for_patient
from encounters.forms.patients import (
    ContactForm,
    IdentifierForm,
    PatientForm,
    RegisterForm,
    initial_from,
    lines,
    said,
)
from encounters.found import found_patients, sound_alike
from encounters.models import Patient
from encounters.patients import (
    are_told_apart,
    change_patient,
    likely_duplicates,
    register_patient,
    say_not_same,
)

FIRST = 10
PAGE = 25


def typed(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:200]


@require_GET
@permission_required("encounters.view_patient", raise_exception=True)
def patient_find(request: HttpRequest) -> HttpResponse:
    """The first ten for the find box, as a list of options."""
    text = typed(request)
    patients = Patient.objects.named_to(request.user).listed()
    rows = found_patients(patients.first_found(text, FIRST) if text else [])
    audit.record_search(Patient, by=request.user, found=len(rows))
    context = {"rows": rows, "text": text, "ambiguous": sound_alike(rows)}
    return render(request, "encounters/_find_results.html", context)


@require_GET
@permission_required("encounters.view_patient", raise_exception=True)
def patient_list(request: HttpRequest) -> HttpResponse:
    """The same search as a page, by name; without a text, everybody."""
    text = typed(request)
    patients = Patient.objects.named_to(request.user).listed()
    if text:
        patients = patients.search(text)
    rows, pager = _page(patients, request)
    audit.record_search(Patient, by=request.user, found=len(rows))
    context = {"rows": found_patients(rows), "text": text, **pager}
    return render(request, "encounters/patient_list.html", context)


def _page(patients: Any, request: HttpRequest) -> tuple[list[Patient], dict[str, Any]]:
    """One page after or before a patient, by key: no page shifts while others register."""
    order = ("family", "given", "pk")
    back, edge = False, None
    for name in ("after", "before"):
        if request.GET.get(name):
            back, edge = name == "before", _edge(request.GET[name])
    if edge is not None:
        patients = patients.filter(_beyond(edge, "lt" if back else "gt"))
    ordered = patients.order_by(*(f"-{name}" for name in order) if back else order)
    rows = list(ordered[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if back:
        rows.reverse()
    pager = {
        "before": rows[0].pk if rows and (more if back else edge is not None) else None,
        "after": rows[-1].pk if rows and (back or more) else None,
    }
    return rows, pager


def _edge(key: str) -> Patient:
    try:
        return get_object_or_404(Patient, pk=UUID(key))
    except ValueError as error:
        raise Http404 from error


def _beyond(edge: Patient, way: str) -> Q:
    family, given = edge.family, edge.given
    return Q(**{f"family__{way}e": family}) & (
        Q(**{f"family__{way}": family})
        | Q(family=family, **{f"given__{way}": given})
        | Q(family=family, given=given, **{f"pk__{way}": edge.pk})
    )


@require_http_methods(["GET", "POST"])
@permission_required("encounters.add_patient", raise_exception=True)
def patient_register(request: HttpRequest) -> HttpResponse:
    """A new patient; those who may be the same person are asked about before anything is made."""
    data = request.POST if request.method == "POST" else None
    form = RegisterForm(data, initial=initial_from(typed(request)))
    numbers = lines(IdentifierForm, None, data, "number")
    contacts = lines(ContactForm, None, data, "contact")
    context: dict[str, Any] = {"form": form, "numbers": numbers, "contacts": contacts}
    status = 200
    if data is not None:
        status = 422
        valid = all([form.is_valid(), numbers.is_valid(), contacts.is_valid()])
        told_apart = _told_apart(request)
        earlier = _registered_before(form, request.user) if valid else None
        if earlier is not None and form.is_valid():
            return redirect("records:patient_detail", earlier.pk)
        valid = valid and earlier is None
        context["earlier"] = earlier
        context.update(_duplicates(request))
        unanswered = [row for row in context["duplicates"] if row.pk not in told_apart]
        context["must_answer"] = bool(unanswered)
        context["ask_guardian"] = valid and _lacks_guardian(form, contacts)
        if valid and not unanswered and not context["ask_guardian"]:
            patient = _register(form, numbers, contacts, told_apart, request.user)
            if patient is not None:
                messages.success(request, _("%s is registered.") % patient)
                return redirect("records:patient_detail", patient.pk)
    return render(request, "encounters/patient_register.html", context, status=status)


def _register(
    form: RegisterForm, numbers: Any, contacts: Any, told_apart: set[UUID], by: Any
) -> Patient | None:
    """Make the patient and remember the answers, wholly or not at all; None with errors shown."""
    try:
        with transaction.atomic():
            patient = register_patient(
                by=by,
                id=form.row_id,
                identifiers=said(numbers),
                contacts=said(contacts),
                **form.verb_fields(),
            )
            for other in Patient.objects.named_to(by).filter(pk__in=told_apart):
                say_not_same(patient, other, by=by)
    except ValidationError as error:
        add_errors(form, error)
        return None
    except IntegrityError:
        # The same form, sent twice at once: the other sending was a moment earlier.
        earlier = _registered_before(form, by)
        if earlier is None:
            raise
        return earlier
    return patient


def _registered_before(form: RegisterForm, by: Any) -> Patient | None:
    """What an earlier sending of this form made; 404 for a key of somebody else's making.

    Where that had other content, the form gets an error saying so.
    """
    row = Patient.objects.filter(pk=form.row_id).first()
    if row is None:
        return None
    first = row.history.order_by("history_date", "history_id").first()
    if first is None or first.history_user_id != by.pk:
        raise Http404
    wanted = form.verb_fields()
    if any(getattr(row, name) != value for name, value in wanted.items()):
        form.add_error(
            None,
            _("This form was already sent with other content: %s is registered. Edit that entry.")
            % row,
        )
    return row


def _lacks_guardian(form: RegisterForm, contacts: Any) -> bool:
    """Whether the guardian of somebody under 18 was neither given nor asked for yet."""
    if form.cleaned_data["guardian_asked"]:
        return False
    born = {name: value for name, value in form.verb_fields().items() if "birth_date" in name}
    born.pop("birth_date_unknown")
    age = Patient(**born).age_at()
    if age is None or age.at_least(18) is not False:
        return False
    return not any(line.get("is_guardian") for line in said(contacts))


@require_POST
@permission_required("encounters.add_patient", raise_exception=True)
def patient_duplicates(request: HttpRequest) -> HttpResponse:
    """Who may be the same person as the one being typed; nothing is saved."""
    context = _duplicates(request)
    audit.record_search(Patient, by=request.user, found=len(context["duplicates"]))
    return render(request, "encounters/_duplicates.html", context)


def _duplicates(request: HttpRequest) -> dict[str, Any]:
    """Read what there is of an unfinished registration; wrong fields are left out."""
    form = RegisterForm(request.POST)
    form.is_valid()
    cleaned = getattr(form, "cleaned_data", {})
    born = cleaned.get("birth_date")
    values = [
        value
        for key, value in request.POST.items()
        if key.startswith("number-") and key.endswith("-value")
    ]
    # Read beside the form's own checks; PostgreSQL takes no text with a NUL.
    found = likely_duplicates(
        family=cleaned.get("family", ""),
        given=cleaned.get("given", "") or cleaned.get("known_as", ""),
        birth_date=born.day if born else None,
        birth_date_precision=born.precision if born else "day",
        identifiers=[str(value).replace("\0", "") for value in values[:20]],
    )
    told_apart = _told_apart(request)
    return {"duplicates": found_patients(found), "told_apart": told_apart}


def _told_apart(request: HttpRequest) -> set[UUID]:
    """The entries ticked as "not the same person"."""
    keys = set()
    for value in request.POST.getlist("not_same")[:50]:
        try:
            keys.add(UUID(value))
        except ValueError:
            continue
    return keys


@require_http_methods(["GET", "POST"])
@permission_required("encounters.change_patient", raise_exception=True)
def patient_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    patient = _patient(request, pk)
    if patient.merged_into_id:
        return redirect("encounters:patient_edit", patient.merged_into_id)
    data = request.POST if request.method == "POST" else None
    form = PatientForm(data, instance=patient)
    numbers = lines(IdentifierForm, patient, data, "number")
    contacts = lines(ContactForm, patient, data, "contact")
    if data is not None and all([form.is_valid(), numbers.is_valid(), contacts.is_valid()]):
        try:
            change_patient(
                patient,
                by=request.user,
                version=form.base_version,
                identifiers=said(numbers),
                contacts=said(contacts),
                **form.verb_fields(),
            )
        except (ValidationError, StaleVersion) as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            # Who is newly said to have died is asked about when, and about planned visits.
            died = "deceased" in form.changed_data and form.cleaned_data["deceased"]
            page = "encounters:patient_deceased" if died else "records:patient_detail"
            return redirect(page, patient.pk)
    if data is None:
        audit.record_view(patient, by=request.user)
    context = {
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "form": form,
        "numbers": numbers,
        "contacts": contacts,
        "duplicates": found_patients(_duplicates_of(patient)) if data is None else [],
    }
    status = 200 if data is None else 422
    return render(request, "encounters/patient_edit.html", context, status=status)


def _duplicates_of(patient: Patient) -> list[Patient]:
    return likely_duplicates(
        family=patient.family,
        given=patient.given or patient.known_as,
        birth_date=patient.birth_date,
        birth_date_precision=patient.birth_date_precision,
        identifiers=patient.identifiers.values_list("value", flat=True),
        exclude=patient,
    )


def _patient(request: HttpRequest, pk: UUID) -> Patient:
    """The patient, or 404 where there is none for this user."""
    patients = Patient.objects.visible_to(request.user).select_related("merged_into")
    return get_object_or_404(patients, pk=pk)


@require_POST
@permission_required("encounters.change_patient", raise_exception=True)
def patient_not_same(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remember that two entries are two people, of those that the page showed side by side."""
    patient = _patient(request, pk)
    other = key_in(request.POST.get("other", ""))
    if not PressForm(request.POST, patient=patient).is_valid() or other is None:
        messages.error(request, _("Not saved: this names no other patient."))
        return redirect("encounters:patient_edit", patient.pk)
    if not are_told_apart(patient, other):
        alike = {row.pk: row for row in _duplicates_of(patient)}
        if other not in alike:
            raise Http404
        say_not_same(patient, alike[other], by=request.user)
    messages.success(request, _("Remembered: two people."))
    return redirect("encounters:patient_edit", patient.pk)
