"""Pages for what happens during a visit: on leave, admitted, in another room, handed over."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encounters import lifecycle
from encounters.forms.steps import AdmitForm, HandOverForm, LeaveForm, RoomForm
from encounters.models import Encounter
from encounters.views.visit_page import VisitFormView


class LeaveView(VisitFormView):
    """Out of the house for a while; for a virtual visit, the call dropped."""

    form_class = LeaveForm
    permission_required = "encounters.leave_encounter"
    verb = "leave"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.encounter.class_code == "VR":
            words: dict[str, Any] = {"heading": _("Call dropped"), "button": _("Call dropped")}
            words["press_at_once"] = True
        else:
            words = {"heading": _("On leave"), "button": _("Send on leave")}
            words |= {"note": _("An X-ray in the house is another room, not leave.")}
        return super().get_context_data(**{**words, **kwargs})

    def act(self, form: Any) -> Encounter:
        return lifecycle.leave(
            self.encounter,
            by=self.request.user,
            leave_to=form.cleaned_data.get("leave_to", ""),
            expected_back=form.cleaned_data.get("expected_back"),
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        if encounter.class_code == "VR":
            return _("The call of %(name)s dropped.") % {"name": encounter.patient.name}
        return _("%(name)s is on leave.") % {"name": encounter.patient.name}


class AdmitView(VisitFormView):
    form_class = AdmitForm
    permission_required = "encounters.admit_encounter"
    verb = "admit"
    heading = button = gettext_lazy("Admit")
    note = gettext_lazy("The emergency visit becomes an admission and stays one visit.")
    offers_lists = True

    def act(self, form: Any) -> Encounter:
        values = form.cleaned_data
        return lifecycle.admit(
            self.encounter,
            by=self.request.user,
            at=values["at"] if "at" in form.changed_data else None,
            location=values["location"],
            practitioner=values["practitioner"],
            admit_source=values["admit_source"],
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        return _("%(name)s is admitted to %(ward)s.") % {
            "name": encounter.patient.name,
            "ward": encounter.location,
        }


class RoomView(VisitFormView):
    form_class = RoomForm
    permission_required = "encounters.move_room_encounter"
    verb = "move_room"
    heading = gettext_lazy("Change room")
    button = gettext_lazy("Move")
    offers_lists = True

    def act(self, form: Any) -> Encounter:
        values = form.cleaned_data
        return lifecycle.move_room(
            self.encounter,
            by=self.request.user,
            location=values["location"],
            at=values["at"],
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        return _("%(name)s is in %(room)s.") % {
            "name": encounter.patient.name,
            "room": encounter.location,
        }


class HandOverView(VisitFormView):
    form_class = HandOverForm
    permission_required = "encounters.hand_over_encounter"
    verb = "hand_over"
    heading = button = gettext_lazy("Hand over")
    note = gettext_lazy("Somebody else is responsible for this visit from now on.")

    def act(self, form: Any) -> Encounter:
        values = form.cleaned_data
        return lifecycle.hand_over(
            self.encounter,
            by=self.request.user,
            to=values["to"],
            at=values["at"],
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        return _("%(practitioner)s is responsible now.") % {"practitioner": encounter.practitioner}
