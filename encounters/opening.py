"""How a visit comes to be: opened now, planned, recorded afterwards, or imported."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, bulk, clock, codes
from clinik.transitions import lock, move
from encounters.models import (
    Encounter,
    EncounterParticipant,
    Patient,
    StatusPeriod,
)
from encounters.models.encounter import OPEN, EncounterClass, Priority, Status
from encounters.steps import require
from encounters.times import check_not_future, length_minutes

# Limits of domain.md, section 1; they bind what is entered here, imports keep everything.
LIMITS = {
    "type_text": 200,
    "service_type_text": 200,
    "reason_text": 500,
    "location": 200,
    "service_provider": 200,
}

# What may be given when a visit is opened and edited later.
DESCRIPTIVE = frozenset(
    {f"{name}_{part}" for name in ("type", "service_type", "reason") for part in
     ("system", "code", "display", "text")}
    | {"class_code", "practitioner", "priority", "location", "service_provider", "part_of"}
    | {"planned_start", "planned_minutes"}
)  # fmt: skip

_OPENING = {
    Status.PLANNED: "encounters.add_encounter",
    Status.ARRIVED: "encounters.arrive_encounter",
    Status.TRIAGED: "encounters.triage_encounter",
    Status.IN_PROGRESS: "encounters.start_encounter",
}


class SecondOpen(ValidationError):
    """The patient has an open visit already: `encounter`. Ask, then pass confirmed_second=True."""

    def __init__(self, encounter: Encounter) -> None:
        super().__init__(
            _("This patient has an open visit already. Go to that one, or open a second one."),
            code="second_open",
        )
        self.encounter = encounter


def open_visit_of(patient: Patient, *, besides: Encounter | None = None) -> Encounter | None:
    """The latest open visit of the person, not counting `besides` and what it is part of."""
    found = Encounter.objects.of_patient(patient).open().newest_first()
    if besides is not None:
        found = found.exclude(pk__in=[pk for pk in (besides.pk, besides.part_of_id) if pk])
    return found.first()


def refuse_second_open(patient: Patient, *, besides: Encounter | None = None) -> None:
    other = open_visit_of(patient, besides=besides)
    if other is not None:
        raise SecondOpen(other)


def open_encounter(
    *,
    patient: Patient,
    by: Any,
    id: uuid.UUID | None = None,
    status: str = Status.ARRIVED,
    class_code: str = EncounterClass.AMB,
    start: dt.datetime | None = None,
    participants: Iterable[Mapping[str, Any]] = (),
    confirmed_second: bool = False,
    **fields: Any,
) -> Encounter:
    """Open a visit as planned, arrived, triaged or in progress; `fields` are DESCRIPTIVE ones.

    `start` defaults to now and may be past; a plan needs `planned_start` instead. A second call
    with the same `id`, patient and person answers with the visit that the first one made. Raises
    SecondOpen, ValidationError keyed by field, PermissionDenied.
    """
    require(by, "encounters.add_encounter")
    if status not in _OPENING:
        raise ValidationError({"status": _("A visit begins planned, arrived, triaged or started.")})
    require(by, _OPENING[Status(status)])
    fields = check_fields({"class_code": class_code, **fields})
    with transaction.atomic():
        patient = _surviving(patient)
        existing = already_open(id, patient=patient, by=by)
        if existing is not None:
            return existing
        start = _opening_start(status, start, fields)
        row = Encounter(patient=patient, status=status, start=start, **_keyed(id), **fields)
        if status in OPEN and not confirmed_second:
            refuse_second_open(patient, besides=row)
        _create(row, by=by, act="encounter.open")
        _begin(row, status, start or clock.now(), by=by)
        add_participants(row, participants, by=by)
    return row


def record_past_encounter(
    *,
    patient: Patient,
    by: Any,
    start: dt.datetime,
    end: dt.datetime,
    id: uuid.UUID | None = None,
    class_code: str = EncounterClass.AMB,
    participants: Iterable[Mapping[str, Any]] = (),
    **fields: Any,
) -> Encounter:
    """A visit that is over, written down afterwards: finished, and marked as entered later."""
    require(by, "encounters.record_past_encounter")
    check_not_future(start, field="start")
    check_not_future(end, field="end")
    if end < start:
        raise ValidationError({"end": _("Give an end after the start.")})
    fields = check_fields({"class_code": class_code, **fields})
    with transaction.atomic():
        patient = _surviving(patient)
        existing = already_open(id, patient=patient, by=by)
        if existing is not None:
            return existing
        row = Encounter(
            patient=patient,
            status=Status.FINISHED,
            start=start,
            end=end,
            length_minutes=length_minutes(start, end, ()),
            entered_late=True,
            **_keyed(id),
            **fields,
        )
        _create(row, by=by, act="encounter.record_past")
        _begin(row, Status.IN_PROGRESS, start, by=by, end=end)
        _begin(row, Status.FINISHED, end, by=by)
        add_participants(row, participants, by=by)
    return row


def create_imported(rows: Sequence[Mapping[str, Any]], *, source: str) -> None:
    """The one verb by which an import creates visits, in any status; nothing is invented.

    `rows` are columns of Encounter, with `id` and `patient_id`. Each has its history and its audit
    event.
    """
    if not source:
        raise ValidationError({"source": _("An import names its source.")})
    if not {row["status"] for row in rows} <= set(Status.values):
        raise ValidationError({"status": _("This is no status of a visit.")})
    with transaction.atomic():
        bulk.insert(Encounter, ({**row, "source": source} for row in rows), reason="import")
        made = (
            {
                "id": row["id"],
                "patient_id": row["patient_id"],
                "version": 1,
                "detail": {"to": row["status"]},
            }
            for row in rows
        )
        audit.record_many("encounter.import", Encounter, made, by=None)


def update_imported(
    encounter: Encounter, *, status: str, by: Any = None, **fields: Any
) -> Encounter:
    """Content of the source changed: write it, also the status; the history stays as sent."""
    if not encounter.source or status not in Status.values:
        raise ValidationError({"status": _("Only an import may set this.")})
    return move(
        encounter,
        to=status,
        by=by,
        act="encounter.update_imported",
        version=encounter.version,
        changes=fields,
    )


def check_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Descriptive fields, trimmed and within their limits, with the class's system and name.

    Raises ValidationError keyed by field, and TypeError for a field that is none of DESCRIPTIVE.
    """
    unknown = fields.keys() - DESCRIPTIVE
    if unknown:
        raise TypeError(f"not a descriptive field of a visit: {', '.join(sorted(unknown))}")
    checked: dict[str, Any] = {k: v.strip() if isinstance(v, str) else v for k, v in fields.items()}
    wrong: dict[str, Any] = {
        name: _("Use at most %(limit)d characters here.") % {"limit": limit}
        for name, limit in LIMITS.items()
        if len(checked.get(name) or "") > limit
    }
    if checked.get("class_code", EncounterClass.AMB) not in EncounterClass.values:
        wrong["class_code"] = _("Choose one of the classes.")
    if checked.get("priority") and checked["priority"] not in Priority.values:
        wrong["priority"] = _("Choose one of the priorities.")
    minutes = checked.get("planned_minutes")
    if minutes is not None and not 0 < minutes <= 24 * 60:
        wrong["planned_minutes"] = _("Give whole minutes, at most a day.")
    if wrong:
        raise ValidationError(wrong)
    if "class_code" in checked:
        checked.update(class_columns(checked["class_code"]))
    return checked


def class_columns(code: str) -> dict[str, str]:
    """The class with its system and its name, as they are stored."""
    return {
        "class_system": codes.ACT_CODE,
        "class_code": code,
        "class_display": str(EncounterClass(code).name),
    }


def already_open(id: uuid.UUID | None, *, patient: Patient, by: Any) -> Encounter | None:
    """The visit that an earlier press of the same form made; ValidationError for anybody else's."""
    row = Encounter.objects.filter(pk=id).first() if id is not None else None
    if row is None:
        return None
    first = StatusPeriod.objects.filter(encounter=row).order_by("created", "id").first()
    if row.patient_id != patient.pk or first is None or first.by_id != by.pk:
        raise ValidationError(
            _("This form was used already. Open a new one; nothing was saved."), code="repeated"
        )
    return row


def add_participants(row: Encounter, participants: Iterable[Mapping[str, Any]], *, by: Any) -> None:
    """Each: practitioner or name, role_code, start, end."""
    for values in participants:
        part = EncounterParticipant(encounter=row, **values)
        if part.practitioner is None and not part.name:
            raise ValidationError({"participants": _("Say who takes part.")})
        part.role_system = part.role_system or codes.PARTICIPATION
        part._history_user = by
        part.save()


def _surviving(patient: Patient) -> Patient:
    """Under its lock, so that two desks cannot both open a first visit of one person."""
    fresh = lock(patient)
    return lock(fresh.merged_into) if fresh.merged_into is not None else fresh


def _opening_start(
    status: str, start: dt.datetime | None, fields: Mapping[str, Any]
) -> dt.datetime | None:
    """Now or the past one given; None for a plan, which has a planned time instead."""
    if status == Status.PLANNED:
        if fields.get("planned_start") is None:
            raise ValidationError({"planned_start": _("Give the day and time it is for.")})
        return None
    start = start or clock.now()
    check_not_future(start, field="start")
    return start


def _keyed(id: uuid.UUID | None) -> dict[str, Any]:
    return {"id": id} if id is not None else {}


def _create(row: Encounter, *, by: Any, act: str) -> None:
    row._history_user = by
    row.save(force_insert=True)
    audit.record(act, row, by=by, action="C", detail={"to": row.status})


def _begin(
    row: Encounter, status: str, at: dt.datetime, *, by: Any, end: dt.datetime | None = None
) -> None:
    StatusPeriod.objects.create(
        encounter=row, status=status, start=at, end=end, by=by, before={"verb": "open"}
    )
