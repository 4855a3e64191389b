"""Edit what describes a visit: its fields, who takes part, and an admission's form."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.transitions import StaleVersion
from encounters import lifecycle
from encounters.forms.visits import EditForm, HospitalizationForm, ParticipantForm
from encounters.models import Encounter, EncounterParticipant, Hospitalization
from encounters.views.visit_page import VisitFormView, refused, visit_url

LEAST_ROWS = 3
MOST_ROWS = 50


class EditView(VisitFormView):
    """One save for all of it: a stale one is refused as a whole."""

    form_class = EditForm
    permission_required = "encounters.change_encounter"
    template_name = "encounters/encounter_edit.html"
    heading = gettext_lazy("Edit visit")
    button = gettext_lazy("Save")
    offers_lists = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.encounter.is_in_error:
            return refused(request, self.encounter, self.not_now())
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        encounter = kwargs.pop("encounter")
        return {**kwargs, "instance": encounter, "patient": encounter.patient}

    @cached_property
    def participants(self) -> Any:
        """Those who take part beside the attending, and room for more up to three."""
        standing = self.encounter.participants.filter(removed=False).select_related("practitioner")
        initial = [
            {"role_code": part.role_code, "practitioner": part.practitioner, "name": part.name}
            for part in standing.exclude(role_code=EncounterParticipant.Role.ATTENDING)
        ]
        made = formset_factory(
            ParticipantForm, extra=max(LEAST_ROWS - len(initial), 1), max_num=MOST_ROWS
        )
        data = self.request.POST if self._sent("participants-TOTAL_FORMS") else None
        return made(data, initial=initial, prefix="participants")

    @cached_property
    def stay(self) -> HospitalizationForm | None:
        """The admission's form, of an inpatient visit for who may close it."""
        may = self.request.user.has_perm("encounters.finish_encounter")
        if self.encounter.class_code != "IMP" or not may:
            return None
        row = Hospitalization.objects.filter(encounter=self.encounter).first()
        data = self.request.POST if self._sent("stay-admit_source_code") else None
        return HospitalizationForm(data, instance=row or Hospitalization(), prefix="stay")

    def _sent(self, name: str) -> bool:
        return self.request.method == "POST" and name in self.request.POST

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(participants=self.participants, stay=self.stay, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        parts = [self.participants, self.stay]
        if not all(part.is_valid() for part in parts if part is not None and part.is_bound):
            return self.form_invalid(form)
        return super().form_valid(form)

    def act(self, form: Any) -> Encounter:
        by = self.request.user
        with transaction.atomic():
            encounter = lifecycle.change_encounter(
                self.encounter, by=by, version=form.base_version, **form.verb_fields()
            )
            if self.participants.is_bound and self.participants.has_changed():
                encounter = lifecycle.set_participants(
                    encounter, by=by, participants=self._who_takes_part()
                )
            if self.stay is not None and self.stay.is_bound and self.stay.has_changed():
                self._change_stay(self.stay, encounter)
        return encounter

    def _change_stay(self, stay: HospitalizationForm, encounter: Encounter) -> None:
        try:
            lifecycle.set_hospitalization(encounter, by=self.request.user, **stay.verb_fields())
        except StaleVersion as error:
            stay.see(error.row.version)  # type: ignore[attr-defined]
            raise

    def _who_takes_part(self) -> list[dict[str, Any]]:
        rows = [row.cleaned_data for row in self.participants.forms if row.cleaned_data]
        return [row for row in rows if row["practitioner"] or row["name"]]

    def done(self, encounter: Encounter) -> HttpResponse:
        messages.success(self.request, _("Saved."))
        return redirect(visit_url(encounter))
