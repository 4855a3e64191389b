"""Register and edit a patient: the few fields that matter first, the rest behind a fold."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.forms.models import fields_for_model
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, PatientGuard, VersionedForm
from clinik.names import birth_date_candidates
from encounters.fields import BirthDateField, PartialDate, PractitionerField
from encounters.models import Patient, PatientContact, PatientIdentifier

MAIN = ("family", "given", "birth_date", "gender", "phone")
MORE = (
    "known_as", "prefix", "identity_unverified", "birth_time", "multiple_birth", "email",
    "address_line", "city", "state", "postal_code", "country", "language", "interpreter_needed",
    "marital_status", "general_practitioner",
)  # fmt: skip


class PatientFields(forms.Form):
    """What registering and editing ask alike."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain = [name for name in (*MAIN, *MORE) if name not in ("birth_date",)]
        made = fields_for_model(Patient, fields=plain)
        made["general_practitioner"] = PractitionerField(
            label=_("General practitioner"), required=False
        )
        made["birth_date"] = BirthDateField(
            label=_("Birth date"),
            required=False,
            help_text=_("Any usual form, day first; or a year, “about 40”, “unknown”."),
        )
        made["birth_time"].widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        for name in (*MAIN, *MORE):
            self.fields[name] = made[name]
            self.fields[name].widget.attrs.setdefault("autocomplete", "off")

    def verb_fields(self) -> dict[str, Any]:
        """The cleaned values under the names that the verbs take."""
        fields = {name: self.cleaned_data[name] for name in (*MAIN, *MORE)}
        born: PartialDate | None = fields.pop("birth_date")
        fields["birth_date"] = born.day if born else None
        fields["birth_date_precision"] = born.precision if born else "day"
        fields["birth_date_estimated"] = bool(born and born.estimated)
        fields["birth_date_unknown"] = bool(born and born.unknown)
        return fields

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in MAIN]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in MORE]

    def more_is_open(self) -> bool:
        """Whether the fold stands open: something in it is wrong."""
        return any(self[name].errors for name in MORE)


class RegisterForm(NewRowForm, PatientFields):
    """A new patient."""

    # Set once the page has asked who the guardian of a child is; empty again means nobody known.
    guardian_asked = forms.BooleanField(required=False, widget=forms.HiddenInput)


class PatientForm(PatientGuard, VersionedForm, PatientFields):
    """An existing patient; deceased and inactive can be said here."""

    deceased = forms.BooleanField(label=_("Deceased"), required=False)
    active = forms.BooleanField(
        label=_("Active"), required=False, help_text=_("Off: no longer a patient here.")
    )

    def __init__(self, *args: Any, instance: Patient, **kwargs: Any) -> None:
        initial = {
            name: getattr(instance, name)
            for name in (*MAIN, *MORE, "deceased", "active")
            if name != "birth_date"
        }
        initial["birth_date"] = birth_of(instance)
        super().__init__(*args, patient=instance, instance=instance, initial=initial, **kwargs)

    def value_of(self, row: Any, name: str) -> Any:
        return birth_of(row) if name == "birth_date" else super().value_of(row, name)

    def verb_fields(self) -> dict[str, Any]:
        fields = super().verb_fields()
        fields["deceased"] = self.cleaned_data["deceased"]
        if not fields["deceased"]:
            fields["deceased_at"] = None
        fields["active"] = self.cleaned_data["active"]
        if "birth_date" not in self.changed_data:
            # As it is stored: an estimate of another precision is not rounded by a save.
            for name in [name for name in fields if name.startswith("birth_date")]:
                fields[name] = getattr(self.row, name)
        return fields


def birth_of(row: Any) -> PartialDate:
    """A patient's birth date, or that of a history row."""
    return PartialDate(
        row.birth_date, row.birth_date_precision, row.birth_date_estimated, row.birth_date_unknown
    )


class LineForm(forms.Form):
    """One line of a patient's numbers or contacts; an untouched new line is left out.

    `own`: the keys of the lines that the patient has; another's is 404.
    """

    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    model: type[PatientIdentifier] | type[PatientContact]
    names: tuple[str, ...]
    needed: str

    def __init__(self, *args: Any, own: Collection[UUID] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        for name, field in fields_for_model(self.model, fields=self.names).items():
            field.required = False
            self.fields[name] = field
            field.widget.attrs["autocomplete"] = "off"

    def clean_id(self) -> UUID | None:
        sent: UUID | None = self.cleaned_data["id"]
        if sent is not None and sent not in self.own:
            raise Http404
        return sent

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        said = any(cleaned.get(name) for name in self.names if name != "active")
        if (said or cleaned.get("id")) and not cleaned.get(self.needed):
            self.add_error(self.needed, _("This line lacks it; a line is corrected, not removed."))
        return cleaned


class IdentifierForm(LineForm):
    model = PatientIdentifier
    names = ("value", "type_text", "system")
    needed = "value"


class ContactForm(LineForm):
    model = PatientContact
    names = ("name", "relationship", "phone", "is_guardian")
    needed = "name"


def lines(form: type[LineForm], patient: Patient | None, data: Any, prefix: str) -> Any:
    """The patient's lines and one empty line, as a formset."""
    rows = []
    if patient is not None:
        columns = ("id", *form.names)
        rows = list(form.model._default_manager.filter(patient=patient).values(*columns))
    return forms.formset_factory(form, extra=1, max_num=50, absolute_max=60)(
        data, initial=rows, prefix=prefix, form_kwargs={"own": {row["id"] for row in rows}}
    )


def said(formset: Any) -> list[dict[str, Any]]:
    """The cleaned lines of a formset that say something."""
    return [line for line in formset.cleaned_data if any(value for value in line.values())]


def initial_from(text: str) -> dict[str, Any]:
    """What was typed into the find box, as the first values of a registration."""
    text = " ".join(text[:200].split())
    if not text:
        return {}
    if birth_date_candidates(text):
        return {"birth_date": text}
    digits = sum(char.isdigit() for char in text)
    if digits and not any(char.isalpha() for char in text):
        return {"phone": text} if digits > 4 else {}
    words = text.title() if text.islower() else text
    family, comma, given = (part.strip() for part in words.partition(","))
    if not comma:
        given, _blank, family = words.rpartition(" ")
    return {"family": family, "given": given}
