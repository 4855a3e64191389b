"""Record a past visit: everything of it on one form, and on to the next one of that day."""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinik import audit, clock
from clinik.forms import Repeated, already_made
from clinik.pages import add_errors
from encounters import banner
from encounters.diagnoses import add_diagnosis
from encounters.forms.visits import suggestions
from encounters.lifecycle import record_past_encounter
from encounters.models import Encounter, Patient, Practitioner, StatusPeriod
from encounters.views.visits import the_patient
from records.forms.past import PastForm
from records.notes import add_note
from records.vitals_entry import record_vitals

MOST_FOUND = 10


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.record_past_encounter", raise_exception=True)
def encounter_past(request: HttpRequest, patient_pk: uuid.UUID) -> HttpResponse:
    patient = the_patient(request, patient_pk)
    if request.method != "POST":
        audit.record_view(patient, by=request.user)
        form = PastForm(patient=patient, user=request.user, initial=_initial(request))
        return _show(request, patient, form)
    form = PastForm(request.POST, patient=patient, user=request.user)
    if not form.is_valid():
        return _show(request, patient, form, status=422)
    try:
        encounter = _once(request, patient, form)
    except Repeated as error:
        add_errors(form, ValidationError(f"{error} {error.row}"))
        return _show(request, patient, form, status=409)
    except ValidationError as error:
        add_errors(form, _at_fields(error))
        form.offer_confirming(error)
        return _show(request, patient, form, status=422)
    messages.success(request, _("Recorded: %(visit)s.") % {"visit": encounter})
    if "next" in request.POST:
        here = reverse("records:encounter_past", args=[patient.pk])
        return redirect(f"{here}?{urlencode({**form.kept(), 'more': '1'})}")
    return redirect("records:encounter_detail", pk=encounter.pk)


def _once(request: HttpRequest, patient: Patient, form: PastForm) -> Encounter:
    """What an earlier sending recorded, or this one; two at the same moment record once."""
    made = _made_before(request, patient, form)
    try:
        return made or _save(request, patient, form)
    except IntegrityError:
        made = _made_before(request, patient, form)
        if made is None:
            raise
        return made


def _save(request: HttpRequest, patient: Patient, form: PastForm) -> Encounter:
    """The visit and all in it, or nothing; each row's key follows from the form's."""
    by, key = request.user, form.row_id
    with transaction.atomic():
        visit = form.visit()
        encounter = record_past_encounter(patient=patient, by=by, id=key, **visit)
        condition, vitals = form.condition(), form.vitals()
        if condition is not None:
            add_diagnosis(encounter, by=by, id=uuid.uuid5(key, "diagnosis"), **condition)
        if vitals is not None:
            record_vitals(
                encounter,
                by=by,
                id=uuid.uuid5(key, "vitals"),
                effective=encounter.start,
                confirmed=form.cleaned_data["confirmed"],
                **vitals,
            )
        text = form.cleaned_data.get("note", "")
        if text.strip():
            add_note(
                encounter,
                by=by,
                id=uuid.uuid5(key, "note"),
                content=text,
                effective=encounter.end,
            )
    return encounter


def _made_before(request: HttpRequest, patient: Patient, form: PastForm) -> Encounter | None:
    """What an earlier sending of this form recorded; 404 for somebody else's key."""
    visit = form.visit()
    names = ("start", "end", "class_code", "type_text", "reason_text")
    same = {name: visit[name] for name in names}
    row = already_made(Encounter, form.row_id, owners={"patient": patient}, same=same)
    if row is not None:
        first = StatusPeriod.objects.filter(encounter=row).order_by("created", "id").first()
        if first is None or first.by_id != request.user.pk:
            raise Http404
    return row


def _at_fields(error: ValidationError) -> ValidationError:
    """The verbs name the visit's instants; the form asks for a day and two times."""
    if not hasattr(error, "error_dict"):
        return error
    names = {"start": "begins", "end": "ends", "content": "note"}
    return ValidationError(
        {names.get(name, name): errors for name, errors in error.error_dict.items()}
    )


def _initial(request: HttpRequest) -> dict[str, Any]:
    """What the last form kept; else me."""
    kept = request.GET
    own: Any = Practitioner.objects.active().filter(user=request.user.pk).first()
    return {
        "day": _day(kept.get("day", "")),
        "practitioner": _practitioner(kept.get("practitioner", "")) or own,
        "location": kept.get("location", "")[:200],
    }


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _practitioner(key: str) -> Practitioner | None:
    try:
        return Practitioner.objects.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        return None


def _show(
    request: HttpRequest, patient: Patient, form: PastForm, status: int = 200
) -> HttpResponse:
    day = form["day"].value()
    day = _day(day) if isinstance(day, str) else day
    context = {
        "patient": patient,
        "banner": banner.for_patient(patient, request.user),
        "form": form,
        "day": day if day != clock.today() else None,
        "lists": suggestions(),
        **_next_patient(request),
    }
    return render(request, "records/encounter_past.html", context, status=status)


def _next_patient(request: HttpRequest) -> dict[str, Any]:
    """After "Save and next": whom the next form is for; what is kept travels in the links."""
    if request.GET.get("more") != "1":
        return {}
    kept = {name: request.GET.get(name, "") for name in (*PastForm.KEPT, "more")}
    asked = request.GET.get("q", "").strip()[:200]
    people = Patient.objects.visible_to(request.user).listed()
    found = people.first_found(asked, MOST_FOUND) if asked else []
    return {
        "kept": kept,
        "asked": asked,
        "found": [
            (each, f"{reverse('records:encounter_past', args=[each.pk])}?{urlencode(kept)}")
            for each in found
        ],
    }
