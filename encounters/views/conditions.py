"""Codes for conditions: suggestions under a field, and a page with the same."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinik.pages import wants_fragment
from encounters.code_search import LONGEST_TEXT, find


@require_GET
@permission_required("encounters.change_diagnosis", raise_exception=True)
def condition_find(request: HttpRequest) -> HttpResponse:
    """What the text can mean, best first; for no text what I use most."""
    text = request.GET.get("q", "").strip()[:LONGEST_TEXT]
    context = {"rows": find(text, by=request.user), "text": text}
    part = "_condition_results" if wants_fragment(request) else "condition_find"
    return render(request, f"encounters/{part}.html", context)
