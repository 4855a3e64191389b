"""Whose last contact is long ago: a list, and the same as a file."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinik import audit, clock, spreadsheets
from clinik.pages import key_in, number_in
from encounters import retention
from encounters.models import Patient

_MAY = permission_required("encounters.report_retention", raise_exception=True)


def _years(request: HttpRequest) -> int:
    asked = number_in(request.GET.get("years", "")) or retention.YEARS
    return min(max(asked, 1), retention.MOST_YEARS)


@require_GET
@_MAY
def patient_retention(request: HttpRequest) -> HttpResponse:
    """Patients without a visit for `?years=`, in the order in which they were registered."""
    years = _years(request)
    after = key_in(request.GET.get("after", ""))
    rows, more = retention.page_of(years, user=request.user, after=after)
    audit.record_search(Patient, by=request.user, found=len(rows), fields=["last_contact"])
    context = {"rows": rows, "years": years, "after": more, "most": retention.MOST_YEARS}
    return render(request, "encounters/patient_retention.html", context)


@require_GET
@_MAY
def patient_retention_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All of them, streamed."""
    years = _years(request)
    audit.record_export(Patient, by=request.user, fields=["last_contact"], detail={"years": years})
    lines = spreadsheets.lines(retention.header(), retention.rows_of(years))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"without-contact-{years}-years-{clock.today().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
