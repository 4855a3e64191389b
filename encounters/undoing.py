"""Taking a step back, and a visit out of the way: nothing is deleted, the audit keeps all of it."""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.dispatch import Signal
from django.utils.translation import gettext as _

from clinik import clock
from clinik.models import ClinikModel
from clinik.transitions import StaleVersion, TransitionError, lock, move
from encounters.closing import write_disposition
from encounters.models import Encounter, Hospitalization, StatusPeriod
from encounters.models.encounter import OPEN, ErrorAbout, Status
from encounters.opening import refuse_second_open
from encounters.steps import VERBS, open_period, require, require_reason, standing_periods, take
from encounters.times import following

UNDO_WITHIN = dt.timedelta(minutes=10)

# Sent with encounter= and since= (when the step was pressed); a receiver returns why the step
# cannot be taken back ("a note was signed since"), or an empty text.
encounter_stepping_back = Signal()

_UNDOABLE = frozenset(Status) - {Status.PLANNED, Status.ENTERED_IN_ERROR, Status.UNKNOWN}


def can_step_back(
    encounter: Encounter, user: Any, periods: list[StatusPeriod] | None = None
) -> str:
    """ "press" (own step, within ten minutes), "reason" (permitted, with one), or "" (not at all).

    One query, or none with the status history at hand. A note signed since may still refuse it.
    """
    current = open_period(standing_periods(encounter) if periods is None else periods)
    if not _can_go_back(encounter, current):
        return ""
    if _own_and_fresh(current, user):
        return "press"
    return "reason" if user.has_perm("encounters.step_back_encounter") else ""


def _can_go_back(encounter: Encounter, current: StatusPeriod | None) -> bool:
    former = current.before.get("status") if current is not None else None
    return bool(former) and former != Status.UNKNOWN and encounter.status in _UNDOABLE


def _own_and_fresh(current: StatusPeriod | None, user: Any) -> bool:
    return (
        current is not None
        and current.by_id == user.pk
        and clock.now() - current.entered_at <= UNDO_WITHIN
    )


def step_back(
    encounter: Encounter,
    *,
    by: Any,
    reason: str = "",
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """Return to the status before: the last interval is withdrawn, what it changed is restored.

    Within ten minutes by the same person it needs nothing; later or by another the permission and
    a reason. A second press with the same `version` answers as success. Raises SecondOpen where it
    opens the visit again and another of theirs is open.
    """
    with transaction.atomic():
        fresh = lock(encounter)
        if version is not None and fresh.version != version:
            if _just_undone(fresh, by, version):
                return fresh
            raise StaleVersion(fresh)
        periods = standing_periods(fresh)
        current = open_period(periods)
        if current is None or not _can_go_back(fresh, current):
            raise TransitionError(_("There is no step to undo."), current=fresh.status)
        if not _own_and_fresh(current, by):
            require(by, "encounters.step_back_encounter")
            reason = require_reason(reason)
        _ask_the_chart(fresh, current)
        if not confirmed_second:
            _refuse_second_open(fresh, current)
        return _go_back(fresh, periods, act="encounter.step_back", by=by, reason=reason)


def _ask_the_chart(fresh: Encounter, current: StatusPeriod) -> None:
    answers = encounter_stepping_back.send(
        sender=Encounter, encounter=fresh, since=current.entered_at
    )
    for _receiver, why in answers:
        if why:
            raise TransitionError(str(why), current=fresh.status)


def _refuse_second_open(fresh: Encounter, current: StatusPeriod) -> None:
    if fresh.status not in OPEN and current.before["status"] in OPEN:
        refuse_second_open(fresh.patient, besides=fresh)


def _just_undone(fresh: Encounter, by: Any, version: int) -> bool:
    last = (
        StatusPeriod.objects.filter(encounter=fresh, withdrawn_at__isnull=False)
        .order_by("withdrawn_at")
        .last()
    )
    mark = last.before.get("withdrawn", {}) if last is not None else {}
    return mark == {"by": by.pk, "version": version} and fresh.version == version + 1


def _go_back(
    fresh: Encounter, periods: list[StatusPeriod], *, act: str, by: Any, reason: str
) -> Encounter:
    """Withdraw the last interval and stand where the visit stood before it."""
    gone, left = periods[-1], periods[:-1]
    former = gone.before["status"]
    gone.withdrawn_at = clock.now()
    gone.before["withdrawn"] = {"by": by.pk, "version": fresh.version}
    gone.save()
    if left and left[-1].status == former and left[-1].end is not None:
        left[-1].end = None
        left[-1].save()
    changes = gone.restored()
    if fresh.practitioner != getattr(gone.by, "practitioner", None):
        # Handed over since: only who became responsible by the step itself is taken off again.
        changes.pop("practitioner", None)
    if not fresh.source and left:
        for name, value in changes.items():
            setattr(fresh, name, value)
        changes |= following(fresh, left)
    _restore_disposition(fresh, gone, by)
    interval = {"status": gone.status, "start": gone.start.isoformat() if gone.start else None}
    return move(
        fresh,
        to=former,
        by=by,
        act=act,
        changes=changes,
        reason=reason,
        detail={"withdrawn": interval},
    )


def _restore_disposition(fresh: Encounter, gone: StatusPeriod, by: Any) -> None:
    if "disposition" in gone.before:
        stay = Hospitalization.objects.get(encounter=fresh)
        code, text = gone.before["disposition"]
        write_disposition(stay, code, text, by=by)


def holds_records(encounter: Encounter) -> bool:
    """Whether anything of the chart names this visit, in whichever app; one query."""
    names = Q()
    for relation in Encounter._meta.get_fields(include_hidden=True):
        model = relation.related_model if relation.auto_created else None
        if not (isinstance(model, type) and issubclass(model, ClinikModel)):
            continue
        if any(f.name == "patient" for f in model._meta.fields):
            field = relation.field.name  # type: ignore[union-attr]
            names |= Q(Exists(model._default_manager.filter(**{field: OuterRef("pk")})))
    return Encounter.objects.filter(names, pk=encounter.pk).exists()


def enter_in_error(
    encounter: Encounter, *, by: Any, about: str, reason: str, version: int | None = None
) -> Encounter:
    """Take the visit out of every list; its rows stay and keep naming it.

    `about` is an ErrorAbout. Without the permission for any visit, only one that holds no records.
    """
    verb = VERBS["enter_in_error"]
    if about not in ErrorAbout.values:
        raise ValidationError({"about": _("Say whether the visit was about somebody else.")})
    reason = require_reason(reason)
    with transaction.atomic():
        _require_to_enter_in_error(encounter, by)
        fresh, periods, done = take(encounter, verb, by=by, version=version)
        if done:
            return fresh
        current = open_period(periods)
        begun = current.start if current is not None else None
        return move(
            fresh,
            to=Status.ENTERED_IN_ERROR,
            by=by,
            act="encounter.enter_in_error",
            allowed=verb.sources,
            at=max(clock.now(), begun) if begun else clock.now(),
            changes={"error_about": about, "error_reason": reason},
            reason=reason,
            detail={"about": about},
        )


def _require_to_enter_in_error(encounter: Encounter, by: Any) -> None:
    if by.has_perm("encounters.enter_in_error_encounter"):
        return
    require(by, "encounters.enter_in_error_empty_encounter")
    if holds_records(encounter):
        raise PermissionDenied(
            _("This visit holds records. A clinician or an administrator can enter it in error.")
        )


def restore(
    encounter: Encounter,
    *,
    by: Any,
    reason: str = "",
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """Bring a visit entered in error back to the status it had. Raises SecondOpen."""
    verb = VERBS["restore"]
    require(by, verb.permission)
    with transaction.atomic():
        fresh = lock(encounter)
        if version is not None and fresh.version != version:
            if _just_undone(fresh, by, version):
                return fresh
            raise StaleVersion(fresh)
        periods = standing_periods(fresh)
        current = open_period(periods)
        entered = current is not None and current.status == Status.ENTERED_IN_ERROR
        if not entered or fresh.status not in verb.sources or "status" not in periods[-1].before:
            raise TransitionError(
                _("This visit was not entered in error here, so there is nothing to restore."),
                current=fresh.status,
            )
        if not confirmed_second:
            _refuse_second_open(fresh, periods[-1])
        return _go_back(fresh, periods, act="encounter.restore", by=by, reason=reason.strip())
