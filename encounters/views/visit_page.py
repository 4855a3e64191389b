"""What every page about one visit shares: fetching it, its banner, and refusals in words."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView

from clinik import audit
from clinik.forms import OtherPatient
from clinik.pages import add_errors, key_in, message_with_undo, next_url, wants_fragment, words_of
from clinik.transitions import StaleVersion, TransitionError
from encounters import banner, lifecycle
from encounters.forms.visits import suggestions
from encounters.models import Encounter


def the_visit(request: HttpRequest, pk: uuid.UUID, *, at_desk: bool = False) -> Encounter:
    """The visit with its people, or 404. `at_desk`: also of a chart that is closed to the user,
    for what the front desk does and shows nothing of it."""
    visits = Encounter.objects
    found = visits.named_to(request.user) if at_desk else visits.visible_to(request.user)
    return get_object_or_404(found.select_related("patient", "practitioner"), pk=pk)


def visit_url(encounter: Encounter) -> str:
    return reverse("records:encounter_detail", args=[encounter.pk])


def check_patient(request: HttpRequest, encounter: Encounter) -> None:
    """Refuse a press that was made for another patient.

    Raises OtherPatient, or ValidationError for what is no key.
    """
    sent = request.POST.get("patient")
    if not sent:
        return
    key = key_in(sent)
    if key is None:
        words = _("This was pressed for somebody else, but the visit is of %(here)s.")
        raise ValidationError(words % {"here": encounter.patient})
    if key != encounter.patient_id:
        raise OtherPatient(key, encounter.patient)


def confirmed_second(request: HttpRequest) -> bool:
    """Whether "open a second one anyway" was pressed."""
    return request.POST.get("confirmed_second") == "on"


def refused(
    request: HttpRequest, encounter: Encounter, error: Exception, **context: Any
) -> HttpResponse:
    """409: what did not happen and what the visit is now; only the words for htmx."""
    # It was fetched for this user before.
    encounter = the_visit(request, encounter.pk, at_desk=True)
    context |= {
        "encounter": encounter,
        "patient": encounter.patient,
        "words": words_of(error),
        "next": next_url(request, "records:encounter_detail", encounter.pk),
    }
    if wants_fragment(request):
        return render(request, "encounters/_refused.html", context, status=409)
    context["banner"] = banner.for_patient(encounter.patient, request.user)
    return render(request, "encounters/encounter_refused.html", context, status=409)


def done(
    request: HttpRequest, encounter: Encounter, text: str, *, moved: bool = True
) -> HttpResponse:
    """Back to where the press came from, saying what was done, with Undo where one press undoes.

    `moved`: whether the status did; else Undo would take back an earlier step.
    """
    if moved and lifecycle.can_step_back(encounter, request.user) == "press":
        message_with_undo(request, text, undo_url(request, encounter))
    else:
        messages.success(request, text)
    return redirect(next_url(request, "records:encounter_detail", encounter.pk))


def undo_url(request: HttpRequest, encounter: Encounter) -> str:
    """The address that takes this one step back and returns to the same page.

    It names the version, so that pressing it twice does not undo two steps.
    """
    query = {"version": str(encounter.version)}
    wanted = next_url(request, "records:encounter_detail", encounter.pk)
    if wanted != visit_url(encounter):
        query["next"] = wanted
    address = reverse("encounters:encounter_step_back", args=[encounter.pk])
    return f"{address}?{urlencode(query)}"


class VisitFormView(PermissionRequiredMixin, FormView):
    """A small page about one visit: GET shows the form, POST takes the step.

    Subclasses name form, template, permission and verb, and write act() and said().
    The form is a StepForm.
    """

    raise_exception = True
    # A form view of Django's would answer PUT as well, and OPTIONS.
    http_method_names = ["get", "head", "post"]
    template_name = "encounters/encounter_step.html"
    # The name in encounters.steps.VERBS; the page is refused where it is not possible now.
    verb: str = ""
    heading: Any = ""
    button: Any = ""
    note: Any = ""
    danger = False
    # Whether Enter alone takes the step: nothing has to be typed.
    press_at_once = False
    # Whether the fields offer rooms and the like as suggestions.
    offers_lists = False
    encounter: Encounter

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if self.has_permission():
            self.encounter = the_visit(request, kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.verb and self.verb not in lifecycle.allowed_verbs(self.encounter, request.user):
            return refused(request, self.encounter, self.not_now())
        audit.record_view(self.encounter, by=request.user)
        return super().get(request, *args, **kwargs)

    def not_now(self) -> TransitionError:
        return TransitionError(
            _("This is not possible now: the visit is “%(status)s”.")
            % {"status": self.encounter.get_status_display()}
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "encounter": self.encounter}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        patient = self.encounter.patient
        standing = {
            "encounter": self.encounter,
            "patient": patient,
            "banner": banner.for_patient(patient, self.request.user),
            "visit_url": visit_url(self.encounter),
            "heading": self.heading,
            "button": self.button,
            "note": self.note,
            "danger": self.danger,
            "press_at_once": self.press_at_once,
            "lists": suggestions() if self.offers_lists else None,
        }
        return super().get_context_data(**{**standing, **kwargs})

    def act(self, form: Any) -> Encounter:
        """Take the step; returns the visit as it is after it."""
        raise NotImplementedError

    def said(self, encounter: Encounter) -> str:
        """What was done, for the message."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            encounter = self.act(form)
        except StaleVersion as error:
            add_errors(form, error)
            if hasattr(form, "see"):
                form.see(error.row.version)  # type: ignore[attr-defined]
            return self.form_invalid(form, status=409)
        except TransitionError as error:
            return refused(self.request, self.encounter, error)
        except lifecycle.SecondOpen as error:
            again = self.request.POST
            return refused(self.request, self.encounter, error, second=error.encounter, again=again)
        except ValidationError as error:
            add_errors(form, error)
            return self.form_invalid(form)
        return self.done(encounter)

    def done(self, encounter: Encounter) -> HttpResponse:
        moved = bool(lifecycle.VERBS[self.verb].targets) if self.verb else False
        return done(self.request, encounter, self.said(encounter), moved=moved)

    def form_invalid(self, form: Any, status: int = 422) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=status)
