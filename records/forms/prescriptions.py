"""Prescriptions: writing one, and its steps."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import DateInput, NewRowForm, PatientGuard, VersionedForm
from encounters.fields import PractitionerField
from records.dosage import Dosage, read_dosage
from records.models.prescription import Priority


class MedicationWidget(forms.TextInput):
    """A text box with suggestions from what this clinic has prescribed; any other text is kept."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        context = {"name": name, "value": value, "attrs": self.build_attrs(self.attrs, attrs)}
        return render_to_string("records/_medication_field.html", context)


@dataclass(frozen=True)
class Reading:
    """A dosage line read back: its words, and what of it was not understood."""

    text: str
    words: str
    left: str


def reading_of(text: str, start: str) -> Reading:
    """`start` is the day typed beside it (ISO), today where it is none."""
    try:
        first = dt.date.fromisoformat(start)
    except ValueError:
        first = clock.today()
    read = read_dosage(text)
    return Reading(text.strip(), read.words(first), read.left)


def from_dosage(text: str, first: dt.date) -> dict[str, Any]:
    """The fields that a dosage line fills; empty where it was not understood."""
    read: Dosage = read_dosage(text)
    number = read.quantity(first)
    return {
        "dose": read.dose,
        "route": read.route,
        "frequency": read.frequency,
        "as_needed": read.as_needed,
        "end": read.last_day(first),
        "quantity": "" if number is None else f"{number} {read.quantity_unit(number)}",
    }


# What stands open in the form; the rest folds away.
FIRST = ("medication_text", "dosage_text")


# What a renewal takes over; dates, quantity and reason despite a warning are said anew.
COPIED = (
    "medication_text", "medication_code", "dosage_text", "dose", "route", "frequency", "as_needed",
    "quantity", "refills", "controlled", "reason_text",
)  # fmt: skip


class PrescriptionFields(forms.Form):
    medication_text = forms.CharField(
        label=_("Medication"),
        max_length=500,
        widget=MedicationWidget,
    )
    medication_code = forms.CharField(label=_("Code, if known"), required=False, max_length=100)
    dosage_text = forms.CharField(
        label=_("Dosage"),
        required=False,
        max_length=1000,
        help_text=_("“1 tab po bid prn 28d”, or in words. What is read from it stands below."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    dose = forms.CharField(label=_("Dose"), required=False, max_length=200)
    route = forms.CharField(label=_("Route"), required=False, max_length=200)
    frequency = forms.CharField(label=_("How often"), required=False, max_length=200)
    as_needed = forms.BooleanField(label=_("Only as needed"), required=False)
    start = forms.DateField(label=_("From"), required=False, widget=DateInput)
    end = forms.DateField(label=_("Until"), required=False, widget=DateInput)
    quantity = forms.CharField(label=_("Quantity"), required=False, max_length=100)
    refills = forms.IntegerField(label=_("Refills"), required=False, min_value=0, max_value=99)
    controlled = forms.BooleanField(label=_("Controlled drug"), required=False)
    reason_text = forms.CharField(label=_("Reason"), required=False, max_length=500)
    priority = forms.ChoiceField(
        label=_("Priority"), choices=Priority.choices, initial=Priority.ROUTINE
    )
    override_reason = forms.CharField(
        label=_("Why despite the warning"),
        required=False,
        max_length=500,
        help_text=_(
            "Asked for before it becomes active. Checked are the same drug, allergies by name and "
            "by a short list of drug families, and nothing else: no interactions, no doses."
        ),
    )

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """What is always filled; the reason despite a warning stands with the warnings."""
        return [self[name] for name in FIRST if name in self.fields]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        hidden = (*FIRST, "override_reason")
        return [field for field in self.visible_fields() if field.name not in hidden]

    def watch_medication(self, patient: Any) -> None:
        """Ask for the warnings and the reading of what is typed, while it is typed."""
        self.fields["medication_text"].widget.attrs |= {
            "hx-get": reverse("records:medication_check", args=[patient.pk]),
            "hx-trigger": "input changed delay:300ms, change",
            "hx-target": "#prescription-warnings",
            "hx-swap": "innerHTML",
            "hx-include": "#id_renews",
            "hx-sync": "this:queue last",
        }
        # A suggestion that was taken brings its dosage along.
        self.fields["dosage_text"].widget.attrs |= {
            "hx-get": reverse("records:dosage_read"),
            "hx-trigger": "input changed delay:300ms, change, change from:#id_medication_text",
            "hx-target": "#dosage-reading",
            "hx-swap": "innerHTML",
            "hx-include": "#id_start",
            "hx-sync": "this:queue last",
            "aria-describedby": "id_dosage_text_helptext dosage-reading",
        }

    def reading(self) -> Reading:
        """What the dosage line says as it stands in the form now."""
        return reading_of(str(self["dosage_text"].value() or ""), str(self["start"].value() or ""))

    def values(self) -> dict[str, Any]:
        """What the verbs take: days as instants of the clinic's midnight; after is_valid()."""
        names = PrescriptionFields.base_fields
        found: dict[str, Any] = {name: self.cleaned_data[name] for name in names}
        self.read_into(found)
        for name in ("start", "end"):
            day: dt.date | None = found[name]
            found[name] = clock.day_start(day) if day else None
        return found

    def read_into(self, found: dict[str, Any]) -> None:
        """Fill what the dosage line says and no field of its own does."""
        first = found["start"] or clock.today()
        for name, value in from_dosage(found["dosage_text"], first).items():
            found[name] = found.get(name) or value


class PrescriptionForm(NewRowForm, PatientGuard, PrescriptionFields):
    """A new one. Who does not prescribe it names the prescriber it waits for."""

    prescriber = PractitionerField(label=_("For the prescriber"), required=False)

    renews = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        prescribes: bool,
        suggested: Any = None,
        renewed: Any = None,
        **kwargs: Any,
    ) -> None:
        if renewed is not None:
            kwargs["initial"] = {name: getattr(renewed, name) for name in COPIED} | {
                "renews": renewed.pk
            }
        super().__init__(*args, **kwargs)
        self.renewed = renewed
        self.prescribes = prescribes
        prescriber = self.fields["prescriber"]
        self.fields["start"].initial = clock.today()
        self.watch_medication(self.patient)
        if prescribes:
            prescriber.label = _("For another prescriber")
            prescriber.help_text = _("Saved as a draft that waits for them. Empty: yourself.")
        else:
            prescriber.initial = suggested


class PrescriptionEditForm(PatientGuard, VersionedForm, PrescriptionFields):
    """A draft, changed by its prescriber or by who typed it."""

    prescriber = PractitionerField(label=_("Waits for"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row = kwargs["instance"]
        kwargs.setdefault(
            "initial",
            {name: getattr(row, name) for name in PrescriptionFields.base_fields}
            | {name: _day(getattr(row, name)) for name in ("start", "end")}
            | {"prescriber": row.author},
        )
        super().__init__(*args, **kwargs)
        self.watch_medication(self.patient)
        # The conflict view compares days with days.
        self._stored |= {name: _day(getattr(row, name)) for name in ("start", "end")}

    def read_into(self, found: dict[str, Any]) -> None:
        """A new line is read anew: what was read from the old one gives way."""
        if found["dosage_text"] != self.row.dosage_text:
            for name in ("dose", "route", "frequency", "as_needed", "end", "quantity"):
                if found[name] == self._stored.get(name):
                    found[name] = False if name == "as_needed" else None if name == "end" else ""
        super().read_into(found)


def _day(moment: dt.datetime | None) -> dt.date | None:
    return timezone.localtime(moment).date() if moment else None


class StepForm(PatientGuard, VersionedForm, forms.Form):
    """hold and stop ask why; making active may ask why despite a warning."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)
    override_reason = forms.CharField(
        label=_("Why despite the warning"), required=False, max_length=500
    )
