"""What a patient asks to have amended, and the answer."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import DateInput, NewRowForm, PatientGuard
from encounters.amendments import Choice, Group
from encounters.forms.access import PatientsRowForm, why
from encounters.models.amendment import MOST_TEXT, Decision


def _today() -> dt.date:
    return clock.today()


class AmendmentForm(NewRowForm, PatientGuard, forms.Form):
    record = forms.ChoiceField(label=_("About"))
    asked_on = forms.DateField(
        label=_("Asked on"), widget=DateInput({"autocomplete": "off"}), initial=_today
    )
    text = forms.CharField(
        label=_("What the patient asks"),
        max_length=MOST_TEXT,
        help_text=_("In the patient's words: what is wrong, and what it should say."),
        widget=forms.Textarea({"rows": 4, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, groups: Sequence[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        record: Any = self.fields["record"]
        record.choices = [
            ("", _("Choose")),
            *((each.label, [(one.value, one.words) for one in each.choices]) for each in groups),
        ]


class DecisionForm(PatientsRowForm):
    decision = forms.ChoiceField(
        label=_("Answer"),
        choices=[
            (Decision.ACCEPTED, _("Accept: the record is amended")),
            (Decision.DENIED, _("Deny")),
            (Decision.MISTAKEN, _("No request: it was written down by mistake")),
        ],
        widget=forms.RadioSelect,
    )
    amended = forms.ChoiceField(
        label=_("Where the amendment stands"),
        required=False,
        help_text=_("Amend the record first; it is offered here then."),
    )
    reason = why(_("Reason"), _("Where it is denied, or no request. The patient is told."))

    def __init__(self, *args: Any, places: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amended: Any = self.fields["amended"]
        amended.choices = [("", "–"), *((each.value, each.words) for each in places)]
        self.fields["reason"].required = False
        self.fields["reason"].widget.attrs.pop("autofocus", None)
