"""Hand over all of my open visits: the list is read and confirmed first."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.pages import add_errors
from encounters.forms.steps import HandOverAllForm
from encounters.handing_over import MOST, hand_over_all, open_visits_of
from encounters.models import Encounter, Practitioner


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.hand_over_encounter", raise_exception=True)
def encounter_hand_over_all(request: HttpRequest) -> HttpResponse:
    """Every line is ticked; what is unticked stays mine."""
    visits = _mine(request)
    form = HandOverAllForm(request.POST or None)
    chosen = request.POST.getlist("visit")
    if request.method == "POST" and form.is_valid():
        try:
            done = hand_over_all(by=request.user, to=form.cleaned_data["to"], visits=_keys(chosen))
        except ValidationError as error:
            add_errors(form, error)
        else:
            said = {"n": len(done), "who": form.cleaned_data["to"]}
            words = ngettext(
                "%(n)d visit is handed over to %(who)s.",
                "%(n)d visits are handed over to %(who)s.",
                len(done),
            )
            messages.success(request, words % said)
            return redirect("records:board_today")
    if request.method != "POST":
        audit.record_list("hand_over_all", by=request.user, found=len(visits))
    rows = [(visit, not form.is_bound or str(visit.pk) in chosen) for visit in visits]
    context = {"form": form, "rows": rows}
    status = 422 if form.is_bound else 200
    return render(request, "encounters/encounter_hand_over_all.html", context, status=status)


def _mine(request: HttpRequest) -> list[Encounter]:
    mine = Practitioner.objects.filter(user=request.user.pk).first()
    return list(open_visits_of(mine).select_related("patient")[:MOST]) if mine else []


def _keys(sent: list[Any]) -> list[uuid.UUID]:
    """The visits that were ticked; what is no key is nobody's."""
    keys = []
    for text in sent[:MOST]:
        try:
            keys.append(uuid.UUID(text))
        except ValueError:
            continue
    return keys
