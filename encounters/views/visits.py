"""Open a visit, plan one, and edit what describes it."""

import datetime as dt
import uuid
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinik import audit, clock
from clinik.forms import Repeated, already_made
from clinik.pages import add_errors
from encounters import banner, lifecycle
from encounters.forms.visits import OpenForm, PlanForm, VisitFields, suggestions
from encounters.models import Encounter, Patient, Practitioner, StatusPeriod
from encounters.models.encounter import OPEN, Status
from encounters.views.visit_page import done, refused, visit_url

MOST_ON_A_DAY = 60
# Without a planned length a visit takes this long on the day's list.
USUAL_MINUTES = 20
# What a second sending must say again; status, room and practitioner may have moved on since.
SAME = ("class_code", "type_text", "reason_text", "service_type_text", "planned_start")


def the_patient(request: HttpRequest, pk: uuid.UUID) -> Patient:
    """The patient, or 404; of a merged entry the survivor."""
    found = Patient.objects.visible_to(request.user).select_related("merged_into")
    patient = get_object_or_404(found, pk=pk)
    return patient.merged_into or patient


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.add_encounter", raise_exception=True)
def encounter_open(request: HttpRequest, patient_pk: uuid.UUID) -> HttpResponse:
    """A visit that begins now, or with ?plan=1 one for later."""
    patient = the_patient(request, patient_pk)
    planning = request.GET.get("plan") == "1"
    if request.method == "POST":
        return _plan(request, patient) if planning else _open(request, patient)
    audit.record_view(patient, by=request.user)
    booked = _booked_today(patient)
    initial: dict[str, Any] = {"practitioner": _likely_practitioner(request, booked)}
    if planning:
        initial["planned_start"] = _asked_start(request)
        return _show(
            request, patient, PlanForm(patient=patient, user=request.user, initial=initial)
        )
    form = OpenForm(patient=patient, user=request.user, initial=initial)
    return _show(request, patient, form, booked=booked, second=lifecycle.open_visit_of(patient))


def _open(request: HttpRequest, patient: Patient) -> HttpResponse:
    form = OpenForm(request.POST, patient=patient, user=request.user)
    if not form.is_valid():
        return _show(request, patient, form, status=422)
    fields = form.verb_fields()
    try:
        made = _made_before(request, patient, form, fields)
        encounter = made or lifecycle.open_encounter(
            patient=patient, by=request.user, id=form.row_id, **fields
        )
    except Repeated as error:
        return _repeated(request, error)
    except lifecycle.SecondOpen as error:
        return _show(request, patient, form, second=error.encounter, status=409)
    except ValidationError as error:
        add_errors(form, error)
        return _show(request, patient, form, status=422)
    return done(request, encounter, _("The visit of %(name)s is open.") % {"name": patient.name})


def _plan(request: HttpRequest, patient: Patient) -> HttpResponse:
    form = PlanForm(request.POST, patient=patient, user=request.user)
    if "look" in request.POST:
        form.is_valid()
        form.errors.clear()
        return _show(request, patient, form)
    if not form.is_valid():
        return _show(request, patient, form, status=422)
    fields = form.verb_fields()
    try:
        made = _made_before(request, patient, form, fields)
        if made is None and not form.cleaned_data["confirmed_overlap"] and _overlaps(form):
            return _show(request, patient, form, status=409)
        encounter = made or lifecycle.open_encounter(
            patient=patient, by=request.user, id=form.row_id, status=Status.PLANNED, **fields
        )
    except Repeated as error:
        return _repeated(request, error)
    except ValidationError as error:
        add_errors(form, error)
        return _show(request, patient, form, status=422)
    return done(request, encounter, _("Planned for %(name)s.") % {"name": patient.name})


def _made_before(
    request: HttpRequest, patient: Patient, form: OpenForm | PlanForm, fields: dict[str, Any]
) -> Encounter | None:
    """The visit that an earlier sending made; 404 for somebody else's key, Repeated if changed."""
    same = {name: fields[name] for name in SAME if name in fields}
    row = already_made(Encounter, form.row_id, owners={"patient": patient}, same=same)
    if row is not None:
        first = StatusPeriod.objects.filter(encounter=row).order_by("created", "id").first()
        if first is None or first.by_id != request.user.pk:
            raise Http404
    return row


def _repeated(request: HttpRequest, error: Repeated) -> HttpResponse:
    row: Any = error.row
    return refused(request, row, ValidationError(str(error)))


def _show(
    request: HttpRequest,
    patient: Patient,
    form: VisitFields,
    *,
    second: Encounter | None = None,
    booked: Encounter | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form. `second` is an open visit that stands already, `booked` today's planned one."""
    context: dict[str, Any] = {
        "patient": patient,
        "banner": banner.for_patient(patient, request.user),
        "form": form,
        "second": second,
        "booked": booked,
        "second_url": visit_url(second) if second else "",
        "lists": suggestions(),
        "planning": isinstance(form, PlanForm),
    }
    if isinstance(form, PlanForm):
        context |= _day(form)
    return render(request, "encounters/encounter_open.html", context, status=status)


def _likely_practitioner(request: HttpRequest, booked: Encounter | None) -> Practitioner | None:
    """Me; for the front desk whom the patient is booked with today."""
    own = Practitioner.objects.active().filter(user=request.user.pk).first()
    return own or (booked.practitioner if booked else None)


def _booked_today(patient: Patient) -> Encounter | None:
    found = Encounter.objects.of_patient(patient).filter(status=Status.PLANNED)
    found = found.dated_within(clock.today(), clock.today())
    return found.select_related("practitioner").order_by("date", "id").first()


def _asked_start(request: HttpRequest) -> dt.datetime | None:
    """The day of ?date= at nine, else nothing: a plan has no likely time."""
    try:
        day = dt.date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time(9)))


def _day(form: PlanForm) -> dict[str, Any]:
    """That practitioner's day, and what overlaps; nothing until both are known."""
    practitioner, start = form.day_asked
    if practitioner is None or start is None:
        return {"day": None}
    rows = _rows_of_day(practitioner, timezone.localdate(start))
    overlapping = {row.pk for row in _overlaps(form, rows)} if form.is_bound else set()
    return {
        "day": timezone.localdate(start),
        "day_of": practitioner,
        "day_rows": [(row, row.pk in overlapping) for row in rows],
        "overlaps": bool(overlapping),
    }


def _rows_of_day(practitioner: Practitioner, day: dt.date) -> list[Encounter]:
    """What the practitioner has planned and open on a day, by time."""
    found = Encounter.objects.filter(practitioner=practitioner, status__in=[Status.PLANNED, *OPEN])
    found = found.dated_within(day, day).select_related("patient")
    return list(found.order_by("date", "id")[:MOST_ON_A_DAY])


def _overlaps(form: PlanForm, rows: list[Encounter] | None = None) -> list[Encounter]:
    """Those of the practitioner's visits that share a minute with the one being planned."""
    practitioner, start = form.day_asked
    if practitioner is None or start is None:
        return []
    minutes = getattr(form, "cleaned_data", {}).get("planned_minutes") or USUAL_MINUTES
    end = start + dt.timedelta(minutes=minutes)
    if rows is None:
        rows = _rows_of_day(practitioner, timezone.localdate(start))
    return [row for row in rows if row.planned_start and _shares(row, start, end)]


def _shares(row: Encounter, start: dt.datetime, end: dt.datetime) -> bool:
    begins = row.planned_start
    assert begins is not None
    until = begins + dt.timedelta(minutes=row.planned_minutes or USUAL_MINUTES)
    return begins < end and start < until
