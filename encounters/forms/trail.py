"""What the trail is searched by."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.models import AuditEvent, User
from encounters import trail
from encounters.models import Patient
from encounters.models.patient import numbered

ANY = ("", gettext_lazy("any"))


def day_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


class PeriodForm(forms.Form):
    """Days of the clinic's zone, both included."""

    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", _("This day is before the first one."))
        return values

    def dated(self, found: QuerySet[AuditEvent]) -> Any:
        return trail.dated(found, self.cleaned_data["since"], self.cleaned_data["until"])


class TrailForm(PeriodForm):
    """Everything is optional; what is typed wrongly is said, and nothing is shown for it."""

    person = forms.CharField(
        label=gettext_lazy("Person (login)"), required=False, max_length=150, strip=True
    )
    patient = forms.CharField(
        label=gettext_lazy("Patient (number)"), required=False, max_length=60, strip=True
    )
    act = forms.CharField(label=gettext_lazy("Act"), required=False, max_length=60, strip=True)
    action = forms.ChoiceField(
        label=gettext_lazy("Kind of act"),
        required=False,
        choices=[ANY, *AuditEvent.Action.choices],
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), required=False, choices=[ANY, *AuditEvent.Outcome.choices]
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("Sorted by"),
        required=False,
        choices=[
            ("", gettext_lazy("newest first")),
            ("person", gettext_lazy("person")),
            ("patient", gettext_lazy("patient")),
            ("act", gettext_lazy("act")),
            ("kind", gettext_lazy("kind and row")),
        ],
    )
    field_order = ("person", "patient", "act", "action", "outcome", "since", "until", "sort")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["person"].widget.attrs["autocomplete"] = "off"
        self.fields["patient"].widget.attrs["autocomplete"] = "off"
        self.fields["act"].widget.attrs |= {"autocomplete": "off", "list": "trail-acts"}

    def clean_person(self) -> User | None:
        login = self.cleaned_data["person"]
        if not login:
            return None
        found = User.objects.filter(username__iexact=login).first()
        if found is None:
            raise ValidationError(_("There is no such login: write it in full."))
        return found

    def clean_patient(self) -> Patient | None:
        """By clinic number, with or without its hyphen, or another number of theirs."""
        text = self.cleaned_data["patient"]
        if not text:
            return None
        values = {text, text.replace("-", "").replace(" ", "")}
        keys = set().union(*numbered(values).values())
        found = Patient.objects.visible_to(self.user).filter(pk__in=keys).first()
        if found is None:
            raise ValidationError(_("There is no patient of this number."))
        return found

    def clean(self) -> dict[str, Any]:
        """Sorting reads all that is found, so it wants a period with a bound."""
        values = super().clean()
        if not values.get("sort") or self.errors:
            return values
        if not values["since"]:
            self.add_error("since", _("Say from which day, to sort by something else than time."))
            return values
        self.cleaned_data = values
        most = trail.MOST_SORTED
        if self.found().order_by().values("id")[: most + 1].count() > most:
            words = _("More than %(most)d events are too many to sort: take fewer days.")
            self.add_error("since", words % {"most": most})
        return values

    @property
    def used(self) -> list[str]:
        """The names of the filters that are set."""
        return [name for name, value in self.cleaned_data.items() if value]

    def found(self) -> QuerySet[AuditEvent]:
        values = self.cleaned_data
        found = self.dated(trail.events())
        if values["person"]:
            found = found.filter(by=values["person"])
        if values["patient"]:
            found = trail.about(found, trail.entries_of(values["patient"]))
        if values["act"]:
            found = trail.with_act(found, values["act"])
        if values["action"]:
            found = found.filter(action=values["action"])
        if values["outcome"]:
            found = found.filter(outcome=values["outcome"])
        return found
