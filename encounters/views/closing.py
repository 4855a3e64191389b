"""Pages on which a visit ends or begins again: close, cancel, reopen, and its times put right."""

import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import clock
from clinik.ids import uuid7
from encounters import diagnoses, lifecycle
from encounters.deceased import ended_in_death
from encounters.forms.diagnoses import read_condition
from encounters.forms.steps import CancelForm, CloseForm, ReasonForm, TimesForm
from encounters.models import Encounter, StatusPeriod
from encounters.models.diagnosis import Use
from encounters.models.encounter import Status
from encounters.times import length_minutes
from encounters.views.visit_page import VisitFormView, confirmed_second

# The field that mends an obstacle right here; everything else is a link to where it is mended.
MENDED_BY = {"discharge-diagnosis": "diagnosis_text", "disposition": "disposition_code"}


class CloseView(VisitFormView):
    """What is missing, each with its field; a clean visit closes with one press."""

    form_class = CloseForm
    permission_required = "encounters.finish_encounter"
    template_name = "encounters/encounter_close.html"
    verb = "finish"
    heading = button = gettext_lazy("Close visit")

    @cached_property
    def obstacles(self) -> list[lifecycle.Obstacle]:
        return lifecycle.missing(self.encounter)

    def get_form_kwargs(self) -> dict[str, Any]:
        user = self.request.user
        end = clock.to_minute(lifecycle.last_end(self.encounter) or clock.now())
        periods = list(StatusPeriod.objects.filter(encounter=self.encounter).standing())
        length = length_minutes(self.encounter.start, end, periods)
        if self.encounter.length_corrected:
            length = self.encounter.length_minutes
        return {
            **super().get_form_kwargs(),
            "keys": {obstacle.key for obstacle in self.obstacles},
            "may_diagnose": user.has_perm("encounters.add_diagnosis"),
            "may_override": user.has_perm("encounters.override_close_encounter"),
            "end": end,
            "length": length,
            "key": uuid7(),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fields = kwargs.get("form") or self.get_form()
        return super().get_context_data(
            **{**kwargs, "form": fields},
            obstacles=[_shown(each, fields, self.request.user) for each in self.obstacles],
            # Only a field that has to be filled takes the focus from the button.
            press_at_once=not self.obstacles,
        )

    def act(self, form: Any) -> Encounter:
        with transaction.atomic():
            self._diagnose(form)
            fields = form.verb_fields()
            if lifecycle.last_end(self.encounter) and "end" not in fields:
                # The end it had before the reopening was offered and left standing.
                fields["end"] = form.cleaned_data["end"]
            closed = lifecycle.finish(
                self.encounter, by=self.request.user, version=form.seen, **fields
            )
            self._plan_next(form, closed)
        return closed

    def _diagnose(self, form: Any) -> None:
        text = form.cleaned_data.get("diagnosis_text", "")
        if not text:
            return
        read = read_condition(text)
        try:
            diagnoses.add_diagnosis(
                self.encounter,
                by=self.request.user,
                id=self._key(form, "diagnosis"),
                use=Use.DISCHARGE,
                **{name.removeprefix("condition_"): value for name, value in read.items()},
            )
        except ValidationError as error:
            raise ValidationError({"diagnosis_text": error.messages}) from error

    def _plan_next(self, form: Any, closed: Encounter) -> None:
        when = form.again_on()
        if when is None:
            return
        try:
            lifecycle.open_encounter(
                patient=closed.patient,
                by=self.request.user,
                id=self._key(form, "again"),
                status=Status.PLANNED,
                class_code="AMB",
                practitioner=closed.practitioner,
                planned_start=when,
                planned_minutes=closed.planned_minutes or 20,
                reason_text=_("Follow-up: %(title)s") % {"title": closed.title[:400]},
            )
        except ValidationError as error:
            raise ValidationError({"again": error.messages}) from error

    def _key(self, form: Any, name: str) -> uuid.UUID | None:
        key = form.cleaned_data["id"]
        return uuid.uuid5(key, name) if key else None

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return super().form_valid(form)
        except lifecycle.Missing as error:
            self.obstacles = error.obstacles
            return self.form_invalid(form)

    def done(self, encounter: Encounter) -> HttpResponse:
        answer = super().done(encounter)
        if encounter.patient.deceased or not ended_in_death(encounter):
            return answer
        return redirect("encounters:patient_deceased", encounter.patient_id)

    def said(self, encounter: Encounter) -> str:
        return _("The visit of %(name)s is closed.") % {"name": encounter.patient.name}


def _shown(obstacle: lifecycle.Obstacle, form: Any, user: Any) -> dict[str, Any]:
    """An obstacle for the template: its words, and the field here or the page that mends it."""
    field = MENDED_BY.get(obstacle.key, "")
    here = field in form.fields
    text, url = obstacle.text, ""
    if not obstacle.is_for(user):
        text = _("%(missing)s. Only its author can do this.") % {"missing": text}
        if "override_reason" in form.fields:
            text = _("%(said)s Or close without it and say why.") % {"said": text}
    elif not field and obstacle.url_name:
        url = reverse(obstacle.url_name, kwargs=obstacle.url_kwargs)
    if field == "diagnosis_text" and not here:
        text = _("%(missing)s A clinician can add it.") % {"missing": text}
    return {
        "text": text,
        "field": form[field].id_for_label if here else "",
        "url": url,
        "mend": obstacle.mend if url else None,
    }


class CancelView(VisitFormView):
    form_class = CancelForm
    permission_required = "encounters.cancel_encounter"
    verb = "cancel"
    heading = button = gettext_lazy("Cancel visit")
    danger = True

    def act(self, form: Any) -> Encounter:
        values = form.cleaned_data
        return lifecycle.cancel(
            self.encounter,
            by=self.request.user,
            reason=values["reason"],
            text=values["text"],
            end=values.get("end"),
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        return _("The visit of %(name)s is cancelled.") % {"name": encounter.patient.name}


class ReopenView(VisitFormView):
    form_class = ReasonForm
    permission_required = "encounters.reopen_encounter"
    verb = "reopen"
    heading = button = gettext_lazy("Reopen")
    note = gettext_lazy(
        "The visit is in progress again; its end is offered when it is closed again."
    )

    def act(self, form: Any) -> Encounter:
        return lifecycle.reopen(
            self.encounter,
            by=self.request.user,
            reason=form.cleaned_data["reason"],
            confirmed_second=confirmed_second(self.request),
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        return _("The visit of %(name)s is open again.") % {"name": encounter.patient.name}


class TimesView(VisitFormView):
    """When each status really began; neighbours, waits and length follow."""

    form_class = TimesForm
    permission_required = "encounters.correct_time_encounter"
    template_name = "encounters/encounter_times.html"
    verb = "correct_time"
    heading = gettext_lazy("Correct times")
    button = gettext_lazy("Save")
    note = gettext_lazy(
        "When it really began. The waits and the length follow; what stood here is kept."
    )

    @cached_property
    def periods(self) -> list[StatusPeriod]:
        found = StatusPeriod.objects.filter(encounter=self.encounter).standing()
        return list(found.select_related("by"))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "periods": self.periods}

    def act(self, form: Any) -> Encounter:
        by = self.request.user
        encounter, version = self.encounter, form.seen
        with transaction.atomic():
            for period, at in form.corrections():
                encounter = self._correct(form, period, at, version)
                version = encounter.version
            if "length_minutes" in form.changed_data:
                encounter = lifecycle.correct_length(
                    encounter, by=by, minutes=form.cleaned_data["length_minutes"], version=version
                )
        return encounter

    def _correct(
        self, form: Any, period: StatusPeriod, at: dt.datetime, version: int | None
    ) -> Encounter:
        try:
            return lifecycle.correct_time(period, by=self.request.user, at=at, version=version)
        except ValidationError as error:
            raise ValidationError({form.field_of(period): error.messages}) from error

    def said(self, encounter: Encounter) -> str:
        return _("The times are corrected.")
