"""A condition of the problem list: since when, until when, its course; no use and no rank."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy

from clinik.forms import NewRowForm, PatientGuard
from encounters.fields import PartialDateField
from encounters.forms.diagnoses import DiagnosisEditForm, DiagnosisFields


class ProblemFields(DiagnosisFields):
    """What adding and changing a problem ask alike."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "condition_text",
        "onset",
        "clinical_status",
        "abatement",
        "verification",
    )
    DATES: ClassVar[tuple[str, ...]] = ("onset", "abatement")

    use = None  # type: ignore[assignment]
    rank = None  # type: ignore[assignment]
    abatement = PartialDateField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("Of what is over: a day, a month or a year."),
    )


class ProblemForm(NewRowForm, PatientGuard, ProblemFields):
    """A new problem of the page's patient."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["condition_text"].widget.attrs["autofocus"] = True

    def verb_fields(self) -> dict[str, Any]:
        """What add_problem() takes."""
        return {
            **{name.removeprefix("condition_"): value for name, value in self.condition().items()},
            **{name: self.cleaned_data[name] for name in ("clinical_status", "verification")},
            **self.date_fields("onset"),
            **self.date_fields("abatement"),
        }


class ProblemEditForm(ProblemFields, DiagnosisEditForm):
    """An existing problem. Needs `instance`."""
