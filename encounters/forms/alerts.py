"""An alert as staff write it down: the words, and how long they hold."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import MomentField, NewRowForm, PatientGuard
from encounters.alerts import MOST_TEXT


class AlertForm(NewRowForm, PatientGuard, forms.Form):
    """A new alert of the page's patient."""

    text = forms.CharField(
        label=_("Alert"),
        max_length=MOST_TEXT,
        help_text=_("Everybody who works here reads it, the front desk too."),
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    start = MomentField(label=_("From"), required=False, help_text=_("Empty: from now."))
    end = MomentField(label=_("To"), required=False, help_text=_("Empty: until it is ended."))
