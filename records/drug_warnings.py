"""What is said before a medication becomes active: never a block, always a reason asked for.

Checked is this and nothing else: the same drug in the current medication, the recorded allergies
by name and by the families of records/data/drug_families.toml, and whether anybody has asked about
allergies. No interactions, doses or brand names.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from encounters.allergies import AllergyStatus, allergy_status
from encounters.models import Allergy, Patient
from records.drug_names import family_of_both, same_drug, shared
from records.models import Prescription


@dataclass(frozen=True)
class Warnings:
    """`allergies` is what is known; `texts` what stands against this medication, gravest first."""

    allergies: AllergyStatus
    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts)


def named(row: Prescription) -> str:
    """All words that a prescription says of its medication."""
    return f"{row.medication_text} {row.medication_display}".strip()


def warnings_for(patient: Patient, medication: str, *, but: Any = None) -> Warnings:
    """What stands against it: three queries. A draft is no current medication.

    `but` is the key of the prescription that is renewed: it warns not of itself.
    """
    known = allergy_status(patient)
    texts = [text for one in known.allergies if (text := _allergy_text(medication, one))]
    current = Prescription.objects.of_patient(patient).current().exclude(pk=but).newest_first()
    texts += [
        _("Already prescribed: %(medication)s, %(status)s.")
        % {"medication": row, "status": row.get_status_display()}
        for row in (current if medication.strip() else ())
        if same_drug(medication, named(row))
    ]
    if known.kind == "not-asked":
        texts.append(_("Nobody has asked about allergies yet."))
    return Warnings(known, tuple(texts))


def _allergy_text(medication: str, allergy: Allergy) -> str:
    """Why this allergy speaks against the medication; empty where it does not."""
    allergen = f"{allergy.substance_text} {allergy.substance_display}"
    if shared(medication, allergen):
        return _("The patient is allergic to %(allergy)s.") % {"allergy": allergy}
    both = family_of_both(medication, allergen)
    if both is None:
        return ""
    family, word, closely = both
    said = {"drug": word, "family": family.label, "allergy": allergy}
    if closely:
        return (
            _("%(drug)s is one of the %(family)s; the patient is allergic to %(allergy)s.") % said
        )
    return (
        _(
            "%(drug)s is one of the %(family)s, related to %(allergy)s, to which the patient is "
            "allergic."
        )
        % said
    )


def require_reason(row: Prescription, patient: Patient) -> Warnings:
    """The warnings, answered; raises ValidationError where one stands without a reason."""
    found = warnings_for(patient, named(row), but=row.renews_id)
    if found and not row.override_reason:
        words = " ".join(found.texts)
        raise ValidationError(
            {
                "override_reason": _(
                    "%(warnings)s Choose another medication, or say why this one is right "
                    "nevertheless."
                )
                % {"warnings": words}
            }
        )
    return found
