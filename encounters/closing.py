"""Closing a visit: what stands in the way, and the close itself."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from clinik import audit, clock, codes
from clinik.transitions import move
from encounters.models import Diagnosis, Encounter, Hospitalization, StatusPeriod
from encounters.models.diagnosis import Use
from encounters.models.encounter import Status
from encounters.steps import VERBS, open_period, require, require_reason, take
from encounters.times import check_at, length_minutes

# Sent with encounter=; a receiver returns a list of Obstacle.
encounter_closing = Signal()

# Classes that are discharged: with a diagnosis, to somewhere.
DISCHARGED = ("IMP", "EMER")


@dataclass(frozen=True)
class Mending:
    """What the page that mends an obstacle is sent, so that it can be done without going there.

    `version` is the record's, as it is read here; `field` is the name of the one thing to type,
    with its label, or empty where a press is enough; `words` is what has to be read first.
    """

    button: str
    version: int
    field: str = ""
    label: str = ""
    words: str = ""


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way of closing, and where it is mended.

    `key` names the kind ("unsigned-note"), so that a page can put the mending form in place.
    `only` are the logins that alone can mend it (None = whoever may, by role).
    """

    text: str
    url_name: str = ""
    url_kwargs: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    mend: Mending | None = None
    only: frozenset[int] | None = None

    def is_for(self, user: Any) -> bool:
        """Whether this user can mend it, as far as it is somebody's own."""
        return self.only is None or user.pk in self.only


class Missing(ValidationError):
    """Something is missing: `obstacles`. Mend it, or override with a reason and the permission."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__([obstacle.text for obstacle in obstacles], code="missing")
        self.code = "missing"
        self.obstacles = obstacles


def missing(encounter: Encounter, *, disposition: bool | None = None) -> list[Obstacle]:
    """What closing asks for and does not find. `disposition`: whether the form brings one.

    None: look whether the visit has one. Nothing is written.
    """
    answers: Any = encounter_closing.send(sender=Encounter, encounter=encounter)
    found: list[Obstacle] = [obstacle for _who, answer in answers for obstacle in answer or ()]
    if encounter.class_code not in DISCHARGED:
        return found
    diagnoses = Diagnosis.objects.filter(encounter=encounter, use=Use.DISCHARGE).listed()
    return found + before_discharge(
        encounter,
        diagnosis=diagnoses.exists(),
        disposition=bool(disposition) or _has_disposition(encounter),
    )


def before_discharge(encounter: Encounter, *, diagnosis: bool, disposition: bool) -> list[Obstacle]:
    """What a discharge asks for, of a visit about which both answers are known already."""
    found: list[Obstacle] = []
    if encounter.class_code not in DISCHARGED:
        return found
    if not diagnosis:
        found.append(
            Obstacle(
                _("A discharge diagnosis is missing."),
                "encounters:diagnosis_add",
                {"encounter_pk": encounter.pk},
                "discharge-diagnosis",
            )
        )
    if not disposition:
        found.append(
            Obstacle(
                _("Where the patient was discharged to is missing."),
                "encounters:encounter_close",
                {"pk": encounter.pk},
                "disposition",
            )
        )
    return found


def _has_disposition(encounter: Encounter) -> bool:
    stay = Hospitalization.objects.filter(encounter=encounter).first()
    return stay is not None and bool(stay.disposition_code or stay.disposition_text)


def finish(
    encounter: Encounter,
    *,
    by: Any,
    end: dt.datetime | None = None,
    disposition_code: str = "",
    disposition_text: str = "",
    length_minutes: int | None = None,
    override_reason: str = "",
    version: int | None = None,
) -> Encounter:
    """Close the visit at `end` (None = now); the length follows unless `length_minutes` differs.

    After a reopening an `end` before it is taken too: the reopened time leaves the history.
    Raises Missing unless `override_reason` is given by someone who may override.
    """
    verb = VERBS["finish"]
    require(by, verb.permission)
    disposed = _check_form(disposition_code, disposition_text, length_minutes)
    with transaction.atomic():
        fresh, periods, done = take(encounter, verb, by=by, version=version)
        if done:
            return fresh
        left = _leave_out_reopened(periods, end)
        moment = _check_end(fresh, left, end)
        override = _check_missing(fresh, by, override_reason, disposition=disposed)
        _withdraw(periods[len(left) :], left, by)
        closed = move(
            fresh,
            to=Status.FINISHED,
            by=by,
            act="encounter.finish",
            at=moment,
            changes=_closed(fresh, left, moment, length_minutes),
            reason=override,
            detail={"overridden": True} if override else None,
        )
        if disposed:
            _dispose(closed, disposition_code, disposition_text, by=by)
    return closed


def _closed(
    fresh: Encounter, periods: list[StatusPeriod], end: dt.datetime, by_hand: int | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "end": end,
        "end_precision": clock.Precision.INSTANT,
        "leave_to": "",
        "expected_back": None,
    }
    follows = length_minutes(fresh.start, end, periods)
    if by_hand is not None and by_hand != follows:
        changes |= {"length_minutes": by_hand, "length_corrected": True}
    elif by_hand is not None or not fresh.length_corrected:
        changes |= {"length_minutes": follows, "length_corrected": False}
    return changes


def _check_missing(fresh: Encounter, by: Any, override_reason: str, *, disposition: bool) -> str:
    """The reason of the override where one is needed, else nothing."""
    obstacles = missing(fresh, disposition=disposition)
    if not obstacles:
        return ""
    if not override_reason.strip():
        raise Missing(obstacles)
    require(by, "encounters.override_close_encounter")
    return require_reason(override_reason, field="override_reason")


def _leave_out_reopened(periods: list[StatusPeriod], end: dt.datetime | None) -> list[StatusPeriod]:
    """The history without the reopenings that began after `end`: closed again as it was before.

    A reopening is the closed interval and the one in progress after it.
    """
    left = list(periods)
    while (
        end is not None
        and len(left) > 2
        and left[-1].before.get("verb") == "reopen"
        and left[-2].status == Status.FINISHED
        and left[-2].start is not None
        and left[-1].start is not None
        and clock.to_minute(end) < clock.to_minute(left[-1].start)
        and left[-1].end is None
    ):
        left = left[:-2]
        left[-1].end = None
    return left


def _withdraw(gone: list[StatusPeriod], left: list[StatusPeriod], by: Any) -> None:
    if not gone:
        return
    for period in gone:
        period.withdrawn_at = clock.now()
        period.save()
    left[-1].save()


def _check_end(
    fresh: Encounter, periods: list[StatusPeriod], end: dt.datetime | None
) -> dt.datetime:
    moment = check_at(end, open_period(periods), field="end")
    if fresh.start and moment < fresh.start:
        raise ValidationError({"end": _("Give an end after the start.")})
    return moment


def _check_form(code: str, text: str, minutes: int | None) -> bool:
    """Whether the form brings a disposition; ValidationError where a field is wrong."""
    if minutes is not None and minutes < 0:
        raise ValidationError({"length_minutes": _("Give the length in whole minutes.")})
    if code and code not in Hospitalization.Disposition.values:
        raise ValidationError(
            {"disposition_code": _("Choose where the patient was discharged to.")}
        )
    if len(text) > 200:
        raise ValidationError({"disposition_text": _("Use at most 200 characters here.")})
    return bool(code or text)


def _dispose(closed: Encounter, code: str, text: str, *, by: Any) -> None:
    """Store where the patient went; the closed interval keeps what stood there, for a step back."""
    stay = Hospitalization.objects.filter(encounter=closed).first()
    stay = stay or Hospitalization(encounter=closed)
    period = StatusPeriod.objects.filter(encounter=closed, end=None, withdrawn_at=None).get()
    period.before["disposition"] = [stay.disposition_code, stay.disposition_text]
    period.save()
    write_disposition(stay, code, text, by=by)


def write_disposition(stay: Hospitalization, code: str, text: str, *, by: Any) -> None:
    system = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
    display = str(Hospitalization.Disposition(code).label) if code else ""
    value = codes.Coded(system=system if code else "", code=code, display=display, text=text)
    for name, part in codes.columns("disposition", value, more=False).items():
        setattr(stay, name, part)
    stay._history_user = by
    stay.save()
    audit.record("hospitalization.change", stay, by=by, fields=["disposition"])
