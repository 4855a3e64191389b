"""The audit trail's pages: its search, what is taken out of it, and who looked at a patient.

Looking at the trail leaves a row in it, too.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clinik import audit, clock, spreadsheets
from clinik.fhir.auditevent import auditevent
from clinik.models import AuditEvent
from encounters import trail, unusual
from encounters.banner import for_patient
from encounters.forms.trail import PeriodForm, TrailForm
from encounters.models import Patient
from encounters.models.closed import closed_to

_MAY = permission_required("clinik.view_auditevent", raise_exception=True)


@require_GET
@_MAY
def trail_list(request: HttpRequest) -> HttpResponse:
    """The newest events, or those that the form asks for."""
    form = TrailForm(request.GET, user=request.user)
    context: dict[str, Any] = {"form": form, "acts": trail.named_acts()}
    if form.is_valid():
        by = form.cleaned_data["sort"]
        page = trail.read_sorted(form.found(), by) if by else _page(request, form.found())
        context["cut"] = trail.SHOWN_SORTED if by and len(page.rows) == trail.SHOWN_SORTED else 0
        audit.record_search(
            AuditEvent,
            by=request.user,
            found=len(page.rows),
            fields=form.used,
            patient=form.cleaned_data["patient"],
        )
        query = _url(request.GET, before=None, after=None)
        context |= _shown(request, page) | {"query": query, "filtered": bool(form.used)}
    return render(
        request, "encounters/trail_list.html", context, status=200 if form.is_valid() else 422
    )


@require_GET
@_MAY
def patient_trail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Who looked at a patient, or did something about them: the people, then each event."""
    people = Patient.objects.named_to(request.user)
    patient = get_object_or_404(people.select_related("merged_into"), pk=pk)
    keys = trail.entries_of(patient)
    form = PeriodForm(request.GET)
    outside = request.GET.get("outside") == "1"
    context: dict[str, Any] = {
        "form": form,
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "outside": outside,
        "merged": len(keys) - 1,
        "team_url": _url(request.GET, before=None, after=None, outside=None if outside else "1"),
    }
    if form.is_valid():
        found = form.dated(trail.about(trail.events(), keys))
        if outside:
            found = trail.outside(found, keys)
        context |= _shown(request, _page(request, found)) | {"people": trail.people(found)}
    audit.record("patient.view_trail", patient, by=request.user, action="R")
    return render(
        request, "encounters/patient_trail.html", context, status=200 if form.is_valid() else 422
    )


@require_GET
@_MAY
def trail_unusual(request: HttpRequest) -> HttpResponse:
    """Who read many patients' records on a day (`?day=`, else yesterday) without treating them."""
    today = clock.today()
    day = _day(request.GET.get("day", "")) or today - dt.timedelta(days=1)
    readers = unusual.readers_of(day)
    audit.record_list("unusual_reading", by=request.user, found=len(readers))
    context = {
        "day": day,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < today else None,
        "readers": readers,
        "many": unusual.MANY,
        "times": unusual.TIMES,
    }
    return render(request, "encounters/trail_unusual.html", context)


def _day(text: str) -> dt.date | None:
    """A day of the trail, which began with this program; None for anything that is none."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if dt.date(2000, 1, 1) < day <= clock.today() else None


def _page(request: HttpRequest, found: QuerySet[AuditEvent]) -> trail.Page[AuditEvent]:
    before, after = (_key(request.GET.get(name, "")) for name in ("before", "after"))
    return trail.read_page(found, before=before, after=after)


def _key(text: str) -> int | None:
    """An event's id; None for anything that is none (the list starts anew)."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _shown(request: HttpRequest, page: trail.Page[AuditEvent]) -> dict[str, Any]:
    turn = {"before": None, "after": None}
    return {
        "lines": trail.lines_of(page.rows, request.user),
        "newer_url": _url(request.GET, **turn | {"after": page.newer}) if page.newer else "",
        "older_url": _url(request.GET, **turn | {"before": page.older}) if page.older else "",
        "first_url": _url(request.GET, **turn),
    }


def _url(query: QueryDict, **changes: Any) -> str:
    """The same page with some parameters set, or taken out (None); empty ones are left out."""
    new = query.copy()
    for name, value in changes.items():
        if value is None:
            new.pop(name, None)
        else:
            new[name] = str(value)
    for name in [name for name in new if not any(new.getlist(name))]:
        del new[name]
    return f"?{new.urlencode()}"


# -- taken out -----------------------------------------------------------------------------------


@require_GET
@_MAY
def trail_csv(request: HttpRequest) -> HttpResponseBase:
    """Every event that the search finds, newest first unless it sorts them, streamed."""
    form = TrailForm(request.GET, user=request.user)
    if not form.is_valid():
        return _back(request)
    header = [
        _("Event"), _("At"), _("Login"), _("Person"), _("Role"), _("Address"), _("Act"),
        _("Kind"), _("Row"), _("Patient"), _("Visit"), _("Fields"), _("Version"), _("Outcome"),
        _("Request"),
    ]  # fmt: skip
    rows = (_cells(event) for event in _taken(request, form, "csv"))
    return _sent(spreadsheets.lines(header, rows), "csv", "text/csv")


def _cells(event: AuditEvent) -> list[Any]:
    """As stored, for a reader that counts; the time is UTC."""
    return [
        event.pk, event.at.isoformat(), event.by.username if event.by else "",
        str(event.by or ""), event.role, event.address, event.act, event.object_type,
        event.object_id, event.patient_id, event.encounter_id,
        " ".join(str(name) for name in event.fields), event.version,
        event.get_outcome_display(), event.request_id,
    ]  # fmt: skip


@require_GET
@_MAY
def trail_fhir(request: HttpRequest) -> HttpResponseBase:
    """The same as FHIR R4 AuditEvents, one a line (NDJSON)."""
    form = TrailForm(request.GET, user=request.user)
    if not form.is_valid():
        return _back(request)
    chart = request.user.has_perm("encounters.view_chart")
    closed = set(closed_to(request.user).values_list("pk", flat=True)) if chart else set()
    found = _taken(request, form, "ndjson")
    lines = (
        json.dumps(
            auditevent(
                event,
                observer=settings.CLINIK_NAME,
                reason=chart and event.patient_id not in closed,
            ),
            ensure_ascii=False,
        )
        + "\n"
        for event in found
    )
    return _sent(lines, "ndjson", "application/fhir+ndjson")


def _back(request: HttpRequest) -> HttpResponseBase:
    """To the page that says what is wrong with the search."""
    return HttpResponseRedirect(f"{reverse('encounters:trail_list')}?{request.GET.urlencode()}")


def _taken(request: HttpRequest, form: TrailForm, ending: str) -> Iterator[AuditEvent]:
    """What the search finds. Written down before the first line goes; the export is no part of
    itself, nor is what happens while it goes."""
    upto = trail.events().values_list("id", flat=True).first() or 0
    audit.record_export(
        AuditEvent,
        by=request.user,
        fields=form.used,
        patient=form.cleaned_data["patient"],
        detail={"format": ending, "upto": upto},
    )
    found, by = form.found().filter(id__lte=upto), form.cleaned_data["sort"]
    return chain.from_iterable(trail.all_sorted(found, by) if by else trail.all_rows(found))


def _sent(lines: Iterator[str], ending: str, kind: str) -> HttpResponseBase:
    response = StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8")
    name = f"audit-{clock.today().isoformat()}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
