"""The steps a visit takes with one press: arrive, triage, start, leave, resume, cancel and back."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik.transitions import move
from encounters.models import Encounter, Practitioner, StatusPeriod
from encounters.models.encounter import OPEN, CancelReason, Priority, Status
from encounters.opening import refuse_second_open
from encounters.steps import VERBS, open_period, require, require_reason, take
from encounters.times import check_at

Plan = Callable[[Encounter, dt.datetime], dict[str, Any]]


def run(
    encounter: Encounter,
    name: str,
    *,
    by: Any,
    to: Callable[[Encounter], str] | None = None,
    at: dt.datetime | None = None,
    at_field: str = "at",
    version: int | None = None,
    plan: Plan | None = None,
    reason: str = "",
    confirmed_second: bool = True,
) -> Encounter:
    """Take the step `name`; `plan` says, under the lock, which fields change with the status."""
    verb = VERBS[name]
    require(by, verb.permission)
    with transaction.atomic():
        fresh, periods, done = take(encounter, verb, by=by, version=version)
        if done:
            return fresh
        moment = check_at(at, open_period(periods), field=at_field)
        target = to(fresh) if to else next(iter(verb.targets))
        if not confirmed_second and fresh.status not in OPEN and target in OPEN:
            refuse_second_open(fresh.patient, besides=fresh)
        changes = plan(fresh, moment) if plan else {}
        if fresh.start is None and target in OPEN:
            changes["start"] = moment
        return move(
            fresh,
            to=target,
            by=by,
            act=f"encounter.{name}",
            allowed=verb.sources,
            at=moment,
            changes=changes,
            reason=reason,
        )


def arrive(
    encounter: Encounter,
    *,
    by: Any,
    at: dt.datetime | None = None,
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """The patient is here. Raises SecondOpen where another visit of theirs is open."""
    return run(
        encounter, "arrive", by=by, at=at, version=version, confirmed_second=confirmed_second
    )


def triage(
    encounter: Encounter,
    *,
    by: Any,
    priority: str = "",
    at: dt.datetime | None = None,
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """Assessed for urgency; an empty priority leaves the present one."""
    if priority and priority not in Priority.values:
        raise ValidationError({"priority": _("Choose one of the priorities.")})
    return run(
        encounter,
        "triage",
        by=by,
        at=at,
        version=version,
        plan=lambda fresh, moment: {"priority": priority} if priority else {},
        confirmed_second=confirmed_second,
    )


def start(
    encounter: Encounter,
    *,
    by: Any,
    at: dt.datetime | None = None,
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """Somebody sees the patient now; whoever treats is responsible where nobody was named."""

    def plan(fresh: Encounter, moment: dt.datetime) -> dict[str, Any]:
        if fresh.practitioner_id or not by.has_perm(VERBS["admit"].permission):
            return {}
        own = Practitioner.objects.active().filter(user=by.pk).first()
        return {"practitioner": own} if own else {}

    return run(
        encounter,
        "start",
        by=by,
        at=at,
        version=version,
        plan=plan,
        confirmed_second=confirmed_second,
    )


def leave(
    encounter: Encounter,
    *,
    by: Any,
    leave_to: str = "",
    expected_back: dt.datetime | None = None,
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Encounter:
    """Out of the house for a while; for a virtual visit, the call dropped."""
    leave_to = leave_to.strip()
    if len(leave_to) > 200:
        raise ValidationError({"leave_to": _("Use at most 200 characters here.")})

    def plan(fresh: Encounter, moment: dt.datetime) -> dict[str, Any]:
        if expected_back is not None and expected_back < moment:
            raise ValidationError({"expected_back": _("Give a time after the leave began.")})
        return {"leave_to": leave_to, "expected_back": expected_back}

    return run(encounter, "leave", by=by, at=at, version=version, plan=plan)


def resume(
    encounter: Encounter, *, by: Any, at: dt.datetime | None = None, version: int | None = None
) -> Encounter:
    """Back from leave."""
    return run(
        encounter,
        "resume",
        by=by,
        at=at,
        version=version,
        plan=lambda fresh, moment: {"leave_to": "", "expected_back": None},
    )


def cancel(
    encounter: Encounter,
    *,
    by: Any,
    reason: str,
    text: str = "",
    end: dt.datetime | None = None,
    version: int | None = None,
) -> Encounter:
    """It ended before it began. `reason` is a CancelReason; "other" needs `text`.

    A visit with a start needs `end`: when the patient was last seen. Without a start, `end` is not
    used: the cancel happens now.
    """
    text = _check_cancel(reason, text.strip())

    def plan(fresh: Encounter, moment: dt.datetime) -> dict[str, Any]:
        changes: dict[str, Any] = {"cancel_reason": reason, "cancel_text": text}
        if fresh.start is None:
            return changes
        if end is None:
            raise ValidationError({"end": _("Give the time when the patient was last seen.")})
        return {**changes, "end": moment}

    seen = end if encounter.start else None
    return run(
        encounter,
        "cancel",
        by=by,
        at=seen,
        at_field="end",
        version=version,
        plan=plan,
        reason=str(CancelReason(reason).label) + (f": {text}" if text else ""),
    )


def _check_cancel(reason: str, text: str) -> str:
    if reason not in CancelReason.values:
        raise ValidationError({"reason": _("Choose why the visit is cancelled.")})
    if reason == CancelReason.OTHER or text:
        return require_reason(text, field="text")
    return text


def uncancel(
    encounter: Encounter, *, by: Any, version: int | None = None, confirmed_second: bool = False
) -> Encounter:
    """Back to arrived where the patient had come, else to planned."""
    return run(
        encounter,
        "uncancel",
        by=by,
        to=lambda fresh: Status.ARRIVED if fresh.start else Status.PLANNED,
        version=version,
        plan=lambda fresh, moment: {"end": None, "cancel_reason": "", "cancel_text": ""},
        confirmed_second=confirmed_second,
    )


def reopen(
    encounter: Encounter,
    *,
    by: Any,
    reason: str,
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """Open a closed visit again, with a reason; times.last_end() keeps when it had ended."""
    reason = require_reason(reason)

    def plan(fresh: Encounter, moment: dt.datetime) -> dict[str, Any]:
        _remember_end(fresh, moment)
        changes: dict[str, Any] = {"end": None, "end_precision": "instant"}
        if not fresh.length_corrected:
            changes["length_minutes"] = None
        return changes

    return run(
        encounter,
        "reopen",
        by=by,
        version=version,
        plan=plan,
        reason=reason,
        confirmed_second=confirmed_second,
    )


def _remember_end(fresh: Encounter, now: dt.datetime) -> None:
    """An import without a history: what is known is that it has been finished since its end."""
    has_open = StatusPeriod.objects.filter(encounter=fresh, end=None, withdrawn_at=None).exists()
    if fresh.end is not None and fresh.end <= now and not has_open:
        StatusPeriod.objects.create(
            encounter=fresh,
            status=Status.FINISHED,
            start=fresh.end,
            start_precision=fresh.end_precision,
            source=fresh.source,
        )


def clarify(
    encounter: Encounter,
    *,
    by: Any,
    to: str,
    reason: str,
    version: int | None = None,
    **fields: Any,
) -> Encounter:
    """Say what an imported visit of unknown status is, with a reason; nothing is invented.

    `fields` may set start, end, cancel_reason, error_about and error_reason with it.
    """
    verb = VERBS["clarify"]
    require(by, verb.permission)
    reason = require_reason(reason)
    if to not in verb.targets:
        raise ValidationError({"to": _("Choose a status.")})
    times = [fields.get(name, getattr(encounter, name)) for name in ("start", "end")]
    if None not in times and times[0] > times[1]:
        raise ValidationError({"end": _("Give an end after the start.")})
    with transaction.atomic():
        fresh, _periods, done = take(encounter, verb, by=by, version=version)
        if done:
            return fresh
        return move(
            fresh,
            to=to,
            by=by,
            act="encounter.clarify",
            allowed=verb.sources,
            changes=fields,
            reason=reason,
        )
