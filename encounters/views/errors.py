"""Entered in error, and back: the visit leaves every list, its rows stay and keep naming it."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encounters import lifecycle
from encounters.forms.steps import ErrorForm, RestoreForm
from encounters.models import Encounter
from encounters.views.visit_page import VisitFormView, confirmed_second


class ErrorView(VisitFormView):
    """The front desk may for a visit that holds no records; the verb says so."""

    form_class = ErrorForm
    permission_required = "encounters.enter_in_error_empty_encounter"
    template_name = "encounters/encounter_error.html"
    verb = "enter_in_error"
    heading = button = gettext_lazy("Enter in error")
    danger = True

    def has_permission(self) -> bool:
        user = self.request.user
        return super().has_permission() or user.has_perm("encounters.enter_in_error_encounter")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            # Whose role allows only empty visits is told before writing a reason.
            not_allowed=not self.request.user.has_perm("encounters.enter_in_error_encounter")
            and lifecycle.holds_records(self.encounter),
            **kwargs,
        )

    def act(self, form: Any) -> Encounter:
        return lifecycle.enter_in_error(
            self.encounter,
            by=self.request.user,
            about=form.cleaned_data["about"],
            reason=form.cleaned_data["reason"],
            version=form.seen,
        )

    def said(self, encounter: Encounter) -> str:
        return _(
            "The visit is entered in error and leaves every list. An administrator can restore it."
        )


class RestoreView(VisitFormView):
    form_class = RestoreForm
    permission_required = "encounters.restore_encounter"
    verb = "restore"
    heading = button = gettext_lazy("Restore")
    note = gettext_lazy("The visit returns to the status it had, with everything in it.")

    def act(self, form: Any) -> Encounter:
        return lifecycle.restore(
            self.encounter,
            by=self.request.user,
            reason=form.cleaned_data["reason"],
            version=form.seen,
            confirmed_second=confirmed_second(self.request),
        )

    def said(self, encounter: Encounter) -> str:
        return _("Restored: the visit is “%(status)s” again.") % {
            "status": encounter.get_status_display()
        }
