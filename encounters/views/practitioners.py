"""Suggestions for fields that name a practitioner."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from encounters.models import Practitioner

FIRST = 10


@require_GET
@permission_required("encounters.view_practitioner", raise_exception=True)
def practitioner_find(request: HttpRequest) -> HttpResponse:
    """The first ten active ones that the text fits, as a list of options."""
    text = request.GET.get("q", "").strip()[:200]
    people = Practitioner.objects.visible_to(request.user).active().search(text)
    context = {"rows": people[:FIRST] if text else []}
    return render(request, "encounters/_practitioner_results.html", context)
