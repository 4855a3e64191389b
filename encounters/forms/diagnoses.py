"""A diagnosis of a visit: words or a code, its use in words, its rank."""

import re
from typing import Any, ClassVar

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import clock
from clinik.clock import Precision
from clinik.codes import ICD10CM
from clinik.forms import NewRowForm, PatientGuard, PlainForm, VersionedForm
from clinik.models import Code
from encounters.condition_field import ConditionField
from encounters.diagnoses import default_use
from encounters.fields import PartialDate, PartialDateField
from encounters.models import Diagnosis, Encounter
from encounters.models.diagnosis import ClinicalStatus, Use, Verification

# "I10", "E11.9", "E119 Type 2 diabetes": a letter, a digit, a letter or digit, up to four more.
_TYPED_CODE = re.compile(r"([A-Za-z]\d[\dA-Za-z](?:\.?[\dA-Za-z]{1,4})?)(?:\s+(.+))?")


def read_condition(text: str) -> dict[str, Any]:
    """The four columns of a condition as typed: words, a code, or a code before words."""
    text, code = text.strip(), ""
    typed = _TYPED_CODE.fullmatch(text)
    joined = _look_up("".join(text.split())) if typed else None
    if joined:
        # "e11 9": the code in two parts.
        code, text = joined.code, ""
    elif typed:
        # "B12 deficiency" are words; a code before words is one that the table or the clinic knows.
        plain = typed[2] is None or "." in typed[1]
        if plain or _look_up(typed[1]) or _words_used_before(typed[1].upper()):
            code, text = typed[1].upper(), typed[2] or ""
    known = _look_up(code) if code else None
    display = known.display if known else ""
    return {
        "condition_text": text or display or _words_used_before(code),
        "condition_code": known.code if known else code,
        "condition_system": ICD10CM if code else "",
        "condition_display": display,
    }


class DiagnosisFields(forms.Form):
    """What adding and changing ask alike."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "condition_text",
        "use",
        "rank",
        "verification",
        "clinical_status",
        "onset",
    )

    DATES: ClassVar[tuple[str, ...]] = ("onset",)

    condition_text = ConditionField(label=gettext_lazy("Condition"))
    use = forms.ChoiceField(
        label=gettext_lazy("Use"),
        choices=[("", gettext_lazy("none in particular")), *Use.choices],
        required=False,
    )
    rank = forms.IntegerField(
        label=gettext_lazy("Rank"), required=False, min_value=1, max_value=999
    )
    verification = forms.ChoiceField(
        label=gettext_lazy("How sure"),
        choices=[pair for pair in Verification.choices if pair[0] != Verification.ENTERED_IN_ERROR],
        initial=Verification.CONFIRMED,
        required=False,
    )
    clinical_status = forms.ChoiceField(
        label=gettext_lazy("Course"),
        choices=ClinicalStatus.choices,
        initial=ClinicalStatus.ACTIVE,
        required=False,
    )
    onset = PartialDateField(
        label=gettext_lazy("Since"),
        required=False,
        help_text=gettext_lazy("A day, a month or a year."),
    )

    def condition(self) -> dict[str, Any]:
        """The four columns of the condition."""
        return read_condition(self.cleaned_data["condition_text"])

    def date_fields(self, name: str) -> dict[str, Any]:
        """The two columns of a date as exactly as it is known."""
        known: PartialDate | None = self.cleaned_data[name]
        if known is None or known.day is None:
            return {name: None, f"{name}_precision": Precision.INSTANT}
        return {name: clock.day_start(known.day), f"{name}_precision": known.precision}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "condition_text" in cleaned and not cleaned["condition_text"]:
            self.add_error("condition_text", _("Say which condition it is."))
        return cleaned

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.NAMES[:3]]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.NAMES[3:]]

    def all_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.NAMES]

    def more_is_open(self) -> bool:
        return any(self[name].errors for name in self.NAMES[3:])


def typed_condition(row: Diagnosis) -> str:
    """How a row's condition is typed: its code, if it is one that can be typed, and its words."""
    words = row.condition_text or row.condition_display
    coded = row.condition_system == ICD10CM
    return f"{row.condition_code} {words}".strip() if coded else words or row.condition_code


def _look_up(code: str) -> Code | None:
    """The code table's entry, with or without the dot."""
    plain = code.upper().replace(".", "")
    dotted = f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain
    return Code.objects.filter(system=ICD10CM, code__in=(dotted, plain)).first()


def _words_used_before(code: str) -> str:
    """How the clinic called this code last time; empty for a new one."""
    rows = Diagnosis.objects.filter(condition_system=ICD10CM, condition_code=code)
    found = rows.exclude(condition_text="").order_by("-id").first() if code else None
    return found.condition_text if found else ""


class DiagnosisForm(NewRowForm, PatientGuard, DiagnosisFields):
    """A new diagnosis; the use is offered as the visit's class and status suggest it."""

    def __init__(self, *args: Any, encounter: Encounter, **kwargs: Any) -> None:
        self.encounter = encounter
        super().__init__(*args, patient=encounter.patient, **kwargs)
        self.fields["condition_text"].widget.attrs["autofocus"] = True
        if not self.is_bound:
            self.fields["use"].initial = default_use(encounter)

    def verb_fields(self) -> dict[str, Any]:
        """What add_diagnosis() takes."""
        condition = {
            name.removeprefix("condition_"): value for name, value in self.condition().items()
        }
        plain = ("use", "rank", "verification", "clinical_status")
        return {
            **condition,
            **{name: self.cleaned_data[name] for name in plain},
            **self.date_fields("onset"),
        }


class DiagnosisEditForm(PatientGuard, VersionedForm, DiagnosisFields):
    """An existing diagnosis. Needs `instance`."""

    def __init__(self, *args: Any, instance: Diagnosis, **kwargs: Any) -> None:
        initial = {name: getattr(instance, name) for name in self.NAMES}
        initial["condition_text"] = typed_condition(instance)
        for name in self.DATES:
            known = getattr(instance, f"{name}_precision")
            precision = Precision.DAY if known == Precision.INSTANT else known
            if initial[name] is not None:
                initial[name] = PartialDate(localdate(initial[name]), precision)
        super().__init__(
            *args, instance=instance, patient=instance.patient, initial=initial, **kwargs
        )
        for name in ("verification", "clinical_status"):
            field: Any = self.fields[name]
            if initial[name] == "":
                field.choices = [("", _("not stated")), *field.choices]
        # What an import brought may be longer than what is typed here.
        text: Any = self.fields["condition_text"]
        text.max_length = None

    def _row_fields(self) -> list[str]:
        besides = ("patient", *self.DATES)
        return [name for name in super()._row_fields() if name not in besides]

    def value_of(self, row: Any, name: str) -> Any:
        return typed_condition(row) if name == "condition_text" else super().value_of(row, name)

    def condition(self) -> dict[str, Any]:
        """A coding of another system stays with its words until a code is given."""
        read = super().condition()
        foreign = self.row.condition_code and self.row.condition_system != ICD10CM
        return (
            {"condition_text": read["condition_text"]}
            if foreign and not read["condition_code"]
            else read
        )

    def verb_fields(self) -> dict[str, Any]:
        """What was changed, under the names that change_diagnosis() takes."""
        plain = ("use", "rank", "verification", "clinical_status")
        changed = set(self.changed_data)
        fields = {name: self.cleaned_data[name] for name in plain if name in changed}
        if "condition_text" in changed:
            fields |= self.condition()
        for name in self.DATES:
            if name in changed:
                fields |= self.date_fields(name)
        return fields


class DiagnosisErrorForm(PlainForm, forms.Form):
    """Why a diagnosis is wrong."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=forms.TextInput({"autocomplete": "off"})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
