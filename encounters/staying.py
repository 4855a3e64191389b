"""What changes on a visit while its status stays: class, room, who treats, what describes it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock, codes
from clinik.transitions import StaleVersion, TransitionError, lock
from encounters.models import (
    ClassPeriod,
    Encounter,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    Practitioner,
)
from encounters.models.encounter import EncounterClass, Status
from encounters.opening import LIMITS, add_participants, check_fields, class_columns
from encounters.steps import VERBS, require, take
from encounters.times import check_not_future, words

ATTENDING = EncounterParticipant.Role.ATTENDING
_ADMIT_SOURCE_SYSTEM = "http://terminology.hl7.org/CodeSystem/admit-source"


def admit(
    encounter: Encounter,
    *,
    by: Any,
    at: dt.datetime | None = None,
    location: str,
    practitioner: Practitioner,
    admit_source: str = Hospitalization.AdmitSource.EMERGENCY,
    version: int | None = None,
) -> Encounter:
    """An emergency visit becomes an admission and stays one visit.

    Closes the emergency's interval of the class history, opens the inpatient's, with ward,
    attending and admit source.
    """
    verb = VERBS["admit"]
    require(by, verb.permission)
    location = _room(location)
    if admit_source not in Hospitalization.AdmitSource.values:
        raise ValidationError({"admit_source": _("Choose where the patient is admitted from.")})
    with transaction.atomic():
        fresh, _periods, _done = take(encounter, verb, by=by, version=version)
        if fresh.class_code == EncounterClass.IMP and fresh.location == location:
            return fresh
        if fresh.class_code != EncounterClass.EMER:
            raise TransitionError(_("Only an emergency visit can be admitted."))
        moment = _moment(fresh, at)
        _change_class(fresh, EncounterClass.IMP, moment)
        _change_room(fresh, location, moment)
        _change_attending(fresh, practitioner, moment, by=by)
        stay = Hospitalization.objects.filter(encounter=fresh).first()
        stay = stay or Hospitalization(encounter=fresh)
        stay.admit_source_system = _ADMIT_SOURCE_SYSTEM
        stay.admit_source_code = admit_source
        stay._history_user = by
        stay.save()
        fields = ["class", "location", "practitioner", "hospitalization"]
        return _saved(fresh, "encounter.admit", by=by, fields=fields, at=moment)


def move_room(
    encounter: Encounter,
    *,
    by: Any,
    location: str,
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Encounter:
    """Another room or ward from `at` (None = now); moving to where it is already does nothing."""
    verb = VERBS["move_room"]
    require(by, verb.permission)
    location = _room(location)
    with transaction.atomic():
        fresh, _periods, _done = take(encounter, verb, by=by, version=None)
        if fresh.location == location:
            return fresh
        _check_version(fresh, version)
        moment = _moment(fresh, at)
        _change_room(fresh, location, moment)
        return _saved(fresh, "encounter.move_room", by=by, fields=["location"], at=moment)


def hand_over(
    encounter: Encounter,
    *,
    by: Any,
    to: Practitioner,
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Encounter:
    """Another practitioner is responsible from `at` (None = now); the former one's time is kept."""
    verb = VERBS["hand_over"]
    require(by, verb.permission)
    if not to.active:
        raise ValidationError({"to": _("Choose somebody who works here now.")})
    with transaction.atomic():
        fresh, _periods, _done = take(encounter, verb, by=by, version=None)
        if fresh.practitioner_id == to.pk:
            return fresh
        _check_version(fresh, version)
        moment = _moment(fresh, at)
        _change_attending(fresh, to, moment, by=by)
        return _saved(fresh, "encounter.hand_over", by=by, fields=["practitioner"], at=moment)


def change_encounter(encounter: Encounter, *, by: Any, version: int, **fields: Any) -> Encounter:
    """Correct what describes the visit (opening.DESCRIPTIVE): a correction, no move in time.

    A changed class, room or practitioner also corrects its present interval. Nothing is written
    where nothing differs.
    """
    require(by, "encounters.change_encounter")
    checked = check_fields(fields)
    with transaction.atomic():
        fresh = lock(encounter, version=version)
        _refuse_in_error(fresh)
        changed = [name for name, value in checked.items() if getattr(fresh, name) != value]
        if not changed:
            return fresh
        _check_plan(fresh, checked)
        if checked.get("part_of") is not None:
            _check_parent(fresh, checked["part_of"])
        _correct_open_intervals(fresh, checked, changed, by=by)
        for name in changed:
            setattr(fresh, name, checked[name])
        fresh._history_user = by
        fresh.save()
        audit.record("encounter.change", fresh, by=by, fields=changed)
    return fresh


def set_participants(
    encounter: Encounter,
    *,
    by: Any,
    participants: Iterable[Mapping[str, Any]],
    version: int | None = None,
) -> Encounter:
    """Who takes part besides the responsible one; who is not named any more is kept, not shown.

    Each: practitioner or name, role_code, start, end. Attending ones follow hand_over instead.
    """
    require(by, "encounters.change_encounter")
    with transaction.atomic():
        fresh = lock(encounter, version=version)
        _refuse_in_error(fresh)
        present = {
            (part.practitioner_id, part.name, part.role_code): part
            for part in fresh.participants.filter(removed=False).exclude(role_code=ATTENDING)
        }
        new = []
        for values in participants:
            person = values.get("practitioner")
            key = (person.pk if person else None, values.get("name", ""), values["role_code"])
            if present.pop(key, None) is None:
                new.append(values)
        for gone in present.values():
            gone.removed = True
            gone._history_user = by
            gone.save()
        add_participants(fresh, new, by=by)
        if not (present or new):
            return fresh
        return _saved(fresh, "encounter.set_participants", by=by, fields=["participants"])


_STAY_FIELDS = frozenset(
    {"admit_source_code", "admit_source_text", "origin", "re_admission", "diet"}
    | {"special_arrangement", "disposition_code", "disposition_text", "destination"}
)


def set_hospitalization(
    encounter: Encounter, *, by: Any, version: int | None = None, **fields: Any
) -> Hospitalization:
    """The admission's form. `version` is the hospitalization's (None or 0 where there is none)."""
    require(by, "encounters.finish_encounter")
    unknown = fields.keys() - _STAY_FIELDS
    if unknown:
        raise TypeError(f"not a field of a hospitalization: {', '.join(sorted(unknown))}")
    _check_stay(fields)
    with transaction.atomic():
        fresh = lock(encounter)
        _refuse_in_error(fresh)
        stay = Hospitalization.objects.filter(encounter=fresh).first()
        stay = stay or Hospitalization(encounter=fresh)
        if version and stay.version != version:
            raise StaleVersion(stay)
        changed = [name for name, value in fields.items() if getattr(stay, name) != value]
        if not changed:
            return stay
        for name in changed:
            setattr(stay, name, fields[name])
        if stay.admit_source_code:
            stay.admit_source_system = _ADMIT_SOURCE_SYSTEM
        stay._history_user = by
        stay.save()
        audit.record("hospitalization.change", stay, by=by, fields=changed)
    return stay


def _check_stay(fields: Mapping[str, Any]) -> None:
    choices = {
        "admit_source_code": Hospitalization.AdmitSource.values,
        "disposition_code": Hospitalization.Disposition.values,
    }
    for name, values in choices.items():
        if fields.get(name) and fields[name] not in values:
            raise ValidationError({name: _("Choose one of the list.")})


def _room(location: str) -> str:
    location = location.strip()
    if not location:
        raise ValidationError({"location": _("Say which room or ward.")})
    if len(location) > LIMITS["location"]:
        raise ValidationError({"location": _("Use at most 200 characters here.")})
    return location


def _moment(fresh: Encounter, at: dt.datetime | None) -> dt.datetime:
    """When the change took effect: now, or `at` within the visit so far."""
    if at is None:
        return max(clock.now(), fresh.start) if fresh.start else clock.now()
    check_not_future(at, field="at")
    if fresh.start is None or at >= fresh.start:
        return at
    if clock.to_minute(at) == clock.to_minute(fresh.start):
        return fresh.start
    raise ValidationError(
        {"at": _("The visit began %(time)s. Give a later time.") % {"time": words(fresh.start)}}
    )


def _check_version(fresh: Encounter, version: int | None) -> None:
    if version is not None and fresh.version != version:
        raise StaleVersion(fresh)


def _refuse_in_error(fresh: Encounter) -> None:
    if fresh.status == Status.ENTERED_IN_ERROR:
        raise TransitionError(
            _("This visit was entered in error and is not changed any more."),
            current=fresh.status,
        )


def _check_plan(fresh: Encounter, checked: Mapping[str, Any]) -> None:
    if fresh.status == Status.PLANNED and checked.get("planned_start", True) is None:
        raise ValidationError({"planned_start": _("Give the day and time it is for.")})


def _check_parent(fresh: Encounter, parent: Encounter) -> None:
    if parent.patient_id != fresh.patient_id:
        raise ValidationError({"part_of": _("That visit is of another patient.")})
    seen = {fresh.pk}
    above: Encounter | None = parent
    while above is not None:
        if above.pk in seen:
            raise ValidationError({"part_of": _("A visit cannot be part of itself.")})
        seen.add(above.pk)
        above = above.part_of


def _saved(
    fresh: Encounter, act: str, *, by: Any, fields: list[str], at: dt.datetime | None = None
) -> Encounter:
    fresh._history_user = by
    fresh.save()
    detail = {"at": at.isoformat()} if at else None
    audit.record(act, fresh, by=by, fields=fields, detail=detail)
    return fresh


def _check_open(last: Any, at: dt.datetime) -> None:
    if last.start is not None and at < last.start:
        raise ValidationError(
            {
                "at": _("The last change was %(time)s. Give a later time.")
                % {"time": words(last.start)}
            }
        )


def _change_class(fresh: Encounter, code: str, at: dt.datetime) -> None:
    """The class history begins with the first change: until then the visit's own class says it."""
    last = ClassPeriod.objects.filter(encounter=fresh, end=None).last()
    if last is None:
        last = ClassPeriod(
            encounter=fresh,
            start=fresh.start,
            class_system=fresh.class_system,
            class_code=fresh.class_code,
            class_display=fresh.class_display,
        )
    _check_open(last, at)
    last.end = at
    last.save()
    for name, value in class_columns(code).items():
        setattr(fresh, name, value)
    ClassPeriod.objects.create(encounter=fresh, start=at, **class_columns(code))


def _change_room(fresh: Encounter, location: str, at: dt.datetime) -> None:
    if fresh.location == location:
        return
    last = LocationPeriod.objects.filter(encounter=fresh, end=None).last()
    if last is None and fresh.location:
        last = LocationPeriod(encounter=fresh, location=fresh.location, start=fresh.start)
    if last is not None:
        _check_open(last, at)
        last.end = at
        last.save()
    fresh.location = location
    LocationPeriod.objects.create(encounter=fresh, location=location, start=at)


def _attending(fresh: Encounter) -> EncounterParticipant | None:
    return fresh.participants.filter(role_code=ATTENDING, end=None, removed=False).last()


def _change_attending(fresh: Encounter, to: Practitioner, at: dt.datetime, *, by: Any) -> None:
    if fresh.practitioner_id == to.pk:
        return
    last = _attending(fresh)
    if last is None and fresh.practitioner is not None:
        last = _new_attending(fresh, fresh.practitioner, fresh.start)
    if last is not None:
        _check_open(last, at)
        last.end = at
        last._history_user = by
        last.save()
    fresh.practitioner = to
    began = _new_attending(fresh, to, at)
    began._history_user = by
    began.save()


def _new_attending(
    fresh: Encounter, who: Practitioner, start: dt.datetime | None
) -> EncounterParticipant:
    return EncounterParticipant(
        encounter=fresh,
        practitioner=who,
        role_system=codes.PARTICIPATION,
        role_code=ATTENDING,
        role_display=str(ATTENDING.name),
        start=start,
    )


def _correct_open_intervals(
    fresh: Encounter, checked: Mapping[str, Any], changed: list[str], *, by: Any
) -> None:
    if "class_code" in changed:
        period = ClassPeriod.objects.filter(encounter=fresh, end=None).last()
        if period is not None:
            for name, value in class_columns(checked["class_code"]).items():
                setattr(period, name, value)
            period.save()
    if "location" in changed:
        place = LocationPeriod.objects.filter(encounter=fresh, end=None).last()
        if place is not None and checked["location"]:
            place.location = checked["location"]
            place.save()
    if "practitioner" in changed:
        part = _attending(fresh)
        if part is not None:
            part.practitioner = checked["practitioner"]
            part.removed = checked["practitioner"] is None
            part._history_user = by
            part.save()
