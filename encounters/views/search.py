"""The visit search: the URL is the query."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clinik import audit, clock, keyset, spreadsheets
from clinik.pages import number_in
from encounters import search, visit_csv
from encounters.filters import COUNT_DEFAULT, COUNT_MAX, SORTS, EncounterFilter
from encounters.models import Encounter
from encounters.models.encounter import EncounterClass, Status

# The order in which chips stand; dates are one chip.
CHIPS = (
    "patient",
    "status",
    "class_code",
    "dates",
    "practitioner",
    "diagnosis",
    "reason",
    "type",
    "service",
    "location",
    "on",
    "open",
)


# Lines of a CSV file that are sent together.
LINES_AT_ONCE = 200


@dataclass(frozen=True)
class Chip:
    """One filter: what it says, the link that removes it, the fields that change it."""

    label: str
    remove: str
    fields: list[Any]


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def encounter_list(request: HttpRequest) -> HttpResponse:
    found = EncounterFilter(request.GET, user=request.user)
    context: dict[str, Any] = {"filter": found, "form": found.form, "sorts": SORTS}
    if found.form.is_valid():
        context |= _results(request, found)
        _audit(request, found, len(context["page"].rows))
    context["chips"] = _chips(request.GET, found)
    return render(
        request,
        "encounters/encounter_list.html",
        context,
        status=200 if found.form.is_valid() else 422,
    )


@require_GET
@permission_required(
    ("encounters.view_encounter", "encounters.export_encounter"), raise_exception=True
)
def encounter_csv(request: HttpRequest) -> HttpResponseBase:
    """Every visit that the search finds, in its order, streamed; not only the page shown.

    The trail says before what is taken out, and after how many rows went.
    """
    found = EncounterFilter(request.GET, user=request.user)
    if not found.form.is_valid():
        query = request.GET.urlencode()
        return HttpResponseRedirect(f"{reverse('encounters:encounter_list')}?{query}")
    number = search.count_found(found.qs)
    counted = {"found": min(number, search.COUNTED_TO), "more": number > search.COUNTED_TO}
    audit.record_export(
        Encounter,
        by=request.user,
        fields=_used(found),
        patient=found.chosen_patient,
        detail=counted,
    )
    lines = spreadsheets.lines(
        visit_csv.header(diagnoses=request.user.has_perm("encounters.view_diagnosis")),
        visit_csv.rows(found.qs, user=request.user, newest=request.GET.get("sort") != "oldest"),
    )
    sent = _sent(lines, request.user, audit.origin.get())
    response = StreamingHttpResponse(sent, content_type="text/csv; charset=utf-8")
    name = f"visits-{clock.today().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sent(lines: Iterator[str], user: Any, here: audit.Origin) -> Iterator[str]:
    """The lines, many at once; when they end, or whoever asked is gone, the trail says how many.

    It runs after the view, when the request's origin is no longer set: `here` is that.
    """
    sent, whole = 0, False
    try:
        while some := list(islice(lines, LINES_AT_ONCE)):
            sent += len(some)
            yield "".join(some)
        whole = True
    finally:
        rows = max(sent - 1, 0)  # the first line names the columns
        detail = {"rows": rows, "whole": whole}
        audit.record_export(Encounter, by=user, act="exported", detail=detail, here=here)


def _results(request: HttpRequest, found: EncounterFilter) -> dict[str, Any]:
    """Five queries at most: the chosen patient and practitioner, the page, diagnoses, the count."""
    newest = request.GET.get("sort") != "oldest"
    page = search.read_page(
        found.qs,
        user=request.user,
        size=_size(request.GET.get("count", "")),
        cursor=keyset.Cursor.read(request.GET.get("cursor", "")),
        newest=newest,
    )
    return {
        "page": page,
        "count": search.count_words(found.qs),
        "newest": newest,
        "previous_url": _url(request.GET, cursor=str(page.previous)) if page.previous else "",
        "next_url": _url(request.GET, cursor=str(page.next)) if page.next else "",
        "first_url": _url(request.GET, cursor=None) if "cursor" in request.GET else "",
        "past_url": _past_url(request.GET, page.rows) if newest else "",
        "sort_url": _url(request.GET, cursor=None, sort="oldest" if newest else None),
        "csv_url": reverse("encounters:encounter_csv") + _url(request.GET, cursor=None, count=None),
        "all_dates_url": _url(request.GET, cursor=None, **{"from": "1900-01-01"}),
        "bounded_from": found.first_day if found.bounded else None,
    }


def _past_url(query: QueryDict, rows: Sequence[search.VisitRow]) -> str:
    """The same search up to today, where its first page begins with what is only planned."""
    if not rows or any(query.get(name) for name in ("to", "on", "cursor")):
        return ""
    ahead = timezone.localtime(rows[0].date).date() > clock.today()
    return _url(query, to=clock.today().isoformat()) if ahead else ""


def _size(text: str) -> int:
    wanted = number_in(text)
    return COUNT_DEFAULT if wanted is None else min(max(wanted, 1), COUNT_MAX)


def _url(query: QueryDict, **changes: Any) -> str:
    """The same search with some parameters set, or taken out (None)."""
    new = query.copy()
    for name, value in changes.items():
        if value is None:
            new.pop(name, None)
        else:
            new[name] = value
    for name in [name for name in new if not any(new.getlist(name))]:
        del new[name]
    return f"?{new.urlencode()}"


def _audit(request: HttpRequest, found: EncounterFilter, shown: int) -> None:
    """That somebody searched and by which filters, not for what."""
    audit.record_search(
        Encounter, by=request.user, found=shown, fields=_used(found), patient=found.chosen_patient
    )


def _used(found: EncounterFilter) -> list[str]:
    return [name for name, value in found.form.cleaned_data.items() if value]


def _chips(query: QueryDict, found: EncounterFilter) -> list[Chip]:
    form, made = found.form, []
    for name in CHIPS:
        names = ["from", "to"] if name == "dates" else [name]
        if names[0] not in form.fields:
            continue
        words = _chip_words(found, name) if form.is_valid() else ""
        cleared: dict[str, Any] = dict.fromkeys([*names, "cursor"])
        label = words or str(form.fields[names[0]].label if name != "dates" else _("Dates"))
        made.append(
            Chip(
                label=label,
                remove=_url(query, **cleared) if words else "",
                fields=[form[field] for field in names],
            )
        )
    return made


def _chip_words(found: EncounterFilter, name: str) -> str:
    """What an active filter says of itself; empty where it is not used."""
    values = found.form.cleaned_data
    if name == "dates":
        return _dates_words(values.get("from"), values.get("to"))
    value = values.get(name)
    if not value:
        return ""
    if name == "status":
        return ", ".join(str(Status(code).label) for code in value)
    if name == "class_code":
        return ", ".join(str(EncounterClass(code).label) for code in value)
    if name == "patient" and found.chosen_patient:
        return found.chosen_patient.name
    if name == "practitioner" and found.chosen_practitioner:
        return found.chosen_practitioner.short_name
    label = str(found.form.fields[name].label)
    if name == "open":
        return label
    shown = formats.date_format(value, "DATE_FORMAT") if name == "on" else value
    return f"{label} {shown}"


def _dates_words(first: Any, last: Any) -> str:
    if first and first == last:
        return formats.date_format(first, "DATE_FORMAT")
    words = [formats.date_format(day, "DATE_FORMAT") if day else "" for day in (first, last)]
    if first and last:
        return f"{words[0]} – {words[1]}"
    if first:
        return _("Today and later") if first == clock.today() else _("from %s") % words[0]
    return _("until %s") % words[1] if last else ""
