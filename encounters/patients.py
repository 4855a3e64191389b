"""What staff do to the register of patients: register, change, tell two people apart."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.names import normalise_name, sounds_alike
from clinik.transitions import lock
from encounters.models import (
    NotSamePerson,
    Patient,
    PatientAlert,
    PatientContact,
    PatientIdentifier,
)

# Written by the verbs below; everything else of a patient belongs to a verb of its own.
FIELDS = frozenset(
    {
        "family", "given", "known_as", "prefix", "gender", "birth_date", "birth_date_precision",
        "birth_date_estimated", "birth_date_unknown", "birth_time", "multiple_birth",
        "identity_unverified", "phone", "email", "address_line", "city", "state", "postal_code",
        "country", "language", "interpreter_needed", "marital_status", "deceased", "deceased_at",
        "deceased_at_precision", "active", "general_practitioner",
    }
)  # fmt: skip
OLDEST_YEARS = 130
# People born on one day, or in one year under names that begin alike: more are not looked at.
MOST_CANDIDATES = 400
MOST_DUPLICATES = 8


def register_patient(
    *,
    by: Any,
    id: UUID | None = None,
    identifiers: Iterable[Mapping[str, Any]] = (),
    contacts: Iterable[Mapping[str, Any]] = (),
    **fields: Any,
) -> Patient:
    """A new patient with a number of the clinic's own.

    `id` is the key the form was given, so that a second sending finds the first one's row.
    Identifiers are {value, system, type_text}, contacts {name, relationship, phone, is_guardian}.
    """
    _may(by, "encounters.add_patient")
    patient = Patient(**({"id": id} if id else {}))
    _set(patient, fields)
    with transaction.atomic():
        _save(patient, by)
        changed = {*fields}
        changed |= _write(PatientIdentifier, patient, identifiers, by, needs="value")
        changed |= _write(PatientContact, patient, contacts, by, needs="name")
        audit.record("patient.create", patient, by=by, fields=changed)
    return patient


def change_patient(
    patient: Patient,
    *,
    by: Any,
    version: int,
    identifiers: Iterable[Mapping[str, Any]] = (),
    contacts: Iterable[Mapping[str, Any]] = (),
    **fields: Any,
) -> Patient:
    """The patient with other particulars; rows of identifiers and contacts may name their `id`.

    Without any change nothing is written. Raises StaleVersion where `version` is not the newest.
    """
    _may(by, "encounters.change_patient")
    with transaction.atomic():
        fresh = lock(patient, version=version)
        changed = {name for name, value in fields.items() if getattr(fresh, name, None) != value}
        _set(fresh, fields)
        changed |= _write(PatientIdentifier, fresh, identifiers, by, needs="value")
        changed |= _write(PatientContact, fresh, contacts, by, needs="name")
        if changed:
            # Also where only a contact changed: the version stands for the whole form.
            _save(fresh, by)
            audit.record("patient.change", fresh, by=by, fields=changed)
    return fresh


Line = PatientIdentifier | PatientContact | PatientAlert


def change_line(row: Line, *, by: Any, version: int, **fields: Any) -> Line:
    """One number, contact or alert of a patient with other words; `version` is that line's own.

    Nothing is written where nothing differs. Raises StaleVersion, ValidationError keyed by field
    and PermissionDenied.
    """
    _may(by, "encounters.change_patient")
    with transaction.atomic():
        fresh = lock(row, version=version)
        changed = [name for name, value in fields.items() if getattr(fresh, name) != value]
        if changed:
            for name in changed:
                setattr(fresh, name, fields[name])
            fresh.full_clean()
            fresh._history_user = by
            fresh.save()
            audit.record(f"{row._meta.model_name}.change", fresh, by=by, fields=changed)
    return fresh


def guardians(patient: Patient) -> list[PatientContact]:
    """Who answers for a patient under 18, or who may be; one query, none for an adult."""
    age = patient.age_at()
    if age is not None and age.at_least(18):
        return []
    return list(PatientContact.objects.of_patient(patient).filter(is_guardian=True, active=True))


def _may(by: Any, permission: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied


def _save(patient: Patient, by: Any) -> None:
    patient._history_user = by
    patient.save()


def _set(patient: Patient, fields: Mapping[str, Any]) -> None:
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"not a patient's field: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(patient, name, value.strip() if isinstance(value, str) else value)
    if patient.birth_date_unknown:
        patient.birth_date, patient.birth_date_estimated = None, False
    errors = {**_name_errors(patient), **_birth_errors(patient), **_death_errors(patient)}
    try:
        patient.clean_fields(exclude=[*errors, "mrn", "search_name", "phone_digits", "merged_into"])
    except ValidationError as error:
        errors = {**error.error_dict, **errors}
    if errors:
        raise ValidationError(errors)


def _name_errors(patient: Patient) -> dict[str, Any]:
    if normalise_name(f"{patient.family} {patient.given} {patient.known_as}"):
        return {}
    return {"family": _("Give at least one name, even a working one such as “Unknown man”.")}


def _birth_errors(patient: Patient) -> dict[str, Any]:
    born, today = patient.birth_date, clock.today()
    if patient.birth_date_unknown:
        return {}
    if born is None:
        return {"birth_date": _("Give the birth date, an age such as “about 40”, or “unknown”.")}
    if born > today:
        return {"birth_date": _("This day is still to come.")}
    if today.year - born.year > OLDEST_YEARS:
        return {"birth_date": _("Nobody is that old: more than %d years.") % OLDEST_YEARS}
    return {}


def _death_errors(patient: Patient) -> dict[str, Any]:
    died = patient.deceased_at
    if died is None:
        return {}
    if died > clock.now():
        return {"deceased_at": _("This is still to come.")}
    if patient.birth_date and clock.timezone.localdate(died) < patient.birth_date:
        return {"deceased_at": _("This is before the birth.")}
    patient.deceased = True
    return {}


def _write(
    model: type[PatientIdentifier] | type[PatientContact],
    patient: Patient,
    rows: Iterable[Mapping[str, Any]],
    by: Any,
    *,
    needs: str,
) -> set[str]:
    """Make or change a patient's identifiers or contacts; the names of what changed."""
    own = {row.pk: row for row in model._default_manager.filter(patient=patient)}
    changed: set[str] = set()
    for given in rows:
        values = {name: value for name, value in given.items() if name != "id"}
        row = own.get(given["id"]) if given.get("id") else None
        if row is None and given.get("id"):
            raise ValidationError(_("A line of numbers or contacts is not this patient's."))
        if row is None and not any(values.get(name) for name in values if name != "active"):
            continue
        row = row or model(patient=patient)
        before = {name: getattr(row, name) for name in values}
        if not row._state.adding and before == values:
            continue
        if not values.get(needs):
            raise ValidationError(_("A line of numbers or contacts lacks its %s.") % needs)
        for name, value in values.items():
            setattr(row, name, value)
        row.clean_fields(exclude=["patient"])
        row._history_user = by
        row.save()
        changed.add(model._meta.model_name or "")
    return changed


def likely_duplicates(
    *,
    family: str = "",
    given: str = "",
    birth_date: dt.date | None = None,
    birth_date_precision: str = clock.Precision.DAY,
    identifiers: Iterable[str] = (),
    exclude: Patient | None = None,
) -> list[Patient]:
    """Those who may be the same person: same birth date and a name alike, or the same number.

    Three queries at most, whatever the register's size. A shared phone says nothing: families and
    homes share one. Pairs once told apart are not offered again.
    """
    found: dict[UUID, Patient] = {}
    values = [value.strip() for value in identifiers if value.strip()]
    if values:
        # A number on an entry that was merged is the survivor's.
        holders = PatientIdentifier.objects.filter(value__in=values)
        people = holders.values(person=Coalesce("patient__merged_into", "patient"))
        same_number = Patient.objects.listed().filter(pk__in=people)
        found.update((patient.pk, patient) for patient in same_number[:MOST_DUPLICATES])
    name = f"{family} {given}"
    if birth_date and normalise_name(name):
        born = _born_alike(birth_date, birth_date_precision)
        # Without an order and without `listed()`, so that the index on birth dates is taken.
        candidates = Patient.objects.order_by().filter(born).filter(_begins_alike(name))
        for patient in candidates[:MOST_CANDIDATES]:
            if patient.merged_into_id is None and sounds_alike(
                name, f"{patient.family} {patient.given} {patient.known_as}"
            ):
                found.setdefault(patient.pk, patient)
    if exclude is not None and found:
        found.pop(exclude.pk, None)
        for pair in NotSamePerson.objects.filter(Q(first=exclude) | Q(second=exclude)):
            found.pop(pair.first_id, None)
            found.pop(pair.second_id, None)
    return list(found.values())[:MOST_DUPLICATES]


def _born_alike(day: dt.date, precision: str) -> Q:
    """Birth dates that can be the same day, each as exactly as it is known."""
    month, year = day.replace(day=1), day.replace(month=1, day=1)
    vague = Q(birth_date=month, birth_date_precision=clock.Precision.MONTH) | Q(
        birth_date=year, birth_date_precision=clock.Precision.YEAR
    )
    if precision == clock.Precision.YEAR:
        return Q(birth_date__gte=year, birth_date__lt=year.replace(year=year.year + 1))
    if precision == clock.Precision.MONTH:
        after = (month + dt.timedelta(days=32)).replace(day=1)
        return Q(birth_date__gte=month, birth_date__lt=after) | vague
    return Q(birth_date=day) | vague


def _begins_alike(name: str) -> Q:
    """Some word begins with a letter that a word of `name` begins with, or sounds like."""
    condition = Q()
    for letter in {like for word in normalise_name(name).split() for like in _initials(word)}:
        condition |= Q(search_name__startswith=letter) | Q(search_name__contains=f" {letter}")
    return condition


# First letters that are written for one another: Catherine and Katherine, Philip and Filip.
_SAME_INITIALS = ("ckqs", "fpv", "gj", "iyj", "sz", "wv", "aeo")


def _initials(word: str) -> set[str]:
    return {word[0], *(like for group in _SAME_INITIALS if word[0] in group for like in group)}


def are_told_apart(patient: Patient, other: UUID) -> bool:
    """Whether somebody said before that these are two people."""
    low, high = sorted((patient.pk, other))
    return NotSamePerson.objects.filter(first=low, second=high).exists()


def say_not_same(first: Patient, second: Patient, *, by: Any) -> None:
    """Remember that these are two people, so that the pair is not offered again."""
    if not (by.has_perm("encounters.add_patient") or by.has_perm("encounters.change_patient")):
        raise PermissionDenied
    low, high = sorted((first.pk, second.pk))
    if low == high:
        raise ValidationError(_("This is one and the same entry."))
    with transaction.atomic():
        _pair, made = NotSamePerson.objects.get_or_create(
            first_id=low, second_id=high, defaults={"by": by}
        )
        if made:
            detail = {"other": str(second.pk)}
            audit.record("patient.not_same", first, by=by, detail=detail)
