"""Steps of a visit with one press, and Undo: POST only, answered on the page it came from."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clinik.pages import next_url, number_in
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.forms.steps import PressForm, ReasonForm
from encounters.models import Encounter
from encounters.views.visit_page import (
    VisitFormView,
    check_patient,
    confirmed_second,
    done,
    refused,
    the_visit,
)

# What the message says when the step is taken; the verbs are encounters.lifecycle's.
SAID = {
    "arrive": gettext_lazy("%(name)s has arrived."),
    "triage": gettext_lazy("%(name)s is triaged."),
    "start": gettext_lazy("The visit of %(name)s has begun."),
    "resume": gettext_lazy("%(name)s is back."),
    "uncancel": gettext_lazy("The visit of %(name)s is no longer cancelled."),
}
# Steps that can make a second open visit of one person.
ASKS_SECOND = ("arrive", "triage", "start", "uncancel")


@require_POST
@permission_required("encounters.view_encounter", raise_exception=True)
def encounter_step(request: HttpRequest, pk: uuid.UUID, verb: str) -> HttpResponse:
    """arrive, triage, start or resume; pressed again by the same person it answers the same."""
    if verb not in SAID:
        raise Http404
    # Whoever stands in for the front desk checks in a restricted patient too.
    encounter = the_visit(request, pk, at_desk=verb == "arrive")
    sent = PressForm(request.POST)
    extra: dict[str, Any] = {}
    if sent.is_valid():
        extra["version"] = sent.cleaned_data["version"]
        if verb == "triage":
            extra["priority"] = sent.cleaned_data["priority"]
        if verb in ASKS_SECOND:
            extra["confirmed_second"] = sent.cleaned_data["confirmed_second"]
    act: Callable[..., Encounter] = getattr(lifecycle, verb)
    try:
        check_patient(request, encounter)
        encounter = act(encounter, by=request.user, **extra)
    except lifecycle.SecondOpen as error:
        return refused(request, encounter, error, second=error.encounter, again=sent.data)
    except (TransitionError, StaleVersion, ValidationError) as error:
        return refused(request, encounter, error)
    return done(request, encounter, SAID[verb] % {"name": encounter.patient.name})


def encounter_uncancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back a cancel, with one press."""
    return encounter_step(request, pk, "uncancel")


class StepBackView(VisitFormView):
    """Undo. One's own fresh step goes at once, an older or another's asks why."""

    form_class = ReasonForm
    permission_required = "encounters.view_encounter"
    heading = button = gettext_lazy("Step back")
    note = gettext_lazy(
        "The visit returns to the status it had before. Say why: somebody else took that step, or "
        "it is longer ago than ten minutes."
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not lifecycle.can_step_back(self.encounter, request.user):
            return refused(request, self.encounter, TransitionError(_("There is no step to undo.")))
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = "reason" in request.POST
        if asked or lifecycle.can_step_back(self.encounter, request.user) == "reason":
            # The bare press shows the form; it is not an error of the person who pressed.
            form = self.get_form()
            if asked and form.is_valid():
                return self.form_valid(form)
            return self.form_invalid(form) if asked else self._ask()
        try:
            check_patient(request, self.encounter)
            seen = request.POST.get("version") or request.GET.get("version", "")
            encounter = self._back(seen)
        except lifecycle.SecondOpen as error:
            again = {"version": seen}
            return refused(request, self.encounter, error, second=error.encounter, again=again)
        except (TransitionError, StaleVersion, ValidationError) as error:
            return refused(request, self.encounter, error)
        messages.success(request, self.said(encounter))
        return redirect(next_url(request, "records:encounter_detail", encounter.pk))

    def _ask(self) -> HttpResponse:
        form = ReasonForm(encounter=self.encounter)
        return self.render_to_response(self.get_context_data(form=form))

    def _back(self, version: str, reason: str = "") -> Encounter:
        # What is no version is none that the person can have seen.
        seen = (number_in(version) or 0) if version else None
        return lifecycle.step_back(
            self.encounter,
            by=self.request.user,
            reason=reason,
            version=seen,
            confirmed_second=confirmed_second(self.request),
        )

    def act(self, form: Any) -> Encounter:
        return self._back(str(form.seen or ""), form.cleaned_data["reason"])

    def said(self, encounter: Encounter) -> str:
        return _("Undone: the visit of %(name)s is “%(status)s” again.") % {
            "name": encounter.patient.name,
            "status": encounter.get_status_display(),
        }
