"""What a patient does not tolerate, or the statement that nothing is known of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.transitions import lock, move
from encounters.models import Allergy, Encounter, NoKnownAllergies, Patient, Practitioner

FIELDS = frozenset(
    {
        "substance_system", "substance_code", "substance_display", "substance_text",
        "substance_more", "type", "category", "reaction", "severity", "criticality",
        "clinical_status", "verification", "onset", "onset_precision", "note",
    }
)  # fmt: skip


@dataclass(frozen=True)
class AllergyStatus:
    """`kind` is "known", "none" (somebody said there are none) or "not-asked" (neither)."""

    kind: str
    allergies: tuple[Allergy, ...] = ()
    none_since: NoKnownAllergies | None = None


def allergy_status(patient: Patient) -> AllergyStatus:
    """What is known of a patient's allergies; two queries at most."""
    active = tuple(Allergy.objects.of_patient(patient).active().select_related("author"))
    if active:
        return AllergyStatus("known", active)
    said = statements(patient).select_related("author", "by").order_by("-stated_at").first()
    return AllergyStatus("none", none_since=said) if said else AllergyStatus("not-asked")


def statements(patient: Patient) -> Any:
    """The statements of "no known allergies" that stand."""
    return NoKnownAllergies.objects.of_patient(patient).standing()


def add_allergy(
    patient: Patient,
    *,
    by: Any,
    id: UUID | None = None,
    encounter: Encounter | None = None,
    **fields: Any,
) -> Allergy:
    """A new allergy or intolerance; an active one ends "no known allergies"."""
    _may(by, "encounters.add_allergy")
    _same_person(patient, encounter)
    with transaction.atomic():
        lock(patient)
        allergy = Allergy(**({"id": id} if id else {}), patient=patient, encounter=encounter)
        allergy.author = _practitioner(by)
        _set(allergy, fields)
        allergy._history_user = by
        allergy.save()
        audit.record("allergy.create", allergy, by=by, fields=fields)
        _end_statements(allergy, by)
    return allergy


def change_allergy(allergy: Allergy, *, by: Any, version: int, **fields: Any) -> Allergy:
    """The allergy with other particulars; refused for one that is entered in error."""
    _may(by, "encounters.change_allergy")
    with transaction.atomic():
        lock(allergy.patient)
        fresh = lock(allergy, version=version)
        if fresh.verification == Allergy.Verification.ENTERED_IN_ERROR:
            raise ValidationError(_("This is entered in error and no longer changed."))
        changed = {name: value for name, value in fields.items() if getattr(fresh, name) != value}
        if not changed:
            return fresh
        _set(fresh, changed)
        status = changed.pop("clinical_status", fresh.clinical_status)
        fresh = move(
            fresh,
            field="clinical_status",
            to=status,
            by=by,
            act="allergy.change",
            version=version,
            changes=changed,
        )
        _end_statements(fresh, by)
    return fresh


def enter_allergy_in_error(
    allergy: Allergy, *, by: Any, reason: str, version: int | None = None
) -> Allergy:
    """Mark it wrong: kept, struck through, counted nowhere. Said twice, it is said once."""
    # An administrator, who changes no allergy, may enter any in error.
    if not by.has_perm("encounters.enter_in_error_encounter"):
        _may(by, "encounters.change_allergy")
    wrong = Allergy.Verification.ENTERED_IN_ERROR
    if not reason.strip():
        raise ValidationError({"reason": _("Say why this is wrong.")})
    if Allergy.objects.filter(pk=allergy.pk, verification=wrong, error_reason=reason).exists():
        allergy.refresh_from_db()
        return allergy
    return move(
        allergy,
        field="verification",
        to=wrong,
        allowed=[value for value in ["", *Allergy.Verification.values] if value != wrong],
        by=by,
        act="allergy.enter_in_error",
        version=version,
        changes={"error_reason": reason.strip()},
        reason=reason.strip(),
    )


def state_no_known_allergies(
    patient: Patient, *, by: Any, encounter: Encounter | None = None
) -> NoKnownAllergies:
    """Somebody asked and there is none. Refused beside an active allergy; said twice, once."""
    _may(by, "encounters.add_allergy")
    _same_person(patient, encounter)
    with transaction.atomic():
        lock(patient)
        if Allergy.objects.of_patient(patient).active().exists():
            raise ValidationError(
                _("An allergy is recorded: mark it resolved, refuted or entered in error first.")
            )
        standing = statements(patient).first()
        if standing is not None:
            return standing
        # One made here that no longer counts (its visit was about somebody else) gives way.
        for old in NoKnownAllergies.objects.filter(patient=patient, ended_at=None, source=""):
            _end(old, by)
        said = NoKnownAllergies(
            patient=patient, encounter=encounter, author=_practitioner(by), by=by
        )
        said._history_user = by
        said.save()
        audit.record("allergy.none_known", said, by=by)
    return said


def _may(by: Any, permission: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied


def _same_person(patient: Patient, encounter: Encounter | None) -> None:
    if encounter is not None and encounter.patient_id != patient.pk:
        raise ValidationError(
            _("The visit is %(theirs)s’s, not %(here)s’s. Not saved.")
            % {"theirs": encounter.patient, "here": patient}
        )


def _practitioner(by: Any) -> Practitioner | None:
    return Practitioner.objects.filter(user=by).first()


def _set(allergy: Allergy, fields: Mapping[str, Any]) -> None:
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"not an allergy's field: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(allergy, name, value.strip() if isinstance(value, str) else value)
    if not str(allergy):
        raise ValidationError({"substance_text": _("Name the substance.")})
    if allergy.verification == Allergy.Verification.ENTERED_IN_ERROR:
        raise ValidationError({"verification": _("This is said by “Entered in error”.")})
    if allergy.onset and allergy.onset > clock.now():
        raise ValidationError({"onset": _("This is still to come.")})
    allergy.clean_fields(exclude=["patient", "encounter", "author", "substance_more"])


def _end_statements(allergy: Allergy, by: Any) -> None:
    """An active allergy ends every statement that there is none."""
    if not Allergy.objects.filter(pk=allergy.pk).active().exists():
        return
    for said in NoKnownAllergies.objects.of_patient(allergy.patient).filter(ended_at=None):
        _end(said, by)


def _end(said: NoKnownAllergies, by: Any) -> None:
    said.ended_at = clock.now()
    said._history_user = by
    said.save()
    audit.record("allergy.none_known_ended", said, by=by, fields=["ended_at"])
