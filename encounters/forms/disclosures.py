"""What went out of the clinic, as staff write it down."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import MomentField, NewRowForm, PatientGuard
from encounters.forms.access import PatientsRowForm, why
from encounters.models.disclosure import Means, Purpose


def _now() -> Any:
    return clock.to_minute(clock.now())


def _text(label: Any, most: int, **more: Any) -> forms.CharField:
    attrs = {"autocomplete": "off"} | more.pop("attrs", {})
    return forms.CharField(label=label, max_length=most, widget=forms.TextInput(attrs), **more)


class DisclosureForm(NewRowForm, PatientGuard, forms.Form):
    recipient = _text(_("To whom"), 200, attrs={"autofocus": True})
    recipient_address = _text(_("Address, if known"), 300, required=False)
    what = _text(
        _("What"), 500, help_text=_("For example: the lab results of 3 March, the whole record.")
    )
    event = forms.TypedChoiceField(
        label=_("Printed or exported here"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("If it is what went out."),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), choices=[("", _("Choose")), *Purpose.choices])
    why = _text(
        _("Purpose in words"), 500, required=False, help_text=_("Needed for another purpose.")
    )
    means = forms.ChoiceField(label=_("How"), choices=[("", _("Choose")), *Means.choices])
    at = MomentField(label=_("When"), initial=_now)

    def __init__(self, *args: Any, offered: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        event: Any = self.fields["event"]
        event.choices = [("", "–"), *offered]


class DisclosureErrorForm(PatientsRowForm):
    reason = why(_("Why it is wrong"))
