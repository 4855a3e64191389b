"""Wrong patient: find the right one, read both names, move the visit there."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import audit
from clinik.names import mistakable
from encounters import banner, lifecycle
from encounters.found import found_patients, sound_alike
from encounters.models import Encounter, Patient
from encounters.views.visit_page import VisitFormView, visit_url
from records.forms.moving import MoveForm
from records.moving import Copyable, copyable, move_to_patient

MOST_FOUND = 10


class MoveView(VisitFormView):
    """Without ?to= a search for the right patient; with it the page that confirms."""

    form_class = MoveForm
    permission_required = "encounters.enter_in_error_empty_encounter"
    template_name = "records/encounter_move.html"
    heading = gettext_lazy("Move to the right patient")
    button = gettext_lazy("Move the visit")
    danger = True

    def has_permission(self) -> bool:
        user = self.request.user
        return super().has_permission() or user.has_perm("encounters.enter_in_error_encounter")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self.has_permission() and request.method in ("GET", "HEAD") and self.target is None:
            return self.search(request)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def target(self) -> Patient | None:
        """Who the address names; 404 for nobody's key, None where it names none."""
        asked = self.request.GET.get("to", "")
        if not asked:
            return None
        try:
            key = uuid.UUID(asked)
        except ValueError:
            return None
        people = Patient.objects.visible_to(self.request.user).select_related("merged_into")
        return get_object_or_404(people, pk=key).survivor

    @cached_property
    def records(self) -> list[Copyable]:
        return copyable(self.encounter, self.request.user)

    def search(self, request: HttpRequest, status: int = 200) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:200]
        people = Patient.objects.visible_to(request.user).listed()
        found = people.exclude(pk=self.encounter.patient_id).search(text)[:MOST_FOUND]
        rows = found_patients(found) if text else []
        audit.record_view(self.encounter, by=request.user)
        if text:
            audit.record_search(Patient, by=request.user, found=len(rows))
        context = self.about() | {"rows": rows, "text": text, "alike": sound_alike(rows)}
        return render(request, "records/encounter_move_find.html", context, status=status)

    def about(self) -> dict[str, Any]:
        """What both pages say of the visit as it stands."""
        user, patient = self.request.user, self.encounter.patient
        return {
            "encounter": self.encounter,
            "patient": patient,
            "banner": banner.for_patient(patient, user),
            "visit_url": visit_url(self.encounter),
            "heading": self.heading,
            "not_allowed": not user.has_perm("encounters.enter_in_error_encounter")
            and lifecycle.holds_records(self.encounter),
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert self.target is not None
        audit.record_view(self.target, by=request.user)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.target is None:
            return self.search(request, status=422)
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "target": self.target, "records": self.records}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wrong, right = self.encounter.patient, self.target
        assert right is not None
        alike = mistakable(wrong.family, wrong.given, right.family, right.given)
        return super().get_context_data(
            **{
                **self.about(),
                "right": banner.for_patient(right, self.request.user),
                "alike": alike,
                "second": lifecycle.open_visit_of(right) if self.encounter.is_open else None,
                **kwargs,
            }
        )

    def act(self, form: Any) -> Encounter:
        chosen = form.cleaned_data.get("copy", ())
        return move_to_patient(
            self.encounter,
            by=self.request.user,
            to=form.target,
            reason=form.cleaned_data["reason"],
            id=form.row_id,
            copy={uuid.UUID(key) for key in chosen},
            version=form.seen,
            confirmed_second=self.request.POST.get("confirmed_second") == "on",
        )

    def done(self, encounter: Encounter) -> HttpResponse:
        names = {"wrong": self.encounter.patient.name, "right": encounter.patient.name}
        messages.success(
            self.request, _("Moved from %(wrong)s to %(right)s: this is their visit.") % names
        )
        return redirect("records:encounter_detail", encounter.pk)
