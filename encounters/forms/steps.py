"""The small forms of a visit's steps: leave, cancel, admit, move, correct, close and the rest."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import clock
from clinik.forms import DateInput, MomentField, PatientGuard, PlainForm
from encounters.condition_field import ConditionField
from encounters.fields import PractitionerField
from encounters.forms.visits import suggested
from encounters.models import Encounter, Hospitalization, StatusPeriod
from encounters.models.encounter import CancelReason, ErrorAbout, Status

# A hundred years; more is a slip of the finger, and the column ends.
LONGEST_MINUTES = 100 * 366 * 24 * 60


class StepForm(PatientGuard, forms.Form):
    """Carries the visit's patient and the version that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(self, *args: Any, encounter: Encounter, **kwargs: Any) -> None:
        self.encounter = encounter
        super().__init__(*args, patient=encounter.patient, **kwargs)
        self.fields["version"].initial = encounter.version

    @property
    def seen(self) -> int | None:
        """The version the person saw; None where it was not sent."""
        return self.cleaned_data["version"]

    def see(self, version: int) -> None:
        """Show the form again as filled from the newest version."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(version)
        self.data = data


class ReasonForm(StepForm):
    """Only why: reopening, restoring, and a step back that is not one's own or not fresh."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )


class RestoreForm(StepForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class LeaveForm(StepForm):
    """Out of the house for a while. A dropped call asks for nothing."""

    leave_to = forms.CharField(
        label=gettext_lazy("Where to"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    expected_back = MomentField(label=gettext_lazy("Expected back"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.encounter.class_code == "VR":
            del self.fields["leave_to"], self.fields["expected_back"]


class CancelForm(StepForm):
    """Why it will not be; of a patient who had come also when they were last seen."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=CancelReason.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=gettext_lazy("More about it"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Needed for “other”."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    end = MomentField(label=gettext_lazy("Last seen"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.encounter.start is None:
            del self.fields["end"]
            return
        self.fields["end"].initial = clock.to_minute(clock.now())
        reason: Any = self.fields["reason"]
        # Who came has attended.
        absent = CancelReason.DID_NOT_ATTEND
        reason.choices = [choice for choice in CancelReason.choices if choice[0] != absent]
        reason.initial = CancelReason.LEFT


class AdmitForm(StepForm):
    """An emergency visit becomes an admission and stays one visit."""

    at = MomentField(label=gettext_lazy("Admitted at"))
    location = forms.CharField(
        label=gettext_lazy("Ward"), max_length=200, widget=suggested(source="rooms")
    )
    practitioner = PractitionerField(label=gettext_lazy("Attending"))
    admit_source = forms.ChoiceField(
        label=gettext_lazy("Admitted from"),
        choices=Hospitalization.AdmitSource.choices,
        initial=Hospitalization.AdmitSource.EMERGENCY,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].initial = clock.to_minute(clock.now())
        self.fields["location"].widget.attrs["autofocus"] = True
        self.fields["practitioner"].initial = self.encounter.practitioner


class RoomForm(StepForm):
    location = forms.CharField(
        label=gettext_lazy("Room"),
        max_length=200,
        widget=suggested({"autofocus": "autofocus"}, source="rooms"),
    )
    at = MomentField(
        label=gettext_lazy("Since"),
        required=False,
        help_text=gettext_lazy("Empty: from now."),
    )


class HandOverForm(StepForm):
    to = PractitionerField(label=gettext_lazy("To"))
    at = MomentField(
        label=gettext_lazy("Since"),
        required=False,
        help_text=gettext_lazy("Empty: from now."),
    )


class HandOverAllForm(PlainForm, forms.Form):
    to = PractitionerField(label=gettext_lazy("To"))


class ErrorForm(StepForm):
    """Whose truth is in it, and why it is wrong."""

    about = forms.ChoiceField(
        label=gettext_lazy("What is wrong?"),
        widget=forms.RadioSelect,
        choices=[
            (
                ErrorAbout.SOMEBODY_ELSE,
                gettext_lazy(
                    "It is about somebody else: nothing in it counts for this patient any more"
                ),
            ),
            (
                ErrorAbout.OPENED_TWICE,
                gettext_lazy(
                    "It was opened twice: what is in it is true of this patient and still counts"
                ),
            ),
        ],
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=forms.TextInput({"autocomplete": "off"})
    )


class TimesForm(StepForm):
    """One time field for each interval of the status history, and the length."""

    length_minutes = forms.IntegerField(
        label=gettext_lazy("Length in minutes"),
        required=False,
        min_value=0,
        max_value=LONGEST_MINUTES,
        help_text=gettext_lazy("Empty: follows the times."),
    )

    def __init__(self, *args: Any, periods: list[StatusPeriod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.periods = {_field_of(period): period for period in periods}
        length = self.fields.pop("length_minutes")
        for name, period in self.periods.items():
            if period.status == Status.PLANNED or period.source:
                continue
            self.fields[name] = MomentField(
                label=str(Status(period.status).label).capitalize(),
                initial=clock.to_minute(period.start) if period.start else None,
            )
        if self.encounter.status == Status.FINISHED:
            self.fields["length_minutes"] = length
            if self.encounter.length_corrected:
                length.initial = self.encounter.length_minutes

    def corrections(self) -> list[tuple[StatusPeriod, dt.datetime]]:
        """(interval, new start) of those that changed, in an order in which none crosses another.

        What moves later goes last to first, then what moves earlier goes first to last.
        """
        changed = [
            (period, self.cleaned_data[name])
            for name, period in self.periods.items()
            if name in self.changed_data
        ]
        later = [pair for pair in changed if pair[0].start is None or pair[1] > pair[0].start]
        return [*reversed(later), *[pair for pair in changed if pair not in later]]

    def field_of(self, period: StatusPeriod) -> str:
        return _field_of(period)


def _field_of(period: StatusPeriod) -> str:
    return f"at_{period.pk.hex}"


class CloseForm(StepForm):
    """What closing asks: end, length, where to, the next visit, and why nevertheless."""

    ON_A_DAY = "date"
    AGAIN = [
        ("", gettext_lazy("not planned")),
        ("1 weeks", gettext_lazy("1 week")),
        ("2 weeks", gettext_lazy("2 weeks")),
        ("4 weeks", gettext_lazy("4 weeks")),
        ("3 months", gettext_lazy("3 months")),
        (ON_A_DAY, gettext_lazy("on the day beside")),
    ]

    # The key of the next visit, so that closing twice plans it once.
    id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    end = MomentField(label=gettext_lazy("End"), required=False, show_hidden_initial=True)
    length_minutes = forms.IntegerField(
        label=gettext_lazy("Length in minutes"),
        required=False,
        min_value=0,
        max_value=LONGEST_MINUTES,
        show_hidden_initial=True,
    )
    diagnosis_text = ConditionField(label=gettext_lazy("Discharge diagnosis"))
    disposition_code = forms.ChoiceField(
        label=gettext_lazy("Discharged to"), choices=[], required=False
    )
    disposition_text = forms.CharField(
        label=gettext_lazy("More about where to"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    again = forms.ChoiceField(label=gettext_lazy("See again in"), choices=AGAIN, required=False)
    again_date = forms.DateField(
        label=gettext_lazy("or on this day"), required=False, widget=DateInput
    )
    override_reason = forms.CharField(
        label=gettext_lazy("Close although something is missing, because"),
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        keys: set[str],
        may_diagnose: bool,
        may_override: bool,
        end: dt.datetime,
        length: int | None,
        key: uuid.UUID,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["id"].initial = key
        self.fields["end"].initial = end
        self.fields["length_minutes"].initial = length
        self._offer_dispositions()
        if "discharge-diagnosis" not in keys or not may_diagnose:
            del self.fields["diagnosis_text"]
        if not may_override or not keys:
            del self.fields["override_reason"]

    def _offer_dispositions(self) -> None:
        field: Any = self.fields["disposition_code"]
        if self.encounter.class_code in ("IMP", "EMER"):
            field.choices = [("", _("choose")), *Hospitalization.Disposition.choices]
            return
        # Began, then walked out: of every class.
        advice = Hospitalization.Disposition.AGAINST_ADVICE
        field.choices = [("", _("regular end")), (advice.value, advice.label)]
        field.label = _("How it ended")
        del self.fields["disposition_text"]

    def verb_fields(self) -> dict[str, Any]:
        """What finish() takes; an end and a length nobody touched follow from the press."""
        values = self.cleaned_data
        sent = {
            "disposition_code": values.get("disposition_code", ""),
            "disposition_text": values.get("disposition_text", ""),
            "override_reason": values.get("override_reason", ""),
        }
        for name in ("end", "length_minutes"):
            if name in self.changed_data:
                sent[name] = values[name]
        return sent

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        again, day = cleaned.get("again", ""), cleaned.get("again_date")
        if again == self.ON_A_DAY and day is None and "again_date" not in self.errors:
            self.add_error("again_date", _("Give the day."))
        if day is not None and again not in ("", self.ON_A_DAY):
            self.add_error("again_date", _("Choose a time from the list, or give a day: not both."))
        if day is not None and day <= clock.today():
            self.add_error("again_date", _("Give a day that is still to come."))
        return cleaned

    def again_on(self) -> dt.datetime | None:
        """When the patient is seen again: the same hour of that day; None where not asked for."""
        again, day = self.cleaned_data["again"], self.cleaned_data["again_date"]
        if day is None:
            if not again:
                return None
            number, unit = again.split()
            day = later(clock.today(), int(number), unit)
        planned = self.encounter.planned_start or self.encounter.start or clock.now()
        hour = timezone.localtime(planned).time().replace(second=0, microsecond=0)
        hour = hour.replace(minute=hour.minute // 5 * 5)
        return timezone.make_aware(dt.datetime.combine(day, hour))


def later(day: dt.date, number: int, unit: str) -> dt.date:
    """`number` days, weeks or months after `day`; in a short month its last day."""
    if unit != "months":
        return day + dt.timedelta(days=number * (7 if unit == "weeks" else 1))
    months = day.year * 12 + day.month - 1 + number
    first = dt.date(months // 12, months % 12 + 1, 1)
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return first.replace(day=min(day.day, (after - dt.timedelta(days=1)).day))


class PressForm(PlainForm, forms.Form):
    """What a one-press step may carry beside the press: how urgent, and that it was asked."""

    priority = forms.CharField(max_length=2, required=False)
    confirmed_second = forms.BooleanField(required=False)
    version = forms.IntegerField(required=False, min_value=1)


class RowPressForm(PatientGuard, forms.Form):
    """One press, of a patient's row as it was shown. Needs `instance`."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, instance: Any, **kwargs: Any) -> None:
        super().__init__(*args, patient=instance.patient, **kwargs)
        self.fields["version"].initial = instance.version
